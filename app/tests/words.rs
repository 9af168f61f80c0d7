//! Every message is in plain terms and short sentences: the list is on the style page.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};

use app::ui::{LONGEST, TERMS};

/// The string literals of a source, without comments and tests.
fn literals(source: &str) -> Vec<String> {
    let source = source.split("#[cfg(test)]").next().unwrap_or_default();
    let source = source.split("#[cfg(all(test").next().unwrap_or_default();
    let mut found = Vec::new();
    let code = source.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut rest = code.chars();
    while let Some(next) = rest.next() {
        match next {
            // A character: none of ours begins a string.
            '\'' if rest.as_str().starts_with("\"'") || rest.as_str().starts_with("\\\"'") => {
                rest.by_ref().find(|end| *end == '\'');
            }
            '"' => {
                let mut literal = String::new();
                while let Some(letter) = rest.next() {
                    match letter {
                        '"' => break,
                        '\\' => match rest.next() {
                            Some('\n') => rest = rest.as_str().trim_start().chars(),
                            Some('n') => literal.push('\n'),
                            Some(escaped) => literal.push(escaped),
                            None => break,
                        },
                        _ => literal.push(letter),
                    }
                }
                found.push(literal);
            }
            _ => {}
        }
    }
    found
}

/// Whether a literal is something that a person reads, as far as that can be seen: words that begin like a sentence.
fn is_message(literal: &str) -> bool {
    let first = literal.trim_start().chars().next();
    literal.trim().contains(' ') && first.is_some_and(|first| first.is_uppercase() || matches!(first, '{' | '“'))
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// What pages, the worker's troubles and mail say, with where it is said.
fn messages() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = vec![root.join("server/src/mail/words.rs")];
    for folder in ["app/src/pages", "frontend/src/worker"] {
        sources(&root.join(folder), &mut files);
    }
    let mut all = Vec::new();
    for file in files {
        let name = file.strip_prefix(root).unwrap().display().to_string();
        let said = literals(&fs::read_to_string(&file).unwrap());
        all.extend(said.into_iter().filter(|literal| is_message(literal)).map(|literal| (name.clone(), literal)));
    }
    all
}

/// Whether a word of the message begins so.
fn says(message: &str, term: &str) -> bool {
    let lower = message.to_lowercase();
    let within_a_word = |at| lower.get(..at).is_some_and(|before| before.ends_with(char::is_alphanumeric));
    lower.match_indices(term).any(|(at, _)| !within_a_word(at))
}

#[test]
fn messages_are_found_where_they_are() {
    let source = "// \"A comment is none.\"\nlet a = \"row still\"; f('\"'); g(\"One \\\n    line.\"); h(\"{name} opened it\");\n#[cfg(test)] \"A test\"";
    let found: Vec<_> = literals(source).into_iter().filter(|literal| is_message(literal)).collect();
    assert_eq!(found, ["One line.", "{name} opened it"]);
    assert!(messages().len() > 300, "{} messages", messages().len());
    assert!(says("It was Encrypted.", "encrypt") && !says("A synagogue", "gogue"));
}

#[test]
fn every_message_is_in_plain_terms() {
    let mut wrong = Vec::new();
    for (place, message) in messages() {
        for (say, never) in TERMS {
            for term in never.iter().filter(|term| says(&message, term)) {
                wrong.push(format!("{place}: \"{message}\" says \"{term}\": say \"{say}\""));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_sentence_is_short() {
    let mut wrong = Vec::new();
    for (place, message) in messages() {
        for sentence in message.split(['.', '!', '?', ':', ';']) {
            let words = sentence.split_whitespace().count();
            if words > LONGEST {
                wrong.push(format!("{place}: {words} words: \"{}\"", sentence.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
