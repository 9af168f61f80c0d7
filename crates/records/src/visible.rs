//! What the eye sees of a text that somebody else wrote.

/// A file's name as it is shown, and as a copy is called: without control characters, and without what turns the
/// direction of writing, by which the end of a name can seem to be another one.
pub fn shown_name(name: &str) -> String {
    name.chars().filter(|letter| !ends_line(*letter) && !is_invisible(*letter)).collect()
}

/// Control characters, and the ends of lines and paragraphs.
pub(crate) fn ends_line(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}')
}

/// Characters that take no room or change the direction of writing (Unicode UAX 9; general category Cf).
pub(crate) fn is_invisible(letter: char) -> bool {
    matches!(letter,
        '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFD}' | '\u{E0000}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_name_is_shown_without_what_turns_it() {
        for mark in
            "\u{061C}\u{200E}\u{200F}\u{202A}\u{202B}\u{202C}\u{202D}\u{202E}\u{2066}\u{2069}\u{FEFF}\n\u{2028}".chars()
        {
            assert_eq!(shown_name(&format!("invoice{mark}fdp.exe")), "invoicefdp.exe", "{mark:?}");
        }
        for plain in ["", "scan 1.pdf", "Röntgen 👩\u{200D}⚕\u{FE0F}.txt", "تحليل.pdf"] {
            assert_eq!(shown_name(plain), plain);
        }
    }
}
