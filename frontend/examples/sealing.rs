//! A content that the browser seals and opens, for `scripts/bench` to measure beside the raw cipher.

use client::Platform as _;
use frontend::cipher::WebCipher;
use frontend::platform::Browser;
use protocol::AccountId;
use vault::floe::{HEADER, Opener, SEGMENT, Sealer};
use vault::{ContentKey, SealContext};
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

const CONTEXT: SealContext = SealContext::Keyring(AccountId::from_bytes([1; 16]));

/// What was sealed.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Sealed {
    key: ContentKey,
    header: [u8; HEADER],
    segments: Vec<Vec<u8>>,
}

/// Seals so many bytes, a segment after the other.
#[wasm_bindgen]
pub async fn seal(bytes: u32) -> Result<Sealed, JsError> {
    let browser = Browser::default();
    let key = ContentKey::make(&mut browser.random());
    let mut sealer = Sealer::start(WebCipher, &key, &CONTEXT, bytes.into(), &mut browser.random());
    let layout = sealer.layout();
    let plaintext = vec![7; usize::try_from(layout.step())?];
    let mut segments = Vec::new();
    for position in 0..layout.segments() {
        let length = usize::try_from(layout.length_at(position).unwrap_or_default())?;
        let piece = plaintext.get(..length).unwrap_or_default();
        let mut segment = Vec::with_capacity(SEGMENT as usize);
        sealer.seal(position, piece, &mut browser.random(), &mut segment).await?;
        segments.push(segment);
    }
    Ok(Sealed { key, header: *sealer.header(), segments })
}

/// Opens it again; gives how many bytes there were.
#[wasm_bindgen]
pub async fn open(sealed: Sealed) -> Result<f64, JsError> {
    let length = sealed.segments.iter().map(|segment| segment.len() as u64).sum();
    let mut opener = Opener::start(WebCipher, &sealed.key, &CONTEXT, &sealed.header, length)?;
    let (mut bytes, mut piece) = (0, Vec::new());
    for (position, segment) in (0..).zip(&sealed.segments) {
        piece.clear();
        opener.open(position, segment, &mut piece).await?;
        bytes += piece.len();
    }
    Ok(f64::from(u32::try_from(bytes)?))
}
