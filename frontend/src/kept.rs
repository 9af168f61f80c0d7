//! What this device keeps in IndexedDB: its own key, sealed uploads that are not finished, and sealed pages of the own
//! log. Never plaintext.

use client::platform::KeptLog;
use idb::{Database, DatabaseEvent, Factory, KeyRange, ObjectStore, ObjectStoreParams, Query, TransactionMode};
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

/// Does something with a shelf, and closes the database again, whatever came of it.
async fn at<T>(
    shelf: Shelf,
    mode: TransactionMode,
    act: impl AsyncFnOnce(&ObjectStore) -> Result<T, idb::Error>,
) -> Result<T, idb::Error> {
    let database = database().await?;
    let done = async {
        let transaction = database.transaction(&[shelf.name()], mode)?;
        let done = act(&transaction.object_store(shelf.name())?).await?;
        if mode == TransactionMode::ReadWrite {
            transaction.commit()?.await?;
        }
        Ok::<T, idb::Error>(done)
    }
    .await;
    database.close();
    done
}

/// Puts a value on a shelf.
pub(crate) async fn put(shelf: Shelf, key: &JsValue, value: &JsValue) -> Result<(), idb::Error> {
    at(shelf, TransactionMode::ReadWrite, async |store| store.put(value, Some(key))?.await.map(drop)).await
}

/// Takes a value from a shelf, if it is there.
pub(crate) async fn get(shelf: Shelf, key: &JsValue) -> Result<Option<JsValue>, idb::Error> {
    at(shelf, TransactionMode::ReadOnly, async |store| store.get(Query::Key(key.clone()))?.await).await
}

/// Every key of a shelf.
pub(crate) async fn keys(shelf: Shelf) -> Result<Vec<JsValue>, idb::Error> {
    at(shelf, TransactionMode::ReadOnly, async |store| store.get_all_keys(None, None)?.await).await
}

/// Takes a value off a shelf for good.
pub(crate) async fn remove(shelf: Shelf, query: impl Into<Query>) -> Result<(), idb::Error> {
    at(shelf, TransactionMode::ReadWrite, async |store| store.delete(query)?.await).await
}

/// Empties a shelf.
pub(crate) async fn clear(shelf: Shelf) -> Result<(), idb::Error> {
    at(shelf, TransactionMode::ReadWrite, async |store| store.clear()?.await).await
}

/// A key of some names, and of the place among all keys that have the same.
fn placed(names: &[&str], place: f64) -> JsValue {
    let names = names.iter().copied().map(JsValue::from_str);
    names.chain([JsValue::from_f64(place)]).collect::<Array>().into()
}

/// A key of some names and a number.
fn numbered(names: &[&str], number: u64) -> JsValue {
    #[expect(clippy::cast_precision_loss, reason = "nothing has as many pages or chunks as 2^53")]
    let place = number as f64;
    placed(names, place)
}

/// All keys of the same names.
fn all_numbers(names: &[&str]) -> Result<KeyRange, idb::Error> {
    KeyRange::bound(&placed(names, 0.0), &placed(names, f64::INFINITY), None, None)
}

/// The key of a log's page: account, vault, then its number.
pub(crate) fn page_key(log: KeptLog, number: u64) -> JsValue {
    numbered(&[&log.account.to_string(), &log.vault.to_string()], number)
}

/// All pages of a log.
pub(crate) fn pages_of(log: KeptLog) -> Result<KeyRange, idb::Error> {
    all_numbers(&[&log.account.to_string(), &log.vault.to_string()])
}

/// The key of a chunk: its record, then its number.
pub(crate) fn chunk_key(record: &str, number: u64) -> JsValue {
    numbered(&[record], number)
}

/// All chunks of a record.
pub(crate) fn chunks_of(record: &str) -> Result<KeyRange, idb::Error> {
    all_numbers(&[record])
}

/// The record of a chunk, by its key.
pub(crate) fn record_of(chunk: &JsValue) -> Option<String> {
    chunk.dyn_ref::<Array>()?.get(0).as_string()
}

/// A sealed ticket as it is kept, beside the account whose it is: only that one opens it, but anybody may sign out.
pub(crate) fn ticket(account: &str, sealed: &[u8]) -> JsValue {
    Array::of2(&account.into(), &Uint8Array::from(sealed)).into()
}

/// Whose a ticket is; none for one from before that was noted.
pub(crate) fn owner_of(ticket: &JsValue) -> Option<String> {
    ticket.dyn_ref::<Array>()?.get(0).as_string()
}

/// What was sealed of a ticket.
pub(crate) fn sealed_of(ticket: &JsValue) -> Option<Vec<u8>> {
    match ticket.dyn_ref::<Array>() {
        Some(kept) => bytes(&kept.get(1)),
        None => bytes(ticket),
    }
}

/// Bytes, as IndexedDB gives them back.
pub(crate) fn bytes(value: &JsValue) -> Option<Vec<u8>> {
    value.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec)
}

#[cfg(all(test, target_arch = "wasm32"))]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn a_ticket_says_whose_it_is_and_an_older_one_does_not() {
        let kept = ticket("maya", &[1, 2, 3]);
        assert_eq!((owner_of(&kept), sealed_of(&kept)), (Some("maya".to_owned()), Some(vec![1, 2, 3])));
        let older: JsValue = Uint8Array::from(&[4, 5][..]).into();
        assert_eq!((owner_of(&older), sealed_of(&older)), (None, Some(vec![4, 5])));
        assert_eq!((owner_of(&JsValue::NULL), sealed_of(&JsValue::NULL)), (None, None));
        assert_eq!(record_of(&chunk_key("a1", 7)), Some("a1".to_owned()));
    }
}
