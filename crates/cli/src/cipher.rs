//! AES-GCM and SHA-256 on other threads, so that one piece of a file is sealed while another is on its way.

use std::sync::Arc;

use bytes::Bytes;
use protocol::Digest;
use tokio::task::spawn_blocking;
use vault::OpenError;
use vault::floe::{BulkCipher, CipherUnavailable, Native, SegmentKey};

/// [`Native`], in tokio's threads for what takes long.
#[derive(Clone, Copy, Debug, Default)]
pub struct Threads;

impl BulkCipher for Threads {
    type Key = Arc<<Native as BulkCipher>::Key>;

    async fn import(&self, key: &SegmentKey) -> Result<Self::Key, CipherUnavailable> {
        Native.import(key).await.map(Arc::new)
    }

    async fn seal(
        &self,
        key: &Self::Key,
        nonce: &[u8; 12],
        aad: &[u8],
        plaintext: &[u8],
        sealed: &mut Vec<u8>,
    ) -> Result<(), CipherUnavailable> {
        let (key, nonce, aad, start) = (Arc::clone(key), *nonce, aad.to_vec(), sealed.len());
        sealed.extend_from_slice(plaintext);
        let mut taken = std::mem::take(sealed);
        let work = move || (Native::seal_from(&key, &nonce, &aad, &mut taken, start), taken);
        let result;
        (result, *sealed) = spawn_blocking(work).await.map_err(|_| CipherUnavailable)?;
        result
    }

    async fn open(
        &self,
        key: &Self::Key,
        nonce: &[u8; 12],
        aad: &[u8],
        ciphertext: &[u8],
        opened: &mut Vec<u8>,
    ) -> Result<(), OpenError> {
        let (key, nonce, aad, start) = (Arc::clone(key), *nonce, aad.to_vec(), opened.len());
        opened.extend_from_slice(ciphertext);
        let mut taken = std::mem::take(opened);
        let work = move || (Native::open_from(&key, &nonce, &aad, &mut taken, start), taken);
        let result;
        (result, *opened) = spawn_blocking(work).await.map_err(|_| OpenError)?;
        result
    }
}

/// Hashes a chunk.
pub(crate) async fn digest(chunk: &Bytes) -> Digest {
    let shared = chunk.clone();
    spawn_blocking(move || Digest::of(&shared)).await.unwrap_or_else(|_| Digest::of(chunk))
}

#[cfg(test)]
mod tests {
    use client::Platform as _;

    use super::*;
    use crate::platform::Terminal;

    #[tokio::test]
    async fn threads_seal_and_open_as_one_does() {
        let key = SegmentKey::make(&mut Terminal::new("http://localhost:1", None).unwrap().random());
        let (native, threads) = (Native.import(&key).await.unwrap(), Threads.import(&key).await.unwrap());
        let plaintext = vec![7; 100_000];
        let (mut by_native, mut by_threads, mut opened) = (vec![1], vec![1], vec![2]);
        Native.seal(&native, &[1; 12], &[2; 9], &plaintext, &mut by_native).await.unwrap();
        Threads.seal(&threads, &[1; 12], &[2; 9], &plaintext, &mut by_threads).await.unwrap();
        assert!(by_native == by_threads);
        assert_eq!(Threads.open(&threads, &[1; 12], &[3; 9], &by_native[1..], &mut Vec::new()).await, Err(OpenError));
        Threads.open(&threads, &[1; 12], &[2; 9], &by_native[1..], &mut opened).await.unwrap();
        assert!(opened[0] == 2 && opened[1..] == plaintext);
        assert_eq!(digest(&Bytes::from(plaintext.clone())).await, Digest::of(&plaintext));
    }
}
