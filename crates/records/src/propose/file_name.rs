//! What a file name tells: a title, a day, and by its words a category. English first, some German, Spanish and French.

use super::{Date, clean};
use crate::category::Category;

/// What was read from a name.
pub(super) struct Named {
    pub(super) title: Option<String>,
    pub(super) category: Option<Category>,
    pub(super) date: Option<Date>,
}

pub(super) fn read(name: &str) -> Named {
    let stem = stem(name);
    let found = date_in(stem);
    let undated = match found {
        Some((date, start, end)) => {
            let before = stem.get(..start).unwrap_or_default();
            let after = stem.get(end..).unwrap_or_default();
            (Some(date), format!("{before} {after}"))
        }
        None => (None, stem.to_owned()),
    };
    let (date, rest) = undated;
    Named { title: title(&rest), category: category_of(stem), date }
}

/// The name without folders and without its ending.
fn stem(name: &str) -> &str {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    match file.rsplit_once('.') {
        Some((stem, ending))
            if !stem.is_empty()
                && (1..=8).contains(&ending.len())
                && ending.chars().all(|letter| letter.is_ascii_alphanumeric())
                && ending.chars().any(|letter| letter.is_ascii_alphabetic()) =>
        {
            stem
        }
        _ => file,
    }
}

fn title(rest: &str) -> Option<String> {
    let spaced: String =
        rest.chars().map(|letter| if matches!(letter, '_' | '+' | '.') { ' ' } else { letter }).collect();
    let spaced = spaced.replace("%20", " ");
    // A hyphen between words joins file names, not thoughts; with spaces around it, it stays.
    let words: Vec<String> = spaced
        .split_whitespace()
        .map(|word| if word.chars().any(char::is_alphanumeric) { word.replace('-', " ") } else { word.to_owned() })
        .collect();
    let joined = words.join(" ");
    let line = clean(
        joined.trim_matches(|letter: char| letter.is_whitespace() || matches!(letter, '-' | '–' | ',' | '(' | '[')),
    )?;
    if is_meaningless(&line) {
        return None;
    }
    let mut letters = line.chars();
    let first = letters.next()?;
    Some(first.to_uppercase().chain(letters).collect())
}

/// Names that cameras, scanners and computers give.
fn is_meaningless(line: &str) -> bool {
    let lower = line.to_lowercase();
    let words: Vec<&str> =
        lower.split(|letter: char| !letter.is_alphabetic()).filter(|word| !word.is_empty()).collect();
    let by_machine = |word: &&str| {
        matches!(
            *word,
            "img"
                | "image"
                | "images"
                | "dsc"
                | "dscn"
                | "dscf"
                | "pxl"
                | "mvimg"
                | "photo"
                | "picture"
                | "screenshot"
                | "scan"
                | "scanned"
                | "document"
                | "doc"
                | "file"
                | "untitled"
                | "unnamed"
                | "download"
                | "attachment"
                | "export"
                | "copy"
                | "of"
                | "new"
                | "whatsapp"
                | "at"
                | "am"
                | "pm"
                | "wa"
                | "bild"
                | "foto"
                | "dokument"
                | "imagen"
                | "documento"
                | "mp"
        )
    };
    // Numbers, hashes and UUIDs: no word of three letters that has a vowel.
    words.iter().all(by_machine) || (is_code(line) && !words.iter().any(|word| word.len() > 8))
}

fn is_code(line: &str) -> bool {
    let digits = line.chars().filter(char::is_ascii_digit).count();
    let hex = line.chars().all(|letter| letter.is_ascii_hexdigit() || letter == ' ');
    hex && digits >= 4
}

/// The first day written in a name, with the range of bytes where it stands.
fn date_in(stem: &str) -> Option<(Date, usize, usize)> {
    let bytes = stem.as_bytes();
    (0..bytes.len()).find_map(|start| {
        // Not in the middle of a longer number.
        let previous = start.checked_sub(1).and_then(|index| bytes.get(index));
        if previous.is_some_and(u8::is_ascii_digit) {
            return None;
        }
        let rest = bytes.get(start..)?;
        let (date, length) = date_at(rest)?;
        if rest.get(length).is_some_and(u8::is_ascii_digit) || !(1900..=2100).contains(&date.year()) {
            return None;
        }
        Some((date, start, start + length))
    })
}

fn date_at(rest: &[u8]) -> Option<(Date, usize)> {
    let number = |range: std::ops::Range<usize>| -> Option<u16> {
        rest.get(range)?
            .iter()
            .try_fold(0_u16, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + u16::from(digit - b'0')))
    };
    let is = |index: usize, marks: &[u8]| rest.get(index).is_some_and(|byte| marks.contains(byte));
    let date = |year: Option<u16>, month: Option<u16>, day: Option<u16>| {
        Date::new(year?, u8::try_from(month?).ok()?, u8::try_from(day?).ok()?)
    };
    // 2024-03-07, 2024_03_07, 2024.03.07
    if is(4, b"-_. ") && rest.get(4) == rest.get(7) {
        return Some((date(number(0..4), number(5..7), number(8..10))?, 10));
    }
    // 07.03.2024 and 07-03-2024: day first, as in most of the world; month first only where nothing else is possible.
    if is(2, b"-_.") && rest.get(2) == rest.get(5) {
        let (first, second, year) = (number(0..2), number(3..5), number(6..10));
        return Some((date(year, second, first).or_else(|| date(year, first, second))?, 10));
    }
    // 20240307
    Some((date(number(0..4), number(4..6), number(6..8))?, 8))
}

/// The category that the words of a name or title speak for.
pub(super) fn category_of(text: &str) -> Option<Category> {
    let folded = format!(" {} ", fold(text));
    KEYWORDS
        .iter()
        .find_map(|(category, keywords)| keywords.iter().any(|keyword| has_word(&folded, keyword)).then_some(*category))
}

/// `word` stands for itself, `word*` for all that begins with it. Words are parted by single spaces.
fn has_word(folded: &str, keyword: &str) -> bool {
    match keyword.strip_suffix('*') {
        Some(beginning) => folded
            .match_indices(beginning)
            .any(|(index, _)| index > 0 && folded.as_bytes().get(index - 1) == Some(&b' ')),
        None => folded.match_indices(keyword).any(|(index, _)| {
            let before = index.checked_sub(1).and_then(|index| folded.as_bytes().get(index));
            before == Some(&b' ') && folded.as_bytes().get(index + keyword.len()) == Some(&b' ')
        }),
    }
}

/// Small letters without accents, words parted by single spaces, also at `camelCase`.
fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut after_small = false;
    for letter in text.chars() {
        if letter.is_uppercase() && after_small {
            folded.push(' ');
        }
        after_small = letter.is_lowercase();
        for small in letter.to_lowercase() {
            match small {
                'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => folded.push('a'),
                'ç' => folded.push('c'),
                'è' | 'é' | 'ê' | 'ë' => folded.push('e'),
                'ì' | 'í' | 'î' | 'ï' => folded.push('i'),
                'ñ' => folded.push('n'),
                'ò' | 'ó' | 'ô' | 'õ' | 'ö' => folded.push('o'),
                'ù' | 'ú' | 'û' | 'ü' => folded.push('u'),
                'ß' => folded.push_str("ss"),
                // An accent that stands behind its letter, as macOS writes file names.
                '\u{300}'..='\u{36F}' => {}
                other if other.is_alphanumeric() => folded.push(other),
                _ => folded.push(' '),
            }
        }
    }
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// In order: the more telling words come first ("discharge medication list" is about a hospital stay).
const KEYWORDS: &[(Category, &[&str])] = &[
    (
        Category::InsuranceAndLegal,
        &[
            "insurance",
            "insurer",
            "claim",
            "claims",
            "invoice",
            "bill",
            "billing",
            "receipt",
            "power of attorney",
            "poa",
            "living will",
            "advance directive*",
            "advance care",
            "adv care plan",
            "consent*",
            "coverage",
            "eob",
            "explanation of benefits",
            "legal",
            "court",
            "medicare",
            "medicaid",
            "versicherung*",
            "krankenkasse*",
            "rechnung*",
            "vollmacht*",
            "vorsorgevollmacht",
            "patientenverfugung*",
            "einwilligung*",
            "seguro",
            "factura",
            "poder notarial",
            "voluntades anticipadas",
            "consentimiento*",
            "assurance",
            "mutuelle",
            "facture",
            "procuration",
            "directives anticipees",
            "consentement*",
        ],
    ),
    (
        Category::Immunisations,
        &["vaccin*", "immuni*", "jab", "flu shot", "booster", "impf*", "vacuna*", "carnet de vaccination"],
    ),
    (
        Category::HospitalStays,
        &[
            "discharge",
            "admission",
            "admitted",
            "hospital stay",
            "inpatient",
            "emergency room",
            "emergency department",
            "entlass*",
            "krankenhaus*",
            "klinikaufenthalt",
            "aufnahmebericht",
            "alta hospitalaria",
            "informe de alta",
            "ingreso*",
            "urgencias",
            "sortie d hopital",
            "compte rendu d hospitalisation",
            "hospitalisation",
            "hospitalizacion",
        ],
    ),
    (
        Category::Imaging,
        &[
            "mri",
            "mrt",
            "ct",
            "cat scan",
            "ct scan",
            "x ray*",
            "xray*",
            "ultrasound",
            "sonogra*",
            "mammogra*",
            "radiolog*",
            "pet scan",
            "pet ct",
            "dexa",
            "imaging",
            "roentgen",
            "rontgen*",
            "ultraschall*",
            "irm",
            "scanner",
            "radiograph*",
            "radiografia*",
            "radiographie*",
            "echographie*",
            "ecografia*",
            "resonancia*",
            "tomogra*",
            "tac",
            "angiogra*",
            "dicom",
        ],
    ),
    (
        Category::VitalSigns,
        &[
            "blood pressure",
            "vitals",
            "vital signs",
            "weight log",
            "heart rate",
            "pulse",
            "glucose log",
            "blutdruck*",
            "gewicht*",
            "tension arterial",
            "signos vitales",
            "tension arterielle",
            "apple health",
            "spo2",
        ],
    ),
    (
        Category::Laboratory,
        &[
            "lab",
            "labs",
            "laborator*",
            "labor*",
            "blood test*",
            "bloodwork",
            "blood work",
            "blood",
            "cbc",
            "hba1c",
            "lipid*",
            "cholesterol",
            "urine",
            "urinalysis",
            "pathology",
            "biopsy",
            "biopsie*",
            "culture",
            "blut*",
            "befund labor",
            "urin",
            "analitica*",
            "analisis",
            "sangre",
            "orina",
            "analyse*",
            "prise de sang",
            "sang",
            "bilan sanguin",
            "biologie",
        ],
    ),
    (
        Category::Medications,
        &[
            "prescription*",
            "medication*",
            "medicine*",
            "meds",
            "pharmacy",
            "drug list",
            "rx",
            "rezept*",
            "medikament*",
            "medikationsplan",
            "receta*",
            "medicamento*",
            "medicacion",
            "ordonnance*",
            "medicament*",
            "traitement*",
        ],
    ),
    (
        Category::Procedures,
        &[
            "surgery",
            "surgical",
            "operation",
            "operative",
            "op report",
            "procedure",
            "colonoscop*",
            "endoscop*",
            "gastroscop*",
            "ecg",
            "ekg",
            "anesthesia",
            "anaesthesia",
            "koloskop*",
            "darmspiegelung",
            "op bericht",
            "eingriff*",
            "cirugia*",
            "operacion",
            "chirurgie*",
            "intervention",
            "coloscopie",
        ],
    ),
    (
        Category::VisitNotes,
        &[
            "visit",
            "consult*",
            "progress note*",
            "clinic note*",
            "doctor s note",
            "referral",
            "appointment",
            "letter",
            "summary",
            "ccd",
            "ccda",
            "arztbrief*",
            "uberweisung*",
            "befund*",
            "bericht",
            "termin*",
            "konsultation",
            "consulta",
            "informe",
            "derivacion",
            "cita",
            "consultation",
            "courrier",
            "compte rendu",
            "lettre",
        ],
    ),
];

#[cfg(test)]
mod tests;
