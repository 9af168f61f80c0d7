//! Making a file's content visible.

use app::vault::{Content, Pixels};
use records::{Kind, Viewer, dicom, image, pdf, text};

use super::message::{Ask, Said};

/// What is said of a picture that does not come out as it should.
const DAMAGED: &str = "This picture is damaged and cannot be shown. You can still save a copy of it.";

/// What is held from one question to the next.
#[derive(Default)]
pub(crate) struct Craft {
    /// The document that was looked at last, for its pages.
    document: Option<pdf::Document>,
}

impl Craft {
    /// Answers a question. The bytes of pixels come beside the words.
    pub(crate) fn answer(&mut self, ask: Ask, file: Vec<u8>) -> (Said, Vec<u8>) {
        match ask {
            Ask::Look(kind) => {
                // What was open before makes room.
                self.document = None;
                let (content, rgba) = self.look(Kind::from_code(kind).unwrap_or(Kind::Unknown), file);
                (Said::Content(content), rgba)
            }
            Ask::Page(page, width) => self.page(page, width),
            Ask::Examine(name, size, modified) => {
                (Said::Proposed(client::draft::examine(&name, &file, size, modified).into()), Vec::new())
            }
        }
    }

    fn look(&mut self, kind: Kind, file: Vec<u8>) -> (Content, Vec<u8>) {
        match kind.viewer() {
            Viewer::Image => {
                let decoded = image::decode(&file);
                drop(file);
                match decoded {
                    Ok(picture) => shown(picture, Vec::new()),
                    Err(error) => nothing(error.to_string(), Vec::new()),
                }
            }
            Viewer::Dicom => scan(file),
            Viewer::Pdf => match pdf::Document::open(file) {
                Ok(document) => {
                    let pages = u32::try_from(document.page_count()).unwrap_or(u32::MAX);
                    self.document = Some(document);
                    (Content::Pages(pages), Vec::new())
                }
                Err(error) => nothing(error.to_string(), Vec::new()),
            },
            Viewer::Text => match text::extract(kind, &file) {
                Some(text) => (Content::Text { text: text.content, cut: text.cut }, Vec::new()),
                None => nothing("This text cannot be read.".to_owned(), Vec::new()),
            },
            Viewer::None => nothing("This file cannot be shown here.".to_owned(), Vec::new()),
        }
    }

    fn page(&self, page: u32, width: u32) -> (Said, Vec<u8>) {
        let Some(document) = &self.document else { return (Said::Gone, Vec::new()) };
        match document.render(usize::try_from(page).unwrap_or(usize::MAX), width) {
            Ok(drawn) => {
                let (pixels, rgba) = apart(drawn);
                (Said::Pixels(pixels), rgba)
            }
            Err(error) => (Said::NotShown(error.to_string()), Vec::new()),
        }
    }
}

fn scan(file: Vec<u8>) -> (Content, Vec<u8>) {
    let facts = match dicom::summary(&file) {
        Ok(summary) => summary.facts.into_iter().map(|fact| (fact.label.to_owned(), fact.value)).collect(),
        Err(_) => Vec::new(),
    };
    let frame = dicom::first_frame(&file);
    drop(file);
    match frame {
        Ok(picture) => shown(picture, facts),
        Err(error) => nothing(error.to_string(), facts),
    }
}

fn nothing(why: String, facts: Vec<(String, String)>) -> (Content, Vec<u8>) {
    (Content::None { why, facts }, Vec::new())
}

/// A picture, no larger than a screen is given.
fn shown(picture: records::pixels::Pixels, facts: Vec<(String, String)>) -> (Content, Vec<u8>) {
    let Some(picture) = picture.for_screen() else { return nothing(DAMAGED.to_owned(), facts) };
    let (pixels, rgba) = apart(picture);
    (Content::Picture { pixels, facts }, rgba)
}

/// The size of a picture, and its bytes.
fn apart(picture: records::pixels::Pixels) -> (Pixels, Vec<u8>) {
    (Pixels { width: picture.width, height: picture.height, rgba: Vec::new() }, picture.rgba)
}
