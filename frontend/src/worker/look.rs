//! What can be looked at, and its bytes on their way to the decoder. They are kept out of this program's own memory, which
//! never shrinks again.

use client::ClientError;
use client::open::Reader;
use js_sys::{ArrayBuffer, Uint8Array};
use records::{Kind, Metadata, Viewer};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

use crate::platform::Browser;

/// Files over this are saved rather than shown: decoding needs them whole in memory.
const LARGEST: u64 = 256 << 20;

/// Why a kind of file is not decoded at all.
pub(super) fn cannot_be_shown(metadata: &Metadata) -> Option<String> {
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

/// All of a record's file, verified.
pub(super) async fn whole(reader: &mut Reader<'_, Browser>) -> Result<ArrayBuffer, ClientError> {
    let size = u32::try_from(reader.metadata().size).map_err(|_| ClientError::Source)?;
    let whole = Uint8Array::new_with_length(size);
    let mut at = 0_u32;
    reader
        .stream(async |piece| {
            let length = u32::try_from(piece.len()).map_err(|_| ClientError::Source)?;
            let end = at.checked_add(length).filter(|end| *end <= size).ok_or(ClientError::Source)?;
            whole.subarray(at, end).copy_from(piece);
            at = end;
            Ok(())
        })
        .await?;
    Ok(whole.buffer())
}

/// The first bytes of a file that the person chose.
pub(super) async fn beginning(file: &File, length: usize) -> Result<ArrayBuffer, ClientError> {
    #[expect(clippy::cast_precision_loss, reason = "no more is examined than fits into memory")]
    let end = length as f64;
    let slice = file.slice_with_f64_and_f64(0.0, end).map_err(|_| ClientError::Source)?;
    let buffer = JsFuture::from(slice.array_buffer()).await.map_err(|_| ClientError::Source)?;
    buffer.dyn_into().map_err(|_| ClientError::Source)
}
