//! The demo's records, made here: letters and results as text and PDF, and a drawn CT slice as DICOM.

/// File name, content and notes of each.
pub(crate) fn records() -> Vec<(String, Vec<u8>, &'static str)> {
    let text = |name: &str, content: &str| (name.to_owned(), content.as_bytes().to_vec());
    let with = |(name, content): (String, Vec<u8>), notes| (name, content, notes);
    vec![
        with(("CT chest 2026-11-12.dcm".to_owned(), ct_slice()), "For the visit on 24 November."),
        with(("Blood count 2026-11-03.pdf".to_owned(), pdf("Blood count and lipids", LABORATORY)), ""),
        with(text("Kidney function lab 2026-05-12.txt", KIDNEY), ""),
        with(("Cardiology visit note 2026-10-28.pdf".to_owned(), pdf("Cardiology visit", VISIT)), ""),
        with(text("Prescription lisinopril 2026-10-28.txt", PRESCRIPTION), "One in the morning."),
        with(text("Vaccination record 2025-09-30.txt", VACCINATION), ""),
        with(("Discharge letter 2024-02-19.pdf".to_owned(), pdf("Discharge letter", DISCHARGE)), ""),
    ]
}

const LABORATORY: &str = "Labor Nord, 3 November 2026\n\nHaemoglobin        13.9 g/dL     12.0 - 15.5\nLeukocytes         6.1 10*9/L    3.9 - 10.2\nPlatelets          251 10*9/L    150 - 370\nPotassium          4.2 mmol/L    3.5 - 5.1\nCreatinine         0.84 mg/dL    0.51 - 0.95\nLDL cholesterol    118 mg/dL     below 116\nHDL cholesterol    61 mg/dL      above 45\nHbA1c              5.6 %         below 5.7";
const KIDNEY: &str = "Labor Nord, 12 May 2026\n\nPotassium 4.9 mmol/L (3.5 - 5.1)\nSodium 140 mmol/L (136 - 145)\nCreatinine 0.88 mg/dL (0.51 - 0.95)\neGFR 78 mL/min/1.73 m2\n";
const VISIT: &str = "St. Anna Hospital, Cardiology, 28 October 2026\n\nReason: blood pressure at home above 140 on several days.\nExamination: 138/86 mmHg, pulse 72 and regular, heart sounds clear.\nElectrocardiogram: sinus rhythm, no changes since 2024.\n\nPlan: lisinopril 10 mg in the morning. Blood pressure at home twice\na day for two weeks. Keep an eye on potassium with the new tablet.\nCT of the chest because of the cough since September.\n\nDr Kenji Ito";
const PRESCRIPTION: &str = "Prescription, 28 October 2026\n\nLisinopril 10 mg tablets, 98 pieces\nOne tablet in the morning\n\nDr Kenji Ito, Cardiology, St. Anna Hospital\n";
const VACCINATION: &str = "Vaccination record\n\n2025-09-30  Influenza, seasonal\n2024-10-08  Influenza, seasonal\n2023-06-14  Tetanus, diphtheria, pertussis\n2021-05-20  COVID-19, second dose\n";
const DISCHARGE: &str = "St. Anna Hospital, 19 February 2024\n\nAdmitted on 14 February 2024 with pneumonia of the right lower lobe.\nTreated with amoxicillin and clavulanic acid for seven days.\nFever gone since 16 February, C-reactive protein 12 mg/L at discharge.\n\nPlease check the chest in six weeks.";

/// A one-page PDF with a title and lines of text (ISO 32000-1).
fn pdf(title: &str, body: &str) -> Vec<u8> {
    let escape = |line: &str| line.replace('\\', "\\\\").replace('(', "\\(").replace(')', "\\)");
    let mut content = format!("BT /F1 20 Tf 64 770 Td ({}) Tj ET\nBT /F2 11 Tf 64 730 Td 16 TL\n", escape(title));
    for line in body.lines() {
        content += &format!("({}) Tj T*\n", escape(line));
    }
    content += "ET\n";
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 6 0 R /Resources << /Font << /F1 4 0 R /F2 5 0 R >> >> >>".to_owned(),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold >>".to_owned(),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>".to_owned(),
        format!("<< /Length {} >>\nstream\n{content}endstream", content.len()),
        format!("<< /Title ({}) >>", escape(title)),
    ];
    let mut file = String::from("%PDF-1.4\n");
    let mut offsets = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        offsets.push(file.len());
        file += &format!("{} 0 obj\n{object}\nendobj\n", index + 1);
    }
    let start = file.len();
    file += &format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for offset in offsets {
        file += &format!("{offset:010} 00000 n \n");
    }
    file += &format!("trailer\n<< /Size {} /Root 1 0 R /Info 7 0 R >>\nstartxref\n{start}\n%%EOF\n", objects.len() + 1);
    file.into_bytes()
}

/// Columns and rows of the drawn slice.
const SIDE: u16 = 256;

/// A chest, drawn from ellipses in Hounsfield units, as a CT image (DICOM PS3.10, explicit VR little endian).
fn ct_slice() -> Vec<u8> {
    let mut file = vec![0; 128];
    file.extend_from_slice(b"DICM");
    let mut meta = Vec::new();
    element(&mut meta, (0x0002, 0x0002), *b"UI", b"1.2.840.10008.5.1.4.1.1.2");
    element(&mut meta, (0x0002, 0x0003), *b"UI", b"2.25.20261112001");
    element(&mut meta, (0x0002, 0x0010), *b"UI", b"1.2.840.10008.1.2.1");
    let length = u32::try_from(meta.len()).unwrap_or(0);
    element(&mut file, (0x0002, 0x0000), *b"UL", &length.to_le_bytes());
    file.extend(meta);
    element(&mut file, (0x0008, 0x0016), *b"UI", b"1.2.840.10008.5.1.4.1.1.2");
    element(&mut file, (0x0008, 0x0018), *b"UI", b"2.25.20261112001");
    element(&mut file, (0x0008, 0x0020), *b"DA", b"20261112");
    element(&mut file, (0x0008, 0x0060), *b"CS", b"CT");
    element(&mut file, (0x0008, 0x0080), *b"LO", b"St. Anna Hospital");
    element(&mut file, (0x0010, 0x0010), *b"PN", b"Sorensen^Maya");
    element(&mut file, (0x0018, 0x0015), *b"CS", b"CHEST");
    element(&mut file, (0x0028, 0x0002), *b"US", &1_u16.to_le_bytes());
    element(&mut file, (0x0028, 0x0004), *b"CS", b"MONOCHROME2");
    element(&mut file, (0x0028, 0x0010), *b"US", &SIDE.to_le_bytes());
    element(&mut file, (0x0028, 0x0011), *b"US", &SIDE.to_le_bytes());
    element(&mut file, (0x0028, 0x0100), *b"US", &16_u16.to_le_bytes());
    element(&mut file, (0x0028, 0x0101), *b"US", &16_u16.to_le_bytes());
    element(&mut file, (0x0028, 0x0102), *b"US", &15_u16.to_le_bytes());
    element(&mut file, (0x0028, 0x0103), *b"US", &1_u16.to_le_bytes());
    element(&mut file, (0x0028, 0x1050), *b"DS", b"-200");
    element(&mut file, (0x0028, 0x1051), *b"DS", b"1600");
    let pixels: Vec<u8> =
        (0..SIDE).flat_map(|row| (0..SIDE).flat_map(move |column| hounsfield(column, row).to_le_bytes())).collect();
    element(&mut file, (0x7FE0, 0x0010), *b"OW", &pixels);
    file
}

/// Appends an element, padded to an even length.
fn element(to: &mut Vec<u8>, (group, number): (u16, u16), representation: [u8; 2], value: &[u8]) {
    to.extend(group.to_le_bytes());
    to.extend(number.to_le_bytes());
    to.extend(representation);
    let padded = value.len() + value.len() % 2;
    if representation == *b"OW" {
        to.extend([0, 0]);
        to.extend(u32::try_from(padded).unwrap_or(0).to_le_bytes());
    } else {
        to.extend(u16::try_from(padded).unwrap_or(0).to_le_bytes());
    }
    to.extend_from_slice(value);
    if padded > value.len() {
        to.push(if representation == *b"UI" { 0 } else { b' ' });
    }
}

/// The drawing: body, lungs with vessels, heart, spine, aorta.
fn hounsfield(column: u16, row: u16) -> i16 {
    let (x, y) = (f32::from(column) / f32::from(SIDE) * 2.0 - 1.0, f32::from(row) / f32::from(SIDE) * 2.0 - 1.0);
    let inside = |cx: f32, cy: f32, rx: f32, ry: f32| ((x - cx) / rx).powi(2) + ((y - cy) / ry).powi(2) < 1.0;
    let vessels = (x * 41.0).sin() * (y * 37.0).cos() + (x * 23.0 + y * 29.0).sin() * 0.6 > 1.25;
    match () {
        () if !inside(0.0, 0.05, 0.88, 0.66) => -1000,
        () if inside(0.0, 0.44, 0.11, 0.13) => 420,
        () if inside(0.09, 0.28, 0.065, 0.065) => 190,
        () if inside(-0.06, -0.08, 0.24, 0.25) => 120,
        () if inside(-0.45, 0.05, 0.29, 0.42) || inside(0.45, 0.05, 0.29, 0.42) => {
            if vessels {
                -520
            } else {
                -840
            }
        }
        () if !inside(0.0, 0.05, 0.82, 0.60) => -95,
        () => 45,
    }
}

#[cfg(test)]
mod tests {
    use records::Kind;

    use super::*;

    #[test]
    fn every_demo_record_is_what_it_says() {
        let seen: Vec<String> = records()
            .into_iter()
            .map(|(name, content, _)| {
                let draft = client::draft::examine(&name, &content, content.len() as u64, 0);
                let metadata = draft.metadata;
                format!(
                    "{:?} {} {} {}",
                    metadata.kind,
                    metadata.category.slug(),
                    metadata.date.unwrap(),
                    metadata.title
                )
            })
            .collect();
        assert_eq!(
            seen,
            [
                "Dicom imaging 2026-11-12 CT of the chest",
                "Pdf laboratory 2026-11-03 Blood count and lipids",
                "Text laboratory 2026-05-12 Kidney function lab",
                "Pdf visit-notes 2026-10-28 Cardiology visit",
                "Text medications 2026-10-28 Prescription lisinopril",
                "Text immunisations 2025-09-30 Vaccination record",
                "Pdf hospital-stays 2024-02-19 Discharge letter",
            ]
        );
        assert_eq!(records::dicom::first_frame(&ct_slice()).unwrap().width, u32::from(SIDE));
        assert_eq!(Kind::detect("x", &ct_slice()), Kind::Dicom);
    }
}
