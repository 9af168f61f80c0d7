//! Bytes that come from JavaScript.

use js_sys::{Array, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{MessageChannel, ReadableStreamDefaultReader};

/// Buffers that hold less than this together are left to JavaScript's collector, in bytes.
const SMALL: u32 = 256 << 10;

/// Appends what is in an array. `resize` would write the place byte by byte first, where code is made small.
pub(crate) fn append(bytes: &mut Vec<u8>, array: &Uint8Array) {
    if bytes.capacity() == 0 {
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
    let reader: ReadableStreamDefaultReader = stream.get_reader().unchecked_into();
    let pieces = Array::new();
    loop {
        let piece = JsFuture::from(reader.read()).await?;
        if Reflect::get(&piece, &"done".into())?.is_truthy() {
            discard(&pieces);
            return Ok(bytes);
        }
        let piece: Uint8Array = Reflect::get(&piece, &"value".into())?.dyn_into()?;
        if piece.length() as usize > most - bytes.len() {
            return Err(JsValue::NULL);
        }
        append(&mut bytes, &piece);
        pieces.push(&piece);
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
        let response = web_sys::Response::new_with_opt_u8_array(Some(&mut whole.clone())).unwrap();
        assert!(body(&response, whole.len()).await.unwrap() == whole);
        assert!(body(&web_sys::Response::new().unwrap(), 0).await.unwrap().is_empty());
    }

    #[wasm_bindgen_test]
    async fn a_body_that_is_too_long_is_given_up() {
        let response = web_sys::Response::new_with_opt_u8_array(Some(&mut vec![7; 300_000])).unwrap();
        assert!(body(&response, 299_999).await.is_err());
    }
}
