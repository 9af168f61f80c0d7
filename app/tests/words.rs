//! Every message is in plain terms and short sentences: the list is on the style page.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};

use app::ui::{LONGEST, TERMS};
use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// What the errors of a source say.
fn errors_in(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    collect_errors(source.parse().unwrap(), &mut found);
    found
}

fn collect_errors(tokens: TokenStream, found: &mut Vec<String>) {
    let mut is_error = false;
    for token in tokens {
        if let TokenTree::Group(group) = &token {
            if is_error {
                let literals = group.stream().into_iter().filter_map(|token| syn::parse_str(&token.to_string()).ok());
                found.extend(literals.map(|literal: syn::LitStr| literal.value()));
            } else {
                collect_errors(group.stream(), found);
            }
        }
        is_error = token.to_string() == "error";
    }
}

/// What a source says to people, without comments, attributes and tests: literals that begin like a sentence, and
/// whatever stands as text in a view.
fn messages_in(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    collect(source.parse().unwrap(), false, &mut found);
    found
}

fn collect(tokens: TokenStream, is_view: bool, found: &mut Vec<String>) {
    let mut tokens = tokens.into_iter();
    // The last two tokens, as text where they are words or signs.
    let mut before = [String::new(), String::new()];
    while let Some(token) = tokens.next() {
        match &token {
            TokenTree::Punct(sign) if sign.as_char() == '#' => {
                // An attribute: documentation, or that what follows is a test.
                let is_sign = |token: &TokenTree| matches!(token, TokenTree::Punct(_));
                let attribute =
                    tokens.by_ref().find(|token| !is_sign(token)).map(|it| it.to_string()).unwrap_or_default();
                if attribute.contains("test") {
                    let is_body =
                        |token: &TokenTree| matches!(token, TokenTree::Group(it) if it.delimiter() == Delimiter::Brace);
                    drop(tokens.by_ref().find(is_body));
                }
            }
            TokenTree::Group(group) => collect(group.stream(), before == ["view", "!"], found),
            TokenTree::Literal(literal) => {
                if let Ok(literal) = syn::parse_str::<syn::LitStr>(&literal.to_string()) {
                    let text = literal.value();
                    let is_text = is_view && before[1] != "=" && text.chars().any(char::is_alphabetic);
                    if is_text || is_sentence(&text) {
                        found.push(text);
                    }
                }
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
        let text = if matches!(token, TokenTree::Group(_)) { String::new() } else { token.to_string() };
        before = [std::mem::take(&mut before[1]), text];
    }
}

/// Whether a literal begins like a sentence, as far as that can be seen.
fn is_sentence(literal: &str) -> bool {
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

/// What pages, the worker's troubles, mail and the errors below them say, with where it is said.
fn messages() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files =
        ["server/src/mail/words.rs", "server/src/middleware/load.rs", "app/src/shell.rs", "frontend/src/page.rs"]
            .map(|file| root.join(file))
            .to_vec();
    for folder in ["app/src/pages", "app/src/ui", "app/src/api", "frontend/src/worker"] {
        sources(&root.join(folder), &mut files);
    }
    // These show terms that are not used, and parts with words of no page.
    files.retain(|file| !file.ends_with("ui/terms.rs") && !file.ends_with("ui/gallery.rs"));
    let mut below = Vec::new();
    for name in ["client", "protocol", "records", "vault"] {
        sources(&root.join("crates").join(name).join("src"), &mut below);
    }
    // These name what is typed on the command line.
    below.retain(|file| !file.ends_with("protocol/src/grant.rs"));
    let mut all = Vec::new();
    let mut read = |files: Vec<PathBuf>, said_in: fn(&str) -> Vec<String>| {
        for file in files {
            let name = file.strip_prefix(root).unwrap().display().to_string();
            let said = said_in(&fs::read_to_string(&file).unwrap());
            all.extend(said.into_iter().map(|message| (name.clone(), message)));
        }
    };
    read(files, messages_in);
    read(below, errors_in);
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
    let source = r#"
        /// A comment is none.
        #[doc = "An attribute is none."]
        fn said() { let a = "row still"; f('"'); g("One \
            line."); h("{name} opened it"); view! { <p class="soft">"waits"</p> } }
        #[cfg(test)] mod tests { fn test() { f("A test is none.") } }
        fn more() { f("It goes on.") }
    "#;
    assert_eq!(messages_in(source), ["One line.", "{name} opened it", "waits", "It goes on."]);
    let source = r#"
        #[derive(Error)] #[error("it is {0}")] struct One;
        mod more { enum Other { /// Not this one.
            #[error("it is \
            long")] Long, #[error(transparent)] Within, } fn error(words: &str) {} }
    "#;
    assert_eq!(errors_in(source), ["it is {0}", "it is long"]);
    assert!(messages().iter().any(|(place, _)| place == "crates/protocol/src/ledger.rs"));
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
