//! The ten shelves a patient sorts records onto: categories are also what a grant may be scoped to.

use std::fmt;

/// What a record is about. A stored format: codes never change their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// X-ray, CT, MRI, ultrasound and their reports.
    Imaging,
    /// Blood, urine and tissue results.
    Laboratory,
    /// Consultation, progress and referral notes, and summaries of care.
    VisitNotes,
    /// Admission and discharge.
    HospitalStays,
    /// Prescriptions and medication lists.
    Medications,
    /// Vaccinations.
    Immunisations,
    /// Blood pressure, pulse, weight, glucose and the like.
    VitalSigns,
    /// Operations, endoscopies, ECGs and other things done.
    Procedures,
    /// Insurance, bills, consents, advance care plans, powers of attorney.
    InsuranceAndLegal,
    /// Everything else.
    Other,
}

impl Category {
    /// All categories, in the order in which they are shown.
    pub const ALL: [Self; 10] = [
        Self::Imaging,
        Self::Laboratory,
        Self::VisitNotes,
        Self::HospitalStays,
        Self::Medications,
        Self::Immunisations,
        Self::VitalSigns,
        Self::Procedures,
        Self::InsuranceAndLegal,
        Self::Other,
    ];

    /// The stored code, 1 to 10.
    pub const fn code(self) -> u8 {
        match self {
            Self::Imaging => 1,
            Self::Laboratory => 2,
            Self::VisitNotes => 3,
            Self::HospitalStays => 4,
            Self::Medications => 5,
            Self::Immunisations => 6,
            Self::VitalSigns => 7,
            Self::Procedures => 8,
            Self::InsuranceAndLegal => 9,
            Self::Other => 10,
        }
    }

    /// The category with this stored code.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.code() == code)
    }

    /// The name a person reads.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Imaging => "Imaging",
            Self::Laboratory => "Laboratory",
            Self::VisitNotes => "Visit notes",
            Self::HospitalStays => "Hospital stays",
            Self::Medications => "Medications",
            Self::Immunisations => "Immunisations",
            Self::VitalSigns => "Vital signs",
            Self::Procedures => "Procedures",
            Self::InsuranceAndLegal => "Insurance and legal",
            Self::Other => "Other",
        }
    }

    /// The name in an address bar or a command line. It never leaves the device inside a request.
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Imaging => "imaging",
            Self::Laboratory => "laboratory",
            Self::VisitNotes => "visit-notes",
            Self::HospitalStays => "hospital-stays",
            Self::Medications => "medications",
            Self::Immunisations => "immunisations",
            Self::VitalSigns => "vital-signs",
            Self::Procedures => "procedures",
            Self::InsuranceAndLegal => "insurance-and-legal",
            Self::Other => "other",
        }
    }

    /// The category with this slug.
    pub fn from_slug(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.slug() == slug)
    }
}

impl fmt::Display for Category {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.label())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn codes_and_slugs_are_frozen() {
        let table: Vec<String> = Category::ALL
            .into_iter()
            .map(|category| format!("{} {} {}", category.code(), category.slug(), category.label()))
            .collect();
        assert_eq!(
            table,
            [
                "1 imaging Imaging",
                "2 laboratory Laboratory",
                "3 visit-notes Visit notes",
                "4 hospital-stays Hospital stays",
                "5 medications Medications",
                "6 immunisations Immunisations",
                "7 vital-signs Vital signs",
                "8 procedures Procedures",
                "9 insurance-and-legal Insurance and legal",
                "10 other Other",
            ]
        );
    }

    #[test]
    fn codes_and_slugs_round_trip_and_strangers_are_refused() {
        for category in Category::ALL {
            assert_eq!(Category::from_code(category.code()), Some(category));
            assert_eq!(Category::from_slug(category.slug()), Some(category));
        }
        assert_eq!(Category::from_code(0), None);
        assert_eq!(Category::from_code(11), None);
        assert_eq!(Category::from_slug("Visit notes"), None);
    }
}
