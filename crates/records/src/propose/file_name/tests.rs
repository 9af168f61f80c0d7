//! File names as people, scanners and phones write them.

use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn line(name: &str) -> String {
    let named = read(name);
    format!(
        "{} | {} | {}",
        named.title.unwrap_or_else(|| "-".to_owned()),
        named.category.map_or("-", Category::slug),
        named.date.map_or_else(|| "-".to_owned(), |date| date.to_string())
    )
}

#[test]
fn names_give_title_category_and_date() {
    let table = [
        ("2024-03-07_blood-test results.pdf", "Blood test results | laboratory | 2024-03-07"),
        ("MRI knee left 07.03.2024.pdf", "MRI knee left | imaging | 2024-03-07"),
        ("20240307 Discharge Summary.pdf", "Discharge Summary | hospital-stays | 2024-03-07"),
        ("Power of Attorney (signed).pdf", "Power of Attorney (signed) | insurance-and-legal | -"),
        ("covid_vaccination_card.jpg", "Covid vaccination card | immunisations | -"),
        ("ChestX-Ray.png", "ChestX Ray | imaging | -"),
        ("X-ray hand.jpeg", "X ray hand | imaging | -"),
        ("blood pressure log.csv", "Blood pressure log | vital-signs | -"),
        ("Prescription_Metformin.pdf", "Prescription Metformin | medications | -"),
        ("Röntgen Thorax.pdf", "Röntgen Thorax | imaging | -"),
        ("Impfpass.pdf", "Impfpass | immunisations | -"),
        ("Entlassungsbrief 01.02.2023.pdf", "Entlassungsbrief | hospital-stays | 2023-02-01"),
        ("Überweisung.pdf", "Überweisung | visit-notes | -"),
        ("receta médica.pdf", "Receta médica | medications | -"),
        ("análisis de sangre.pdf", "Análisis de sangre | laboratory | -"),
        ("ordonnance.pdf", "Ordonnance | medications | -"),
        ("prise_de_sang.pdf", "Prise de sang | laboratory | -"),
        ("IMG_20240307_101112.jpg", "- | - | 2024-03-07"),
        ("DSC00012.JPG", "- | - | -"),
        ("scan0001.pdf", "- | - | -"),
        ("1f0c9b2e-77aa-4c11-9d9e-0123456789ab.pdf", "- | - | -"),
        ("202403071234.pdf", "- | - | -"),
        ("C:\\Users\\Me\\Letter from Dr Ito.docx", "Letter from Dr Ito | visit-notes | -"),
        ("../../etc/passwd", "Passwd | - | -"),
        ("Report 31.02.2024.pdf", "Report 31 02 2024 | - | -"),
        ("03-25-2024 visit.pdf", "Visit | visit-notes | 2024-03-25"),
        ("invoice\u{202E}fdp.exe", "Invoicefdp | insurance-and-legal | -"),
        ("collaboration.txt", "Collaboration | - | -"),
        ("...", "- | - | -"),
        ("", "- | - | -"),
        ("年次健診.pdf", "年次健診 | - | -"),
    ];
    let wrong: Vec<String> = table
        .iter()
        .filter(|(name, expected)| line(name) != *expected)
        .map(|(name, expected)| format!("{name:?}: expected {expected}, was {}", line(name)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
