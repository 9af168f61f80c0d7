//! Bytes that come from JavaScript, each copied once.

use js_sys::{Reflect, Uint8Array};
use protocol::entry::CHUNK;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::ReadableStreamDefaultReader;

/// Appends what is in an array.
pub(crate) fn append(bytes: &mut Vec<u8>, array: &Uint8Array) {
    let start = bytes.len();
    bytes.resize(start + array.length() as usize, 0);
    if let Some(end) = bytes.get_mut(start..) {
        array.copy_to(end);
    }
}

/// The body of an answer, piece by piece: the browser would build a whole one twice over. The length that the answer
/// names is only believed as far as chunks go.
pub(crate) async fn body(response: &web_sys::Response) -> Result<Vec<u8>, JsValue> {
    let Some(stream) = response.body() else { return Ok(Vec::new()) };
    let length = response.headers().get("content-length")?.and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut bytes = Vec::with_capacity(usize::try_from(CHUNK.min(length)).unwrap_or(0));
    let reader: ReadableStreamDefaultReader = stream.get_reader().unchecked_into();
    loop {
        let piece = JsFuture::from(reader.read()).await?;
        if Reflect::get(&piece, &"done".into())?.is_truthy() {
            return Ok(bytes);
        }
        append(&mut bytes, &Reflect::get(&piece, &"value".into())?.dyn_into()?);
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
        let whole: Vec<u8> = (0..=250).cycle().take(300_000).collect();
        let response = web_sys::Response::new_with_opt_u8_array(Some(&mut whole.clone())).unwrap();
        assert!(body(&response).await.unwrap() == whole);
        assert!(body(&web_sys::Response::new().unwrap()).await.unwrap().is_empty());
    }
}
