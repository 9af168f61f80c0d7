//! Making a record's content visible: decoded here, drawn by the page.

#![expect(clippy::unnecessary_wraps, reason = "what lies in another module may fail to come")]

use std::rc::Rc;

use app::vault::{Content, Pixels};
use client::upload::Draft;
#[cfg(feature = "split")]
use leptos::wasm_split::wasm_split;
use records::{Kind, Metadata, Viewer, dicom, image, pdf, text};

use super::lazy::{NotLoaded, lazily};
use super::trouble::Failure;

/// Files over this are saved rather than shown: decoding needs them whole in memory.
pub(crate) const LARGEST: u64 = 256 << 20;

/// A document that stays open for its pages.
pub(crate) struct OpenDocument {
    pub(crate) record: String,
    pub(crate) document: Rc<pdf::Document>,
}

/// Why a kind of file is not decoded at all.
pub(crate) fn cannot_be_shown(metadata: &Metadata) -> Option<String> {
    if metadata.kind == Kind::Unknown {
        return Some("Save a copy and open it with another program.".to_owned());
    }
    if metadata.kind.viewer() == Viewer::None {
        let kind = metadata.kind.label();
        return Some(format!("It is a file of the kind “{kind}”. Save a copy and open it with another program."));
    }
    if metadata.size > LARGEST {
        return Some("This file is too large to be shown here. You can save a copy.".to_owned());
    }
    None
}

/// Decodes a file for the page.
#[cfg_attr(feature = "split", wasm_split(decoders, fallible, wasm_split_path = ::leptos::wasm_split))]
fn split_look(record: String, kind: Kind, bytes: Vec<u8>) -> Result<(Content, Option<OpenDocument>), NotLoaded> {
    let none = |why: String| Content::None { why, facts: Vec::new() };
    let looked = match kind.viewer() {
        Viewer::Image => match image::decode(&bytes) {
            Ok(picture) => (Content::Picture { pixels: pixels(picture), facts: Vec::new() }, None),
            Err(error) => (none(error.to_string()), None),
        },
        Viewer::Dicom => (scan(&bytes), None),
        Viewer::Pdf => match pdf::Document::open(bytes) {
            Ok(document) => {
                let pages = u32::try_from(document.page_count()).unwrap_or(u32::MAX);
                (Content::Pages(pages), Some(OpenDocument { record, document: Rc::new(document) }))
            }
            Err(error) => (none(error.to_string()), None),
        },
        Viewer::Text => match text::extract(kind, &bytes) {
            Some(text) => (Content::Text { text: text.content, cut: text.cut }, None),
            None => (none("This text cannot be read.".to_owned()), None),
        },
        Viewer::None => (none("This file cannot be shown here.".to_owned()), None),
    };
    Ok(looked)
}

fn scan(bytes: &[u8]) -> Content {
    let facts = match dicom::summary(bytes) {
        Ok(summary) => summary.facts.into_iter().map(|fact| (fact.label.to_owned(), fact.value)).collect(),
        Err(_) => Vec::new(),
    };
    match dicom::first_frame(bytes) {
        Ok(picture) => Content::Picture { pixels: pixels(picture), facts },
        Err(error) => Content::None { why: error.to_string(), facts },
    }
}

/// Draws one page of a document.
#[cfg_attr(
    not(feature = "split"),
    expect(clippy::needless_pass_by_value, reason = "what crosses into another module is owned")
)]
#[cfg_attr(feature = "split", wasm_split(decoders, fallible, wasm_split_path = ::leptos::wasm_split))]
fn split_page(document: Rc<pdf::Document>, page: usize, width: u32) -> Result<Result<Pixels, String>, NotLoaded> {
    Ok(document.render(page, width).map(pixels).map_err(|error| error.to_string()))
}

/// Looks at a chosen file and proposes what to say of it.
#[cfg_attr(
    not(feature = "split"),
    expect(clippy::needless_pass_by_value, reason = "what crosses into another module is owned")
)]
#[cfg_attr(feature = "split", wasm_split(decoders, fallible, wasm_split_path = ::leptos::wasm_split))]
fn split_examine(name: String, content: Vec<u8>, size: u64, modified: u64) -> Result<Draft, NotLoaded> {
    Ok(client::draft::examine(&name, &content, size, modified))
}

/// Decodes a file for the page.
pub(crate) async fn look(
    record: String,
    kind: Kind,
    bytes: Vec<u8>,
) -> Result<(Content, Option<OpenDocument>), Failure> {
    lazily!(split_look(record, kind, bytes)).map_err(|NotLoaded| Failure::NotLoaded)
}

/// Draws one page of a document.
pub(crate) async fn page(document: Rc<pdf::Document>, page: u32, width: u32) -> Result<Pixels, Failure> {
    let page = usize::try_from(page).map_err(|_| Failure::Gone)?;
    let drawn = lazily!(split_page(document, page, width)).map_err(|NotLoaded| Failure::NotLoaded)?;
    drawn.map_err(Failure::NotShown)
}

/// Looks at a chosen file and proposes what to say of it.
pub(crate) async fn examine(name: String, content: Vec<u8>, size: u64, modified: u64) -> Result<Draft, Failure> {
    lazily!(split_examine(name, content, size, modified)).map_err(|NotLoaded| Failure::NotLoaded)
}

fn pixels(picture: records::pixels::Pixels) -> Pixels {
    Pixels { width: picture.width, height: picture.height, rgba: picture.rgba }
}
