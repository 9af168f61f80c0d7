//! LOINC codes of document types, and the category that each belongs to (HL7 C-CDA R2.1, 1.1; LOINC document ontology).

use crate::category::Category;

pub(super) fn category(code: &str) -> Option<Category> {
    Some(match code {
        // Discharge summary, hospital admission, emergency department, hospital course.
        "18842-5" | "11490-0" | "28655-9" | "34105-7" | "34106-5" | "34745-0" | "34133-1" | "34111-5" | "8648-8"
        | "68552-9" => Category::HospitalStays,
        // Laboratory and pathology reports.
        "11502-2" | "26436-6" | "11526-1" | "18719-5" | "18725-2" | "18723-7" => Category::Laboratory,
        // Imaging reports.
        "18748-4" | "68604-8" | "18747-6" | "18755-9" | "18760-9" | "24606-6" | "25061-3" => Category::Imaging,
        // Operative, procedure, anaesthesia, endoscopy, ECG.
        "11504-8" | "28570-0" | "11505-5" | "59282-4" | "18745-0" | "18751-8" | "18753-4" | "34137-0" | "11524-6" => {
            Category::Procedures
        }
        // Medication list, prescription, dispensation.
        "10160-0" | "56445-0" | "57833-6" | "60593-1" | "57828-6" | "80565-5" | "18776-5" => Category::Medications,
        "11369-6" | "82593-5" | "87273-9" => Category::Immunisations,
        "8716-3" => Category::VitalSigns,
        // Advance directives, personal advance care plan, consents, living will, power of attorney, insurance.
        "42348-3" | "81334-5" | "59284-0" | "57016-8" | "57017-6" | "64298-3" | "75320-2" | "64293-4" | "48768-6" => {
            Category::InsuranceAndLegal
        }
        // Summaries of care, patient summary, progress, consultation, referral, history and physical, care plan, transfer, letters.
        "34133-9" | "60591-5" | "11506-3" | "11488-4" | "57133-1" | "34117-2" | "52521-2" | "18761-7" | "34109-9"
        | "51845-6" | "34140-4" | "18733-6" | "34108-1" | "57053-1" | "51852-2" | "28568-4" | "34099-2" | "52797-8" => {
            Category::VisitNotes
        }
        _ => return None,
    })
}
