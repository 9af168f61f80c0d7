//! AES-GCM and SHA-256 on other threads, so that one piece of a file is sealed while another is on its way.

use std::sync::Arc;

use futures_util::FutureExt as _;
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
        buffer: &mut Vec<u8>,
    ) -> Result<(), CipherUnavailable> {
        let (key, nonce, aad, mut taken) = (Arc::clone(key), *nonce, aad.to_vec(), std::mem::take(buffer));
        let sealed = spawn_blocking(move || {
            let sealed = Native.seal(&key, &nonce, &aad, &mut taken).now_or_never().unwrap_or(Err(CipherUnavailable));
            sealed.map(|()| taken)
        });
        *buffer = sealed.await.map_err(|_| CipherUnavailable)??;
        Ok(())
    }

    async fn open(&self, key: &Self::Key, nonce: &[u8; 12], aad: &[u8], buffer: &mut Vec<u8>) -> Result<(), OpenError> {
        let (key, nonce, aad, mut taken) = (Arc::clone(key), *nonce, aad.to_vec(), std::mem::take(buffer));
        let opened = spawn_blocking(move || {
            Native.open(&key, &nonce, &aad, &mut taken).now_or_never().unwrap_or(Err(OpenError)).map(|()| taken)
        });
        *buffer = opened.await.map_err(|_| OpenError)??;
        Ok(())
    }
}

/// Hashes a chunk, and gives it back.
pub(crate) async fn digest(chunk: Vec<u8>) -> (Digest, Vec<u8>) {
    let chunk = Arc::new(chunk);
    let shared = Arc::clone(&chunk);
    let digest = spawn_blocking(move || Digest::of(&shared)).await.unwrap_or_else(|_| Digest::of(&chunk));
    (digest, Arc::unwrap_or_clone(chunk))
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
        let (mut by_native, mut by_threads) = (plaintext.clone(), plaintext.clone());
        Native.seal(&native, &[1; 12], &[2; 9], &mut by_native).await.unwrap();
        Threads.seal(&threads, &[1; 12], &[2; 9], &mut by_threads).await.unwrap();
        assert!(by_native == by_threads);
        assert_eq!(Threads.open(&threads, &[1; 12], &[3; 9], &mut by_native.clone()).await, Err(OpenError));
        Threads.open(&threads, &[1; 12], &[2; 9], &mut by_native).await.unwrap();
        assert!(by_native == plaintext);
        assert_eq!(digest(plaintext.clone()).await, (Digest::of(&plaintext), plaintext));
    }
}
