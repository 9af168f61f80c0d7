//! Staying unlocked on this device: a key that `WebCrypto` never gives out wraps the master key, and the wrap
//! stays on the server behind the session.

use client::{ClientError, Session};
use js_sys::{Array, Object, Reflect, Uint8Array};
use protocol::AccountId;
use vault::AccountMasterKey;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::CryptoKey;

use crate::cipher::{parameters, subtle};
use crate::kept::{self, Shelf};
use crate::platform::Browser;

const NONCE: usize = 12;

/// The name that the device key is kept under.
const KEY: &str = "device";

/// Binds a wrap to the account that it unlocks.
fn aad(account: &str) -> Vec<u8> {
    [b"hb/v1/device\0", account.as_bytes()].concat()
}

/// Wraps the master key with a fresh device key, and leaves the wrap with the server.
pub(crate) async fn keep(session: &Session<Browser>) -> Result<(), ClientError> {
    // Without IndexedDB or WebCrypto the vault still works; it only asks for the password after a reload.
    let Ok((key, wrap)) = wrap(session).await else { return Ok(()) };
    if kept::put(Shelf::Keys, &KEY.into(), &key).await.is_err() {
        return Ok(());
    }
    session.keep_device_wrap(wrap).await
}

async fn wrap(session: &Session<Browser>) -> Result<(CryptoKey, Vec<u8>), JsValue> {
    let unavailable = |_| JsValue::NULL;
    let algorithm = Object::new();
    Reflect::set(&algorithm, &"name".into(), &"AES-GCM".into())?;
    Reflect::set(&algorithm, &"length".into(), &256.into())?;
    let usages = Array::of2(&"encrypt".into(), &"decrypt".into());
    let key = subtle().map_err(unavailable)?.generate_key_with_object(&algorithm, false, &usages)?;
    let key: CryptoKey = JsFuture::from(key).await?.unchecked_into();
    let nonce: [u8; NONCE] = vault::make_bytes(&mut client::Platform::random(&Browser::default()));
    let plain = session.master().lend(|bytes| Uint8Array::from(&bytes[..]));
    let account = session.who().account.to_string();
    let sealed = subtle().map_err(unavailable)?.encrypt_with_object_and_buffer_source(
        &parameters(&nonce, &aad(&account)),
        &key,
        &plain,
    )?;
    let sealed = Uint8Array::new(&JsFuture::from(sealed).await?).to_vec();
    plain.fill(0, 0, 32);
    Ok((key, [&nonce[..], &sealed].concat()))
}

/// The master key of this account, if this device may still unlock it.
pub(crate) async fn unwrap(account: AccountId) -> Result<Option<AccountMasterKey>, ClientError> {
    let Ok(Some(key)) = kept::get(Shelf::Keys, &KEY.into()).await else { return Ok(None) };
    let Some(wrap) = Session::device_wrap(&Browser::of(account)).await? else { return Ok(None) };
    Ok(open(&key.unchecked_into(), &account.to_string(), &wrap).await)
}

async fn open(key: &CryptoKey, account: &str, wrap: &[u8]) -> Option<AccountMasterKey> {
    let (nonce, sealed) = wrap.split_at_checked(NONCE)?;
    let opened = subtle()
        .ok()?
        .decrypt_with_object_and_buffer_source(&parameters(nonce, &aad(account)), key, &Uint8Array::from(sealed))
        .ok()?;
    let opened = Uint8Array::new(&JsFuture::from(opened).await.ok()?);
    let mut bytes = [0; 32];
    if opened.length() != 32 {
        return None;
    }
    opened.copy_to(&mut bytes);
    opened.fill(0, 0, 32);
    Some(AccountMasterKey::from_device(bytes))
}

/// Forgets the device key. What it wrapped opens nothing from then on.
pub(crate) async fn forget_key() {
    // A store that cannot be written keeps it: then only the wrap, which is taken back, is between it and the vault.
    drop(kept::remove(Shelf::Keys, JsValue::from(KEY)).await);
}

/// Takes the wrap back from the server, which may have none.
pub(crate) async fn take_back_wrap(platform: &Browser) -> Result<(), ClientError> {
    match Session::drop_device_wrap(platform).await {
        Err(error) if !matches!(error, ClientError::Api(_)) => Err(error),
        _ => Ok(()),
    }
}
