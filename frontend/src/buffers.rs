//! Bytes that come from JavaScript.

use js_sys::{Array, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{MessageChannel, ReadableStream, ReadableStreamByobReader, ReadableStreamDefaultReader};

/// Buffers that hold less than this together are left to JavaScript's collector, in bytes.
const SMALL: u32 = 256 << 10;

/// Appends what is in an array: by one copy if the vector is empty and not made for much more, else by two. `resize` would
/// write the place byte by byte first, where code is made small.
pub(crate) fn append(bytes: &mut Vec<u8>, array: &Uint8Array) {
    if bytes.is_empty() && array.length() as usize >= bytes.capacity() / 2 {
        *bytes = array.to_vec();
    } else {
        bytes.extend_from_slice(&array.to_vec());
    }
}

/// Appends what is in an array that nobody else needs.
pub(crate) fn take(bytes: &mut Vec<u8>, array: &Uint8Array) {
    append(bytes, array);
    discard(&Array::of1(array));
}

/// Gives back the memory of arrays that nobody needs any more. JavaScript's collector lets hundreds of MiB of them stand
/// before it looks; what is sent to where nobody listens is gone at once. An array that cannot be sent stays.
pub(crate) fn discard(arrays: &Array) {
    let (buffers, mut length) = (Array::new(), 0);
    for array in arrays.iter().filter_map(|array| array.dyn_into::<Uint8Array>().ok()) {
        let buffer = array.buffer();
        // Part of a buffer may be somebody else's.
        if buffer.byte_length() == array.length() {
            length += array.length();
            buffers.push(&buffer);
        }
    }
    if length < SMALL {
        return;
    }
    let Ok(channel) = MessageChannel::new() else { return };
    channel.port2().close();
    // Refused, nothing is sent, and the collector comes to it later.
    drop(channel.port1().post_message_with_transferable(&JsValue::NULL, &buffers));
    channel.port1().close();
}

/// The body of an answer, piece by piece: the browser would build a whole one twice over. One that goes on beyond
/// `most` bytes is given up, and the length that the answer names is only believed as far as that.
pub(crate) async fn body(response: &web_sys::Response, most: usize) -> Result<Vec<u8>, JsValue> {
    let Some(stream) = response.body() else { return Ok(Vec::new()) };
    let length = response.headers().get("content-length")?.and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut bytes = Vec::with_capacity(most.min(length));
    let mut pieces = Pieces::of(&stream, length);
    while let Some(piece) = pieces.next().await? {
        if piece.length() as usize > most - bytes.len() {
            return Err(JsValue::NULL);
        }
        append(&mut bytes, &piece);
        pieces.give_back(&piece);
    }
    Ok(bytes)
}

/// How the pieces of a body come.
enum Pieces {
    /// Each in an array that the browser makes. They are given back together: one by one they would be too small.
    Made(ReadableStreamDefaultReader, Array),
    /// Each in the same array, which goes to the browser and comes back.
    Filled(ReadableStreamByobReader, Uint8Array),
}

impl Pieces {
    /// A body that is small, or whose browser cannot fill an array, comes in arrays that are made.
    fn of(stream: &ReadableStream, length: usize) -> Self {
        if length >= SMALL as usize
            && let Ok(reader) = ReadableStreamByobReader::new(stream)
        {
            return Self::Filled(reader, Uint8Array::new_with_length(SMALL));
        }
        Self::Made(stream.get_reader().unchecked_into(), Array::new())
    }

    async fn next(&mut self) -> Result<Option<Uint8Array>, JsValue> {
        let read = match self {
            Self::Made(reader, _) => reader.read(),
            Self::Filled(reader, array) => reader.read_with_array_buffer_view(array),
        };
        let piece = JsFuture::from(read).await?;
        let value = Reflect::get(&piece, &"value".into())?;
        if Reflect::get(&piece, &"done".into())?.is_truthy() {
            // The array that was lent comes back empty; it goes with the rest.
            if let Some(rest) = value.dyn_ref() {
                self.give_back(rest);
            }
            return Ok(None);
        }
        value.dyn_into().map(Some)
    }

    /// Takes back a piece that was read.
    fn give_back(&mut self, piece: &Uint8Array) {
        match self {
            Self::Made(_, held) => {
                held.push(piece);
            }
            // The array that was lent is gone; the piece is the front of what took its place.
            Self::Filled(_, array) => *array = Uint8Array::new(&piece.buffer()),
        }
    }
}

impl Drop for Pieces {
    fn drop(&mut self) {
        match self {
            Self::Made(_, held) => discard(held),
            Self::Filled(_, array) => discard(&Array::of1(array)),
        }
    }
}

#[cfg(all(test, target_arch = "wasm32"))]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    async fn a_body_comes_whole() {
        let mut bytes = vec![9];
        append(&mut bytes, &Uint8Array::from(&[1, 2][..]));
        assert_eq!(bytes, [9, 1, 2]);
        let large = Uint8Array::new_with_length(SMALL + 3);
        large.fill(7, 0, SMALL + 3);
        let part = large.subarray(3, SMALL + 3);
        take(&mut bytes, &part);
        assert_eq!(large.length(), SMALL + 3, "what may be somebody else's stays");
        take(&mut bytes, &large);
        assert_eq!(large.length(), 0, "its memory is given back");
        assert_eq!(bytes.len(), 3 + 3 + 2 * SMALL as usize);
        assert!(bytes[3..].iter().all(|byte| *byte == 7));
        let whole: Vec<u8> = (0..=250).cycle().take(300_000).collect();
        for named in [None, Some("300000"), Some("7"), Some("9000000000")] {
            let response = web_sys::Response::new_with_opt_u8_array(Some(&mut whole.clone())).unwrap();
            if let Some(named) = named {
                response.headers().set("content-length", named).unwrap();
            }
            assert!(body(&response, whole.len()).await.unwrap() == whole, "{named:?}");
        }
        assert!(body(&web_sys::Response::new().unwrap(), 0).await.unwrap().is_empty());
    }

    #[wasm_bindgen_test]
    async fn a_body_that_is_too_long_is_given_up() {
        for named in ["0", "300000"] {
            let response = web_sys::Response::new_with_opt_u8_array(Some(&mut vec![7; 300_000])).unwrap();
            response.headers().set("content-length", named).unwrap();
            assert!(body(&response, 299_999).await.is_err());
        }
    }
}
