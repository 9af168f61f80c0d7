//! Pixels on their way from thread to thread. They are too many to be encoded: they lie beside the words, and are handed
//! over rather than copied.

use app::vault::{Content, Pixels};
use js_sys::{Array, ArrayBuffer, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

use crate::buffers;

/// Pixels, to be laid beside a message; nothing where there are none.
pub(crate) fn beside(rgba: &[u8]) -> JsValue {
    if rgba.is_empty() { JsValue::NULL } else { Uint8Array::from(rgba).buffer().into() }
}

/// What goes over to whoever receives a message, and is then no more where it was. Files and blobs are not: they cross by
/// reference.
pub(crate) fn handed_over(beside: &JsValue) -> Array {
    beside.dyn_ref::<ArrayBuffer>().into_iter().collect()
}

/// Takes up the bytes that came beside a picture.
pub(crate) fn take_up(mut pixels: Pixels, beside: &JsValue) -> Pixels {
    if let Some(buffer) = beside.dyn_ref::<ArrayBuffer>() {
        buffers::take(&mut pixels.rgba, &Uint8Array::new(buffer));
    }
    pixels
}

/// The same for a picture in a record.
pub(crate) fn take_up_content(content: Content, beside: &JsValue) -> Content {
    match content {
        Content::Picture { pixels, facts } => Content::Picture { pixels: take_up(pixels, beside), facts },
        other => other,
    }
}

#[cfg(all(test, target_arch = "wasm32"))]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn pixels_are_handed_over_and_taken_up() {
        let laid = beside(&[1, 2, 3, 4]);
        assert_eq!(handed_over(&laid).length(), 1);
        let pixels = Pixels { width: 1, height: 1, rgba: Vec::new() };
        assert_eq!(take_up(pixels.clone(), &laid).rgba, [1, 2, 3, 4]);
        let content = Content::Picture { pixels: pixels.clone(), facts: Vec::new() };
        let Content::Picture { pixels: taken, .. } = take_up_content(content, &laid) else { panic!("a picture") };
        assert_eq!(taken.rgba, [1, 2, 3, 4]);
        assert!(beside(&[]).is_null());
        assert_eq!(handed_over(&JsValue::NULL).length(), 0);
        assert!(take_up(pixels, &JsValue::NULL).rgba.is_empty());
    }
}
