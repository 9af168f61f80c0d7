//! DICOM's code words in the words of a patient (DICOM PS3.3, C.7.3.1.1.1; PS3.16, annex L).

use crate::category::Category;

/// What a modality code means.
pub(crate) struct Modality {
    /// As a heading of its own: "CT scan".
    pub(crate) alone: &'static str,
    /// Before "of the chest": "CT".
    pub(crate) of: &'static str,
    pub(crate) category: Category,
}

pub(crate) fn modality(code: &str) -> Option<Modality> {
    let (alone, of, category) = match code {
        "CT" => ("CT scan", "CT", Category::Imaging),
        "MR" => ("MRI scan", "MRI", Category::Imaging),
        "CR" | "DX" | "RG" | "XR" => ("X-ray", "X-ray", Category::Imaging),
        "US" => ("Ultrasound", "Ultrasound", Category::Imaging),
        "IVUS" => ("Ultrasound of a blood vessel", "Ultrasound", Category::Imaging),
        "MG" => ("Mammogram", "Mammogram", Category::Imaging),
        "PT" => ("PET scan", "PET scan", Category::Imaging),
        "NM" => ("Nuclear medicine scan", "Nuclear medicine scan", Category::Imaging),
        "XA" => ("Angiogram", "Angiogram", Category::Imaging),
        "RF" => ("X-ray film (fluoroscopy)", "Fluoroscopy", Category::Imaging),
        "IO" | "PX" => ("Dental X-ray", "Dental X-ray", Category::Imaging),
        "BMD" => ("Bone density scan", "Bone density scan", Category::Imaging),
        "OP" | "OAM" => ("Eye photograph", "Eye photograph", Category::Imaging),
        "OPT" => ("Eye scan (OCT)", "Eye scan (OCT)", Category::Imaging),
        "OCT" => ("Optical scan (OCT)", "Optical scan (OCT)", Category::Imaging),
        "ES" => ("Endoscopy picture", "Endoscopy", Category::Procedures),
        "GM" | "XC" => ("Photograph", "Photograph", Category::Imaging),
        "SM" => ("Microscope picture", "Microscope picture", Category::Laboratory),
        "SR" => ("Scan report", "Scan report", Category::Imaging),
        "DOC" => ("Document", "Document", Category::Other),
        "KO" | "PR" => ("Notes on a scan", "Notes on a scan", Category::Imaging),
        "SEG" | "REG" => ("Markings on a scan", "Markings on a scan", Category::Imaging),
        "RTPLAN" | "RTDOSE" | "RTSTRUCT" | "RTRECORD" | "RTIMAGE" => {
            ("Radiotherapy plan", "Radiotherapy plan", Category::Procedures)
        }
        "ECG" => ("ECG (heart tracing)", "ECG", Category::Procedures),
        "EEG" => ("EEG (brain wave tracing)", "EEG", Category::Procedures),
        "HD" => ("Heart pressure tracing", "Heart pressure tracing", Category::Procedures),
        "OT" | "SC" => ("Scan picture", "Scan picture", Category::Imaging),
        _ => return None,
    };
    Some(Modality { alone, of, category })
}

/// "CHEST" as "the chest". Codes that are not in the list are written small, as they are.
pub(crate) fn body_part(code: &str) -> Option<String> {
    let letters: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    let known = match letters.to_ascii_uppercase().as_str() {
        "" if code.trim().is_empty() => return None,
        "ABDOMEN" => "the abdomen",
        "ABDOMENPELVIS" => "the abdomen and pelvis",
        "ANKLE" => "the ankle",
        "ARM" => "the arm",
        "AORTA" => "the aorta",
        "BRAIN" => "the brain",
        "BREAST" => "the breast",
        "CHEST" | "THORAX" => "the chest",
        "CHESTABDOMEN" => "the chest and abdomen",
        "CHESTABDPELVIS" => "the chest, abdomen and pelvis",
        "CSPINE" => "the neck spine",
        "ELBOW" => "the elbow",
        "EXTREMITY" => "an arm or leg",
        "EYE" => "the eye",
        "FACE" => "the face",
        "FOOT" => "the foot",
        "FOREARM" => "the forearm",
        "HAND" => "the hand",
        "HEAD" => "the head",
        "HEADNECK" => "the head and neck",
        "HEART" => "the heart",
        "HIP" => "the hip",
        "JAW" => "the jaw",
        "KIDNEY" => "the kidney",
        "KNEE" => "the knee",
        "LEG" => "the leg",
        "LIVER" => "the liver",
        "LSPINE" => "the lower spine",
        "LUNG" => "the lung",
        "NECK" => "the neck",
        "PELVIS" => "the pelvis",
        "PROSTATE" => "the prostate",
        "SHOULDER" => "the shoulder",
        "SKULL" => "the skull",
        "SPINE" => "the spine",
        "THIGH" => "the thigh",
        "TSPINE" => "the upper spine",
        "WHOLEBODY" => "the whole body",
        "WRIST" => "the wrist",
        _ => return Some(code.trim().to_lowercase()),
    };
    Some(known.to_owned())
}

/// "R" and "L" as words.
pub(crate) fn laterality(code: &str) -> Option<&'static str> {
    match code {
        "R" => Some("right"),
        "L" => Some("left"),
        "B" => Some("both sides"),
        _ => None,
    }
}

/// A person's name as it is spoken: DICOM writes `Family^Given^Middle^Prefix^Suffix` (PS3.5, 6.2.1).
pub(crate) fn person_name(value: &str) -> String {
    let alphabetic = value.split('=').find(|group| !group.trim_matches(['^', ' ']).is_empty()).unwrap_or_default();
    let parts: Vec<&str> = alphabetic.split('^').map(str::trim).collect();
    let part = |index: usize| parts.get(index).copied().unwrap_or_default();
    let spoken = [part(3), part(1), part(2), part(0), part(4)];
    spoken.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn names_are_spoken_in_order() {
        assert_eq!(person_name("Ito^Keiko^^Dr^MD"), "Dr Keiko Ito MD");
        assert_eq!(person_name("CompressedSamples^CT1"), "CT1 CompressedSamples");
        assert_eq!(person_name("Ito"), "Ito");
        assert_eq!(person_name("Yamada^Tarou=山田^太郎"), "Tarou Yamada");
        assert_eq!(person_name("^^^^"), "");
    }

    #[test]
    fn body_parts_are_words() {
        assert_eq!(body_part("CHEST").as_deref(), Some("the chest"));
        assert_eq!(body_part("WHOLE BODY").as_deref(), Some("the whole body"));
        assert_eq!(body_part("TOE").as_deref(), Some("toe"));
        assert_eq!(body_part(" "), None);
    }
}
