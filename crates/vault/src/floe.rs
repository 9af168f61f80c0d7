//! Files: FLOE `GCM256_IV256` (c2sp.org/FLOE), a random-access authenticated encryption of segments.
//!
//! The header travels in the signed log entry and the segments in the blob store. Lengths are known before
//! the first segment is sealed, so position and length alone say which segment is the last; nobody can seal
//! or open one at the wrong place. AES-GCM is behind [`BulkCipher`], because `WebCrypto` does it four times
//! faster in a browser than WebAssembly can.

use std::cell::RefCell;
use std::rc::Rc;

use aes_gcm::{AeadInOut, Aes256Gcm};
use hmac::{Hmac, KeyInit, Mac};
use rand_core::CryptoRng;
use sha2::Sha384;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use crate::context::SealContext;
use crate::secret::secrets;
use crate::{ContentKey, OpenError};

secrets! {
    /// The AES-256 key of a run of segments.
    SegmentKey
}

/// Bytes in every sealed segment but the last.
pub const SEGMENT: u32 = 1 << 20;

/// Bytes in a FLOE header.
pub const HEADER: usize = PARAMETERS + IV + TAG;

const PARAMETERS: usize = 10;
const IV: usize = 32;
const TAG: usize = 32;
const MESSAGE_KEY: usize = 48;
const NONCE: usize = 12;
/// Length field and nonce, which stand before the ciphertext of a segment.
pub const HEAD: usize = 4 + NONCE;
/// Length field, nonce and tag.
const OVERHEAD: u32 = 4 + 12 + 16;
const NOT_LAST: u32 = u32::MAX;

/// AES-256-GCM over whole segments, wherever it is fastest.
#[expect(async_fn_in_trait, reason = "WebCrypto's futures stay on their thread, and callers are generic")]
pub trait BulkCipher {
    /// A key as the implementation holds it.
    type Key;

    /// Takes in a key.
    async fn import(&self, key: &SegmentKey) -> Result<Self::Key, CipherUnavailable>;

    /// Appends ciphertext and tag to `sealed`. What stood in it before stays; after a failure, what follows is
    /// unspecified.
    async fn seal(
        &self,
        key: &Self::Key,
        nonce: &[u8; NONCE],
        aad: &[u8],
        plaintext: &[u8],
        sealed: &mut Vec<u8>,
    ) -> Result<(), CipherUnavailable>;

    /// Appends the plaintext to `opened`, if the tag at the end of `ciphertext` holds. What stood in it before stays;
    /// after a failure, what follows is unspecified, but never plaintext that was not authentic.
    async fn open(
        &self,
        key: &Self::Key,
        nonce: &[u8; NONCE],
        aad: &[u8],
        ciphertext: &[u8],
        opened: &mut Vec<u8>,
    ) -> Result<(), OpenError>;
}

/// The platform's cipher refused to work at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this device cannot seal or open files")]
pub struct CipherUnavailable;

/// AES-256-GCM in this process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Native;

impl BulkCipher for Native {
    type Key = Box<Aes256Gcm>;

    async fn import(&self, key: &SegmentKey) -> Result<Self::Key, CipherUnavailable> {
        Ok(Box::new(Aes256Gcm::new(key.expose().into())))
    }

    async fn seal(
        &self,
        key: &Self::Key,
        nonce: &[u8; NONCE],
        aad: &[u8],
        plaintext: &[u8],
        sealed: &mut Vec<u8>,
    ) -> Result<(), CipherUnavailable> {
        let start = sealed.len();
        sealed.extend_from_slice(plaintext);
        Self::seal_from(key, nonce, aad, sealed, start)
    }

    async fn open(
        &self,
        key: &Self::Key,
        nonce: &[u8; NONCE],
        aad: &[u8],
        ciphertext: &[u8],
        opened: &mut Vec<u8>,
    ) -> Result<(), OpenError> {
        let start = opened.len();
        opened.extend_from_slice(ciphertext);
        Self::open_from(key, nonce, aad, opened, start)
    }
}

impl Native {
    /// Replaces what `buffer` holds from `start` on by its ciphertext and tag.
    pub fn seal_from(
        key: &<Self as BulkCipher>::Key,
        nonce: &[u8; NONCE],
        aad: &[u8],
        buffer: &mut Vec<u8>,
        start: usize,
    ) -> Result<(), CipherUnavailable> {
        let plaintext = buffer.get_mut(start..).ok_or(CipherUnavailable)?;
        let tag = key.encrypt_inout_detached(nonce.into(), aad, plaintext.into()).map_err(|_| CipherUnavailable)?;
        buffer.extend_from_slice(&tag);
        Ok(())
    }

    /// Replaces the ciphertext and tag that `buffer` holds from `start` on by the plaintext, if the tag holds.
    pub fn open_from(
        key: &<Self as BulkCipher>::Key,
        nonce: &[u8; NONCE],
        aad: &[u8],
        buffer: &mut Vec<u8>,
        start: usize,
    ) -> Result<(), OpenError> {
        let (ciphertext, tag) =
            buffer.get_mut(start..).and_then(<[u8]>::split_last_chunk_mut::<16>).ok_or(OpenError)?;
        let (tag, length) = (*tag, ciphertext.len());
        key.decrypt_inout_detached(nonce.into(), aad, ciphertext.into(), &tag.into()).map_err(|_| OpenError)?;
        buffer.truncate(start + length);
        Ok(())
    }
}

impl SegmentKey {
    /// Lends the bytes to a platform's cipher for import, and erases the copy afterwards.
    pub fn lend<T>(&self, use_bytes: impl FnOnce(&[u8; 32]) -> T) -> T {
        let mut bytes = *self.expose();
        let result = use_bytes(&bytes);
        bytes.zeroize();
        result
    }
}

/// How a content is divided. Everything follows from the plaintext's length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    segment: u32,
    plaintext: u64,
}

impl Layout {
    /// The layout of a plaintext of this many bytes.
    pub const fn of_plaintext(length: u64) -> Self {
        Self { segment: SEGMENT, plaintext: length }
    }

    /// The layout of sealed segments of this many bytes together, if there is one.
    pub fn of_sealed(length: u64) -> Result<Self, OpenError> {
        Self::of_sealed_in(SEGMENT, length)
    }

    fn of_sealed_in(segment: u32, length: u64) -> Result<Self, OpenError> {
        let segments = length.div_ceil(u64::from(segment));
        let plaintext = length.checked_sub(segments * u64::from(OVERHEAD)).ok_or(OpenError)?;
        let layout = Self { segment, plaintext };
        if layout.sealed() == length && segments > 0 { Ok(layout) } else { Err(OpenError) }
    }

    /// Plaintext bytes in every segment but the last.
    pub const fn step(self) -> u64 {
        (self.segment - OVERHEAD) as u64
    }

    /// Plaintext bytes altogether.
    pub const fn plaintext(self) -> u64 {
        self.plaintext
    }

    /// How many segments. An empty content has one, empty.
    pub const fn segments(self) -> u64 {
        let segments = self.plaintext.div_ceil(self.step());
        if segments == 0 { 1 } else { segments }
    }

    /// Sealed bytes altogether, without the header.
    pub const fn sealed(self) -> u64 {
        self.plaintext + self.segments() * OVERHEAD as u64
    }

    /// Plaintext bytes in the segment at this position; none past the last.
    pub fn length_at(self, position: u64) -> Option<u64> {
        (position < self.segments()).then(|| self.step().min(self.plaintext - position * self.step()))
    }

    const fn is_last(self, position: u64) -> bool {
        position + 1 == self.segments()
    }
}

/// What both directions share: the message key, and the AES key of the run of segments at hand.
struct Stream<C: BulkCipher> {
    cipher: C,
    layout: Layout,
    message_key: Zeroizing<[u8; MESSAGE_KEY]>,
    parameters: [u8; PARAMETERS],
    iv: [u8; IV],
    aad: Vec<u8>,
    rotation_bits: u32,
    current: RefCell<Option<(u64, Rc<C::Key>)>>,
}

/// How often a segment key is replaced: every 2^20 segments.
const ROTATION_BITS: u32 = 20;

impl<C: BulkCipher> Stream<C> {
    fn new(cipher: C, key: &[u8; 32], layout: Layout, iv: [u8; IV], aad: Vec<u8>) -> Self {
        let parameters = encode_parameters(layout.segment);
        let message_key = expand(key, &parameters, &iv, &[b"MESSAGE_KEY:"], &aad);
        Self {
            cipher,
            layout,
            message_key,
            parameters,
            iv,
            aad,
            rotation_bits: ROTATION_BITS,
            current: RefCell::default(),
        }
    }

    /// The key of this position's run. Two who ask at once for one that is not at hand each import it.
    async fn key(&self, position: u64) -> Result<Rc<C::Key>, CipherUnavailable> {
        let first = position >> self.rotation_bits << self.rotation_bits;
        if let Some((held, key)) = &*self.current.borrow()
            && *held == first
        {
            return Ok(Rc::clone(key));
        }
        let key = expand(&*self.message_key, &self.parameters, &self.iv, &[b"DEK:", &first.to_be_bytes()], &self.aad);
        let key = Rc::new(self.cipher.import(&SegmentKey::from_bytes(*key)).await?);
        self.current.replace(Some((first, Rc::clone(&key))));
        Ok(key)
    }

    fn segment_aad(&self, position: u64) -> [u8; 9] {
        let mut aad = [0; 9];
        if let Some((place, [last])) = aad.split_first_chunk_mut::<8>() {
            *place = position.to_be_bytes();
            *last = u8::from(self.layout.is_last(position));
        }
        aad
    }
}

/// Seals one content, segment by segment, in any order, several at once if need be. Sealing a position again, after a
/// crash, gives another valid segment for the same place.
pub struct Sealer<C: BulkCipher> {
    stream: Stream<C>,
    header: [u8; HEADER],
}

/// Why a segment was not sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The platform's cipher does not work.
    #[error(transparent)]
    Cipher(#[from] CipherUnavailable),
    /// The plaintext has not the length that its position asks for.
    #[error("a piece of the file has another length than was announced")]
    Length,
}

impl<C: BulkCipher> Sealer<C> {
    /// Starts sealing a content of `length` bytes under its own key.
    pub fn start(cipher: C, key: &ContentKey, context: &SealContext, length: u64, rng: &mut dyn CryptoRng) -> Self {
        let aad = context.digest().as_bytes().to_vec();
        Self::start_raw(cipher, key.expose(), aad, Layout::of_plaintext(length), crate::make_bytes(rng))
    }

    /// Goes on with a content whose header was made before.
    pub fn resume(
        cipher: C,
        key: &ContentKey,
        context: &SealContext,
        length: u64,
        header: &[u8],
    ) -> Result<Self, OpenError> {
        let aad = context.digest().as_bytes().to_vec();
        let iv = check_header(key.expose(), &aad, SEGMENT, header)?;
        Ok(Self::start_raw(cipher, key.expose(), aad, Layout::of_plaintext(length), iv))
    }

    fn start_raw(cipher: C, key: &[u8; 32], aad: Vec<u8>, layout: Layout, iv: [u8; IV]) -> Self {
        let tag = header_tag(key, layout.segment, &iv, &aad);
        let stream = Stream::new(cipher, key, layout, iv, aad);
        let mut header = [0; HEADER];
        for (to, from) in header.iter_mut().zip(stream.parameters.iter().chain(&iv).chain(tag.iter())) {
            *to = *from;
        }
        Self { stream, header }
    }

    /// The header, which the reader needs beside the segments.
    pub const fn header(&self) -> &[u8; HEADER] {
        &self.header
    }

    /// How the content is divided.
    pub const fn layout(&self) -> Layout {
        self.stream.layout
    }

    /// Seals the plaintext of one position: gives the head of the segment, and appends its ciphertext and tag to `sealed`.
    /// They come apart because a browser's cipher fills an empty vector without copying.
    pub async fn seal(
        &self,
        position: u64,
        plaintext: &[u8],
        rng: &mut dyn CryptoRng,
        sealed: &mut Vec<u8>,
    ) -> Result<[u8; HEAD], SealError> {
        let layout = self.stream.layout;
        if layout.length_at(position) != Some(plaintext.len() as u64) {
            return Err(SealError::Length);
        }
        let total = u32::try_from(plaintext.len()).ok().and_then(|length| length.checked_add(OVERHEAD));
        let marker = if layout.is_last(position) { total.ok_or(SealError::Length)? } else { NOT_LAST };
        let aad = self.stream.segment_aad(position);
        let nonce: [u8; NONCE] = crate::make_bytes(rng);
        let key = self.stream.key(position).await?;
        let start = sealed.len();
        if let Err(error) = self.stream.cipher.seal(&key, &nonce, &aad, plaintext, sealed).await {
            sealed.truncate(start);
            return Err(error.into());
        }
        let mut head = [0; HEAD];
        for (to, from) in head.iter_mut().zip(marker.to_be_bytes().into_iter().chain(nonce)) {
            *to = from;
        }
        Ok(head)
    }
}

/// Opens a sealed content at any position, several at once if need be.
pub struct Opener<C: BulkCipher> {
    stream: Stream<C>,
}

impl<C: BulkCipher> Opener<C> {
    /// Starts opening sealed segments of `length` bytes together, for the context that the caller asked for.
    pub fn start(
        cipher: C,
        key: &ContentKey,
        context: &SealContext,
        header: &[u8],
        length: u64,
    ) -> Result<Self, OpenError> {
        let aad = context.digest().as_bytes().to_vec();
        Self::start_raw(cipher, key.expose(), aad, header, Layout::of_sealed(length)?)
    }

    fn start_raw(cipher: C, key: &[u8; 32], aad: Vec<u8>, header: &[u8], layout: Layout) -> Result<Self, OpenError> {
        let iv = check_header(key, &aad, layout.segment, header)?;
        Ok(Self { stream: Stream::new(cipher, key, layout, iv, aad) })
    }

    /// How the content is divided.
    pub const fn layout(&self) -> Layout {
        self.stream.layout
    }

    /// Opens the segment of one position, and appends its plaintext to `opened`. Only an authentic one gives anything.
    pub async fn open(&self, position: u64, segment: &[u8], opened: &mut Vec<u8>) -> Result<(), OpenError> {
        let layout = self.stream.layout;
        let length = layout.length_at(position).ok_or(OpenError)?;
        let (marker, rest) = segment.split_first_chunk::<4>().ok_or(OpenError)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE>().ok_or(OpenError)?;
        let due =
            if layout.is_last(position) { u32::try_from(segment.len()).map_err(|_| OpenError)? } else { NOT_LAST };
        if segment.len() as u64 != length + u64::from(OVERHEAD) || *marker != due.to_be_bytes() {
            return Err(OpenError);
        }
        let aad = self.stream.segment_aad(position);
        let key = self.stream.key(position).await.map_err(|_| OpenError)?;
        let start = opened.len();
        let authentic = self.stream.cipher.open(&key, nonce, &aad, ciphertext, opened).await;
        if authentic.is_err() {
            opened.truncate(start);
        }
        authentic
    }
}

fn encode_parameters(segment: u32) -> [u8; PARAMETERS] {
    let [a, b, c, d] = segment.to_be_bytes();
    // AES-256-GCM, HKDF-Expand-SHA-384, the segment's length, the initialisation vector's length.
    [0, 0, a, b, c, d, 0, 0, 0, 32]
}

fn check_header(key: &[u8; 32], aad: &[u8], segment: u32, header: &[u8]) -> Result<[u8; IV], OpenError> {
    let (parameters, rest) = header.split_first_chunk::<PARAMETERS>().ok_or(OpenError)?;
    let (iv, tag) = rest.split_first_chunk::<IV>().ok_or(OpenError)?;
    let known = *parameters == encode_parameters(segment);
    let authentic = bool::from(header_tag(key, segment, iv, aad)[..].ct_eq(tag));
    if known && authentic { Ok(*iv) } else { Err(OpenError) }
}

fn header_tag(key: &[u8; 32], segment: u32, iv: &[u8; IV], aad: &[u8]) -> Zeroizing<[u8; TAG]> {
    expand(key, &encode_parameters(segment), iv, &[b"HEADER_TAG:"], aad)
}

/// `FLOE_KDF`: HKDF-Expand-SHA-384 of `parameters ‖ iv ‖ purpose ‖ aad`. Every output fits in one block, so
/// that it is one HMAC.
fn expand<const N: usize>(
    key: &[u8],
    parameters: &[u8; PARAMETERS],
    iv: &[u8; IV],
    purpose: &[&[u8]],
    aad: &[u8],
) -> Zeroizing<[u8; N]> {
    // HMAC takes keys of every length.
    let Ok(mut mac) = Hmac::<Sha384>::new_from_slice(key) else { unreachable!("HMAC takes every key") };
    mac.update(parameters);
    mac.update(iv);
    for part in purpose {
        mac.update(part);
    }
    mac.update(aad);
    mac.update(&[1]);
    let mut block = mac.finalize().into_bytes();
    let mut output = Zeroizing::new([0; N]);
    for (to, from) in output.iter_mut().zip(&block) {
        *to = *from;
    }
    block.zeroize();
    output
}

#[cfg(test)]
mod tests;
