//! What page and worker say to each other: CBOR in an array of `[number, bytes, file or blob]`.

use app::vault::{
    Chosen, Content, Details, Happening, NewShare, Patient, Person, Pixels, RecordItem, Share, SignUp, Status, Trouble,
    Upload,
};
use js_sys::{Array, Uint8Array};
use minicbor::{Decode, Encode};
use wasm_bindgen::{JsCast, JsValue};

/// What the page asks for.
#[derive(Encode, Decode)]
pub(crate) enum Command {
    #[n(1)]
    SignUp(#[n(0)] SignUp),
    #[n(2)]
    SignIn(#[n(0)] String, #[n(1)] String),
    #[n(3)]
    Recover(#[n(0)] String, #[n(1)] String, #[n(2)] String),
    #[n(4)]
    RatePassword(#[n(0)] String, #[n(1)] Vec<String>),
    #[n(5)]
    Lock,
    #[n(6)]
    SignOut,
    #[n(7)]
    Records,
    #[n(8)]
    Thumbnail(#[n(0)] String),
    /// The file comes beside the bytes.
    #[n(9)]
    Choose,
    #[n(10)]
    Unchoose(#[n(0)] u32),
    #[n(11)]
    Add(#[n(0)] u32, #[n(1)] Details),
    #[n(12)]
    Replace(#[n(0)] u32, #[n(1)] String),
    #[n(13)]
    Pause(#[n(0)] u32, #[n(1)] bool),
    #[n(14)]
    Cancel(#[n(0)] u32),
    #[n(15)]
    Open(#[n(0)] String),
    #[n(16)]
    Page(#[n(0)] String, #[n(1)] u32, #[n(2)] u32),
    #[n(17)]
    Save(#[n(0)] String),
    #[n(18)]
    Edit(#[n(0)] String, #[n(1)] Details),
    #[n(19)]
    Delete(#[n(0)] String),
    #[n(20)]
    Find(#[n(0)] String),
    #[n(21)]
    Compared(#[n(0)] String),
    #[n(22)]
    Share(#[n(0)] NewShare),
    #[n(23)]
    Shares,
    #[n(24)]
    Stop(#[n(0)] String),
    #[n(25)]
    Activity,
    #[n(26)]
    Patients,
    #[n(27)]
    Unlock(#[n(0)] String),
}

/// What the worker answers.
#[derive(Encode, Decode)]
pub(crate) enum Answer {
    #[n(1)]
    Failed(#[n(0)] Trouble),
    #[n(2)]
    Done,
    #[n(3)]
    Kit(#[n(0)] Vec<String>),
    #[n(4)]
    Rating(#[n(0)] u8, #[n(1)] Option<String>),
    #[n(5)]
    Records(#[n(0)] Vec<RecordItem>),
    #[n(6)]
    Thumbnail(#[cbor(n(0), with = "minicbor::bytes")] Option<Vec<u8>>),
    #[n(7)]
    Chosen(#[n(0)] Chosen),
    #[n(8)]
    Content(#[n(0)] Content),
    #[n(9)]
    Pixels(#[n(0)] Pixels),
    /// The blob comes beside the bytes; this is its name.
    #[n(10)]
    File(#[n(0)] String),
    #[n(11)]
    Person(#[n(0)] Person),
    #[n(12)]
    Shares(#[n(0)] Vec<Share>),
    #[n(13)]
    Happenings(#[n(0)] Vec<Happening>),
    #[n(14)]
    Patients(#[n(0)] Vec<Patient>),
}

/// What the worker says unasked.
#[derive(Encode, Decode)]
pub(crate) enum News {
    /// It listens from now on.
    #[n(1)]
    Ready,
    #[n(2)]
    Status(#[n(0)] Status),
    /// Records, shares or activity may have changed.
    #[n(3)]
    Changed,
    #[n(4)]
    Alarm(#[n(0)] String),
    #[n(5)]
    Uploads(#[n(0)] Vec<Upload>),
    /// The server has something to tell this account.
    #[n(6)]
    Told,
}

/// The number of what is said unasked.
pub(crate) const UNASKED: u32 = 0;

/// Packs a message. What lies beside the bytes, a file or a blob, crosses by reference.
pub(crate) fn pack<T: Encode<()>>(number: u32, message: &T, beside: &JsValue) -> Array {
    let bytes = protocol::cbor::encode(message);
    Array::of3(&number.into(), &Uint8Array::from(&bytes[..]), beside)
}

/// Unpacks a message's number, bytes, and what lies beside.
pub(crate) fn unpack(data: &JsValue) -> Option<(u32, Vec<u8>, JsValue)> {
    let array: &Array = data.dyn_ref()?;
    let number = array.get(0).as_f64()?;
    let bytes = array.get(1).dyn_into::<Uint8Array>().ok()?.to_vec();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was packed from a u32")]
    Some((number as u32, bytes, array.get(2)))
}
