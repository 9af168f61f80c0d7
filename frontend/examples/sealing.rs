//! A content that the browser seals and opens, for `scripts/bench` to measure beside the raw cipher.

use client::segments::{ChunkOpener, ChunkSealer};
use client::upload::Source;
use client::{ClientError, Platform as _};
use frontend::cipher::WebCipher;
use frontend::platform::Browser;
use protocol::AccountId;
use protocol::entry::CHUNK;
use vault::floe::{HEADER, Opener, Sealer};
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
    size: u64,
    chunks: Vec<Vec<u8>>,
}

/// A file that is nowhere.
struct Sevens;

impl Source for Sevens {
    async fn read(&self, _: u64, length: usize) -> Result<Vec<u8>, ClientError> {
        Ok(vec![7; length])
    }
}

/// Seals a file of so many bytes, a chunk after the other.
#[wasm_bindgen]
pub async fn seal(bytes: u32) -> Result<Sealed, JsError> {
    let (browser, size) = (Browser::default(), u64::from(bytes));
    let key = ContentKey::make(&mut browser.random());
    let sealer = Sealer::start(WebCipher, &key, &CONTEXT, size, &mut browser.random());
    let header = *sealer.header();
    let sealer = ChunkSealer::new(sealer, size);
    let mut chunks = Vec::new();
    for number in 0..sealer.layout().sealed().div_ceil(CHUNK) {
        chunks.push(sealer.seal(number, &Sevens, &browser).await?);
    }
    Ok(Sealed { key, header, size, chunks })
}

/// Opens it again; gives how many bytes there were.
#[wasm_bindgen]
pub async fn open(sealed: Sealed) -> Result<f64, JsError> {
    let length = sealed.chunks.iter().map(|chunk| chunk.len() as u64).sum();
    let opener = Opener::start(WebCipher, &sealed.key, &CONTEXT, &sealed.header, length)?;
    let opener = ChunkOpener::new(&opener, sealed.size);
    let mut bytes = 0;
    for (number, chunk) in (0..).zip(&sealed.chunks) {
        let count = &mut async |piece: &[u8]| {
            bytes += piece.len();
            Ok(())
        };
        opener.open(number, chunk, count).await?;
    }
    Ok(f64::from(u32::try_from(bytes)?))
}
