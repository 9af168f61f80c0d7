//! AES-256-GCM and SHA-256 by `WebCrypto`, which runs them several times faster than WebAssembly can.

use js_sys::{Array, Object, Reflect, Uint8Array};
use protocol::Digest;
use vault::OpenError;
use vault::floe::{BulkCipher, CipherUnavailable, SegmentKey};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AesGcmParams, Crypto, CryptoKey, SubtleCrypto};

use crate::buffers;

/// The browser's AES-GCM.
#[derive(Clone, Copy, Debug)]
pub struct WebCipher;

/// `crypto.subtle`, in a page as in a worker.
pub(crate) fn subtle() -> Result<SubtleCrypto, CipherUnavailable> {
    let crypto = Reflect::get(&js_sys::global(), &JsValue::from_str("crypto")).map_err(|_| CipherUnavailable)?;
    Ok(crypto.unchecked_into::<Crypto>().subtle())
}

/// The parameters of one AES-GCM operation.
pub(crate) fn parameters(nonce: &[u8], aad: &[u8]) -> AesGcmParams {
    let parameters = AesGcmParams::new("AES-GCM", &Uint8Array::from(nonce));
    parameters.set_additional_data(&Uint8Array::from(aad));
    parameters
}

/// SHA-256 by `WebCrypto`, which is quicker by as much.
pub(crate) async fn digest(bytes: &[u8]) -> Digest {
    hash(bytes).await.unwrap_or_else(|| Digest::of(bytes))
}

async fn hash(bytes: &[u8]) -> Option<Digest> {
    let hashed = subtle().ok()?.digest_with_str_and_u8_array("SHA-256", bytes).ok()?;
    let hashed = Uint8Array::new(&JsFuture::from(hashed).await.ok()?);
    Some(Digest::from_bytes(hashed.to_vec().try_into().ok()?))
}

impl BulkCipher for WebCipher {
    type Key = CryptoKey;

    async fn import(&self, key: &SegmentKey) -> Result<CryptoKey, CipherUnavailable> {
        let raw: Object = key.lend(|bytes| Uint8Array::from(&bytes[..])).into();
        let usages = Array::of2(&"encrypt".into(), &"decrypt".into());
        let imported =
            subtle()?.import_key_with_str("raw", &raw, "AES-GCM", false, &usages).map_err(|_| CipherUnavailable)?;
        JsFuture::from(imported).await.map(JsCast::unchecked_into).map_err(|_| CipherUnavailable)
    }

    async fn seal(
        &self,
        key: &CryptoKey,
        nonce: &[u8; 12],
        aad: &[u8],
        plaintext: &[u8],
        sealed: &mut Vec<u8>,
    ) -> Result<(), CipherUnavailable> {
        let ciphertext = subtle()?
            .encrypt_with_object_and_u8_array(&parameters(nonce, aad), key, plaintext)
            .map_err(|_| CipherUnavailable)?;
        let ciphertext = JsFuture::from(ciphertext).await.map_err(|_| CipherUnavailable)?;
        buffers::take(sealed, &Uint8Array::new(&ciphertext));
        Ok(())
    }

    async fn open(
        &self,
        key: &CryptoKey,
        nonce: &[u8; 12],
        aad: &[u8],
        ciphertext: &[u8],
        opened: &mut Vec<u8>,
    ) -> Result<(), OpenError> {
        let plaintext = subtle()
            .map_err(|_| OpenError)?
            .decrypt_with_object_and_u8_array(&parameters(nonce, aad), key, ciphertext)
            .map_err(|_| OpenError)?;
        let plaintext = JsFuture::from(plaintext).await.map_err(|_| OpenError)?;
        buffers::take(opened, &Uint8Array::new(&plaintext));
        Ok(())
    }
}

#[cfg(all(test, target_arch = "wasm32"))]
mod tests {
    use vault::floe::{BulkCipher, Native, SegmentKey};
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::WebCipher;
    use crate::platform::Browser;

    fn random<const N: usize>() -> [u8; N] {
        vault::make_bytes(&mut client::Platform::random(&Browser::default()))
    }

    /// Both ciphers seal random inputs of random lengths to the same bytes, and each opens what the other sealed.
    #[wasm_bindgen_test]
    async fn native_and_web_ciphers_agree() {
        for _ in 0..50 {
            let key = SegmentKey::make(&mut client::Platform::random(&Browser::default()));
            let (nonce, aad): ([u8; 12], [u8; 9]) = (random(), random());
            let length = usize::from(u16::from_le_bytes(random())) % 5_000;
            let plaintext: Vec<u8> = random::<5_000>()[..length].to_vec();
            let (web, native) = (WebCipher.import(&key).await.unwrap(), Native.import(&key).await.unwrap());
            let (mut by_web, mut by_native) = (vec![1], vec![1]);
            WebCipher.seal(&web, &nonce, &aad, &plaintext, &mut by_web).await.unwrap();
            Native.seal(&native, &nonce, &aad, &plaintext, &mut by_native).await.unwrap();
            assert!(by_web == by_native, "different ciphertext of {length} bytes");
            let (mut from_web, mut from_native) = (vec![2], vec![2]);
            Native.open(&native, &nonce, &aad, &by_web[1..], &mut from_web).await.unwrap();
            WebCipher.open(&web, &nonce, &aad, &by_native[1..], &mut from_native).await.unwrap();
            assert!(from_web == from_native && from_web[1..] == plaintext, "different plaintext of {length} bytes");
        }
    }

    #[wasm_bindgen_test]
    async fn both_hash_alike() {
        for length in [0, 1, 63, 64, 5_000] {
            let bytes = vec![7; length];
            assert_eq!(super::hash(&bytes).await, Some(protocol::Digest::of(&bytes)));
        }
    }

    #[wasm_bindgen_test]
    async fn the_web_cipher_refuses_what_was_altered() {
        let key = SegmentKey::make(&mut client::Platform::random(&Browser::default()));
        let imported = WebCipher.import(&key).await.unwrap();
        let mut sealed = Vec::new();
        WebCipher.seal(&imported, &[1; 12], &[2; 9], b"4.2 mmol/L", &mut sealed).await.unwrap();
        for (nonce, aad, place) in [([9; 12], [2; 9], None), ([1; 12], [9; 9], None), ([1; 12], [2; 9], Some(3))] {
            let mut altered = sealed.clone();
            if let Some(place) = place {
                altered[place] ^= 1;
            }
            assert!(WebCipher.open(&imported, &nonce, &aad, &altered, &mut Vec::new()).await.is_err());
        }
    }
}
