//! What this device keeps in IndexedDB: its own key, sealed uploads that are not finished, and sealed pages of the own
//! log. Never plaintext.

use client::platform::KeptLog;
use idb::{Database, DatabaseEvent, Factory, KeyRange, ObjectStoreParams, Query, TransactionMode};
use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

/// Where things are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shelf {
    /// The device key.
    Keys,
    /// Tickets of uploads, by record.
    Tickets,
    /// Sealed chunks of uploads, by record and number.
    Chunks,
    /// Sealed pages of logs, by account, vault and number.
    Logs,
}

impl Shelf {
    const ALL: [Self; 4] = [Self::Keys, Self::Tickets, Self::Chunks, Self::Logs];

    const fn name(self) -> &'static str {
        match self {
            Self::Keys => "keys",
            Self::Tickets => "tickets",
            Self::Chunks => "chunks",
            Self::Logs => "logs",
        }
    }
}

/// Goes up by one with every new shelf.
const VERSION: u32 = 2;

async fn database() -> Result<Database, idb::Error> {
    let mut opening = Factory::new()?.open("healthbridge", Some(VERSION))?;
    opening.on_upgrade_needed(|event| {
        // Nothing to be done about a failure here: opening fails then, and with it whatever asked.
        if let Ok(database) = event.database() {
            let there = database.store_names();
            for shelf in Shelf::ALL.into_iter().filter(|shelf| !there.iter().any(|name| name == shelf.name())) {
                drop(database.create_object_store(shelf.name(), ObjectStoreParams::new()));
            }
        }
    });
    opening.await
}

/// Puts a value on a shelf.
pub(crate) async fn put(shelf: Shelf, key: &JsValue, value: &JsValue) -> Result<(), idb::Error> {
    let database = database().await?;
    let transaction = database.transaction(&[shelf.name()], TransactionMode::ReadWrite)?;
    transaction.object_store(shelf.name())?.put(value, Some(key))?.await?;
    transaction.commit()?.await?;
    database.close();
    Ok(())
}

/// Takes a value from a shelf, if it is there.
pub(crate) async fn get(shelf: Shelf, key: &JsValue) -> Result<Option<JsValue>, idb::Error> {
    let database = database().await?;
    let transaction = database.transaction(&[shelf.name()], TransactionMode::ReadOnly)?;
    let value = transaction.object_store(shelf.name())?.get(Query::Key(key.clone()))?.await?;
    database.close();
    Ok(value)
}

/// Every key of a shelf.
pub(crate) async fn keys(shelf: Shelf) -> Result<Vec<JsValue>, idb::Error> {
    let database = database().await?;
    let transaction = database.transaction(&[shelf.name()], TransactionMode::ReadOnly)?;
    let store = transaction.object_store(shelf.name())?;
    let keys = store.get_all_keys(None, None)?.await?;
    database.close();
    Ok(keys)
}

/// Takes a value off a shelf for good.
pub(crate) async fn remove(shelf: Shelf, query: impl Into<Query>) -> Result<(), idb::Error> {
    let database = database().await?;
    let transaction = database.transaction(&[shelf.name()], TransactionMode::ReadWrite)?;
    transaction.object_store(shelf.name())?.delete(query)?.await?;
    transaction.commit()?.await?;
    database.close();
    Ok(())
}

/// Empties a shelf.
pub(crate) async fn clear(shelf: Shelf) -> Result<(), idb::Error> {
    let database = database().await?;
    let transaction = database.transaction(&[shelf.name()], TransactionMode::ReadWrite)?;
    transaction.object_store(shelf.name())?.clear()?.await?;
    transaction.commit()?.await?;
    database.close();
    Ok(())
}

/// The key of a log's page: account, vault, then its number.
pub(crate) fn page_key(log: KeptLog, number: u64) -> JsValue {
    #[expect(clippy::cast_precision_loss, reason = "a log has far fewer pages than 2^53")]
    let number = number as f64;
    Array::of3(&log.account.to_string().into(), &log.vault.to_string().into(), &number.into()).into()
}

/// All pages of a log.
pub(crate) fn pages_of(log: KeptLog) -> Result<KeyRange, idb::Error> {
    let (account, vault) = (log.account.to_string().into(), log.vault.to_string().into());
    let end: JsValue = Array::of3(&account, &vault, &f64::INFINITY.into()).into();
    KeyRange::bound(&Array::of2(&account, &vault).into(), &end, None, None)
}

/// The key of a chunk: its record, then its number.
pub(crate) fn chunk_key(record: &str, number: u64) -> JsValue {
    #[expect(clippy::cast_precision_loss, reason = "a blob has far fewer chunks than 2^53")]
    let number = number as f64;
    Array::of2(&record.into(), &number.into()).into()
}

/// All chunks of a record.
pub(crate) fn chunks_of(record: &str) -> Result<KeyRange, idb::Error> {
    let end: JsValue = Array::of2(&record.into(), &f64::INFINITY.into()).into();
    KeyRange::bound(&Array::of1(&record.into()).into(), &end, None, None)
}

/// Bytes, as IndexedDB gives them back.
pub(crate) fn bytes(value: &JsValue) -> Option<Vec<u8>> {
    value.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec)
}
