//! PDF pages as pixels, so that no page of a document ever runs in the browser's own viewer.

use crate::pixels::{NEARLY, Pixels, reduction};
use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_syntax::{DecryptionError, LoadPdfError, Pdf};
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings};
use std::fmt;

/// Why a document cannot be opened or drawn. It never quotes content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PdfError {
    /// It opens only with a password.
    #[error(
        "This document is locked with a password. Save a copy and open it with the password, or add an unlocked one."
    )]
    Password,
    /// It is encrypted in a way that cannot be undone here.
    #[error("This document is locked in a way that cannot be opened here. You can still save a copy of it.")]
    Encryption,
    /// It is not a PDF, or too damaged to find its pages.
    #[error("This document is damaged and cannot be shown. You can still save a copy of it.")]
    Damaged,
    /// There is no page of that number.
    #[error("This document has no such page.")]
    NoSuchPage,
}

/// An opened document.
pub struct Document {
    pdf: Pdf,
}

impl Document {
    /// Finds the pages of a document. Documents that are encrypted with an empty password open like any other.
    pub fn open(bytes: Vec<u8>) -> Result<Self, PdfError> {
        let pdf = Pdf::new(bytes).map_err(|error| match error {
            LoadPdfError::Decryption(DecryptionError::PasswordProtected) => PdfError::Password,
            LoadPdfError::Decryption(_) => PdfError::Encryption,
            LoadPdfError::Invalid => PdfError::Damaged,
        })?;
        if pdf.pages().is_empty() {
            return Err(PdfError::Damaged);
        }
        Ok(Self { pdf })
    }

    /// How many pages there are, at least 1.
    pub fn page_count(&self) -> usize {
        self.pdf.pages().len()
    }

    /// Width and height of a page in points (1/72 inch), as it is turned for reading. Pages count from 0.
    pub fn page_size(&self, page: usize) -> Result<(f32, f32), PdfError> {
        let page = self.pdf.pages().get(page).ok_or(PdfError::NoSuchPage)?;
        let (width, height) = page.render_dimensions();
        let sensible = |side: f32| side.is_finite() && side > 0.0;
        if sensible(width) && sensible(height) { Ok((width, height)) } else { Err(PdfError::Damaged) }
    }

    /// Draws a page on white, `width` pixels wide, or as large as a screen is given at most. Pages count from 0.
    ///
    /// How long that takes is for the page to say: forms may be nested without end. Whoever cannot wait has to be able
    /// to end the thread that this runs in.
    pub fn render(&self, page: usize, width: u32) -> Result<Pixels, PdfError> {
        let (page_width, page_height) = self.page_size(page)?;
        let (drawn_width, drawn_height) = drawn_size(page_width, page_height, width);
        let (x_scale, y_scale) = (drawn_width / page_width, drawn_height / page_height);
        let page = self.pdf.pages().get(page).ok_or(PdfError::NoSuchPage)?;
        let pixmap = hayro::render(
            page,
            &RenderCache::new(),
            &InterpreterSettings::default(),
            &RenderSettings::default(),
            &PixmapSettings { x_scale, y_scale, bg_color: WHITE },
        );
        // On white nothing stays transparent, so premultiplied is the same as not.
        let (width, height) = (u32::from(pixmap.width()), u32::from(pixmap.height()));
        Pixels::new(width, height, pixmap.data_as_u8_slice().to_vec()).ok_or(PdfError::Damaged)
    }
}

/// Both sides in pixels, a little over whole numbers so that cutting the fractions off gives those numbers.
fn drawn_size(page_width: f32, page_height: f32, width: u32) -> (f32, f32) {
    let (page_width, page_height) = (f64::from(page_width), f64::from(page_height));
    let wanted = f64::from(width.max(1)) / page_width;
    let reduction = reduction(page_width * wanted, page_height * wanted);
    let side = |points: f64| {
        let exact = points * wanted * reduction;
        // What is made smaller must not grow over the limit again by being rounded.
        let whole = if reduction < 1.0 { (exact + NEARLY).floor() } else { exact.round() };
        #[expect(clippy::cast_possible_truncation, reason = "a side has at most 16,384 pixels")]
        let pixels = whole.max(1.0) as f32;
        pixels + 0.01
    };
    (side(page_width), side(page_height))
}

/// Says how many pages it has and nothing else.
impl fmt::Debug for Document {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Document({} pages)", self.page_count())
    }
}

#[cfg(test)]
mod tests;
