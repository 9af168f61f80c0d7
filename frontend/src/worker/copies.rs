//! Copies of records on their way to the person's own disk, piece by piece.
//!
//! A large copy is written into a file of this origin's private file system, so that no more than a piece of it is ever
//! in memory; the page then hands that file to the browser to be saved. It is plaintext, like the saved copy itself, so
//! it does not stay: it goes when the vault is locked, on signing out, and ten minutes after it was written, or where no
//! tab is open then, when the next one is. Where there is no such file system, the pieces become one blob, which browsers
//! keep on disk themselves when it is large.

use client::ClientError;
use gloo::timers::future::TimeoutFuture;
use js_sys::{Array, Uint8Array};
use records::Kind;
use web_sys::{Blob, BlobPropertyBag};

use crate::buffers;
use crate::private_files::{self, Draft, Folder};

/// Copies up to this are made in memory, and never lie in the private file system.
const SMALL: u64 = 32 << 20;

/// How long a finished copy stays for the browser to save it, in milliseconds.
const STAYS: f64 = 600_000.0;

/// How often copies are looked through, in milliseconds.
const LOOK_EVERY: u32 = 60_000;

/// The media type that a copy is saved under: its own where no browser runs what it shows, else that of any bytes. XML
/// is not on the list: what is written in it may be a page with programs.
pub(crate) const fn saved_as(kind: Kind) -> &'static str {
    match kind {
        Kind::Jpeg
        | Kind::Png
        | Kind::Gif
        | Kind::Webp
        | Kind::Tiff
        | Kind::Heic
        | Kind::Bmp
        | Kind::Pdf
        | Kind::FhirJson
        | Kind::Json
        | Kind::Text => kind.media_type(),
        Kind::Dicom
        | Kind::Ccda
        | Kind::FhirNdjson
        | Kind::Hl7v2
        | Kind::AppleHealth
        | Kind::Xml
        | Kind::Html
        | Kind::Svg
        | Kind::Zip
        | Kind::Unknown => "application/octet-stream",
    }
}

/// A copy that is being made.
pub(crate) struct Copy {
    making: Making,
    /// The name of the file that was begun for it.
    file: Option<String>,
}

enum Making {
    /// As blobs, each of a piece, after what went into a file before there was no more room.
    Pieces(Array),
    /// In a file.
    OnDisk(Draft),
}

impl Copy {
    /// Begins a copy of a file of `size` bytes.
    pub(crate) async fn begin(size: u64) -> Self {
        if size > SMALL
            && let Ok(draft) = Draft::begin(Folder::Copies).await
        {
            return Self { file: Some(draft.name()), making: Making::OnDisk(draft) };
        }
        Self { file: None, making: Making::Pieces(Array::new()) }
    }

    /// Takes the next piece.
    pub(crate) async fn take(&mut self, piece: &[u8]) -> Result<(), ClientError> {
        if let Making::OnDisk(draft) = &mut self.making {
            if draft.write(piece) {
                return Ok(());
            }
            // There is no more room: what is written stays where it is, and the rest becomes blobs.
            let begun = draft.close().await.map_err(|_| ClientError::Source)?;
            self.making = Making::Pieces(Array::of1(&begun));
        }
        if let Making::Pieces(pieces) = &self.making {
            let piece = Array::of1(&Uint8Array::from(piece));
            let blob = Blob::new_with_u8_array_sequence(&piece);
            buffers::discard(&piece);
            pieces.push(&blob.map_err(|_| ClientError::Source)?.into());
        }
        Ok(())
    }

    /// The whole copy, once every piece is verified.
    pub(crate) async fn finish(self, media_type: &str) -> Result<Blob, ClientError> {
        let blob = match &self.making {
            Making::Pieces(pieces) => {
                let properties = BlobPropertyBag::new();
                properties.set_type(media_type);
                Blob::new_with_blob_sequence_and_options(pieces, &properties)
            }
            Making::OnDisk(draft) => match draft.close().await {
                Ok(file) => file.slice_with_f64_and_f64_and_content_type(0.0, file.size(), media_type),
                Err(error) => Err(error),
            },
        };
        let Ok(blob) = blob else {
            self.discard().await;
            return Err(ClientError::Source);
        };
        Ok(blob)
    }

    /// Gives up a copy that did not come to its end.
    pub(crate) async fn discard(self) {
        if let Making::OnDisk(draft) = &self.making {
            draft.end();
        }
        if let Some(name) = &self.file {
            private_files::remove(Folder::Copies, name).await;
        }
    }
}

/// Removes every copy that is not being written.
pub(crate) async fn remove_all() {
    private_files::remove_before(Folder::Copies, f64::INFINITY).await;
}

/// Removes copies whose time is over, and chunks that were left behind.
pub(crate) async fn remove_old() {
    private_files::remove_before(Folder::Copies, js_sys::Date::now() - STAYS).await;
    private_files::remove_left().await;
}

/// Removes copies whose time is over, now and again and again.
pub(crate) async fn sweep() {
    loop {
        remove_old().await;
        TimeoutFuture::new(LOOK_EVERY).await;
    }
}

#[cfg(all(test, target_arch = "wasm32"))]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn only_what_no_browser_runs_keeps_its_type() {
        for kind in Kind::ALL {
            let media_type = saved_as(kind);
            assert!(["application/octet-stream", kind.media_type()].contains(&media_type), "{kind:?}");
            for runs in ["html", "xml", "svg", "script"] {
                assert!(!media_type.contains(runs), "{kind:?}");
            }
        }
        assert_eq!(saved_as(Kind::Pdf), "application/pdf");
        assert_eq!(saved_as(Kind::Json), "application/json");
    }
}
