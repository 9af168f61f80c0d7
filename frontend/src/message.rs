//! What page and worker say to each other: CBOR in an array of `[number, bytes, file or blob]`.

use app::vault::{
    Chosen, Compared, Content, Details, Happening, NewShare, Patients, Person, Pixels, RecordItem, SessionEnd, Share,
    SignUp, Status, Trouble, Upload,
};
use js_sys::{Array, ArrayBuffer, Uint8Array};
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
    Compared(#[n(0)] Compared),
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
    #[n(28)]
    SignOutElsewhere,
    /// The password before, and the new one.
    #[n(29)]
    ChangePassword(#[n(0)] String, #[n(1)] String),
    /// A share, and its last day.
    #[n(30)]
    ChangeEnd(#[n(0)] String, #[n(1)] Option<String>),
    /// This page came back: to the front, from a sleep, or to a network. True where the connections before are surely
    /// none any more.
    #[n(31)]
    Woke(#[n(0)] bool),
    /// Tries an upload again that failed.
    #[n(32)]
    Again(#[n(0)] u32),
    /// Looks for what is new.
    #[n(33)]
    Look,
    #[n(34)]
    ActivityOfOthers,
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
    Patients(#[n(0)] Patients),
    /// Records, of which more will come.
    #[n(15)]
    SomeRecords(#[n(0)] Vec<RecordItem>),
    /// Happenings, of which more will come.
    #[n(16)]
    SomeHappenings(#[n(0)] Vec<Happening>),
}

/// Items in one message: reading them must not hold up the page.
const AT_ONCE: usize = 500;

impl Answer {
    /// The answer in pieces, each of which is read quickly. All but the last say that more will come.
    pub(crate) fn into_pieces(self) -> Vec<Self> {
        match self {
            Self::Records(items) => in_pieces(items, Self::SomeRecords, Self::Records),
            Self::Happenings(items) => in_pieces(items, Self::SomeHappenings, Self::Happenings),
            whole => vec![whole],
        }
    }
}

fn in_pieces<T>(items: Vec<T>, some: fn(Vec<T>) -> Answer, last: fn(Vec<T>) -> Answer) -> Vec<Answer> {
    let mut items = items.into_iter();
    let mut pieces = Vec::new();
    while items.len() > AT_ONCE {
        pieces.push(some(items.by_ref().take(AT_ONCE).collect()));
    }
    pieces.push(last(items.collect()));
    pieces
}

/// Puts the pieces of one answer together again.
#[derive(Default)]
pub(crate) struct Pieces {
    records: Vec<RecordItem>,
    happenings: Vec<Happening>,
}

impl Pieces {
    /// Takes a piece; gives the whole answer once it is there.
    pub(crate) fn take(&mut self, piece: Answer) -> Option<Answer> {
        match piece {
            Answer::SomeRecords(some) => {
                self.records.extend(some);
                None
            }
            Answer::SomeHappenings(some) => {
                self.happenings.extend(some);
                None
            }
            Answer::Records(last) => {
                self.records.extend(last);
                Some(Answer::Records(std::mem::take(&mut self.records)))
            }
            Answer::Happenings(last) => {
                self.happenings.extend(last);
                Some(Answer::Happenings(std::mem::take(&mut self.happenings)))
            }
            whole => Some(whole),
        }
    }
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
    Alarm(#[n(0)] Trouble),
    #[n(5)]
    Uploads(#[n(0)] Vec<Upload>),
    /// The server has something to tell this account.
    #[n(6)]
    Told,
    /// The session ended by itself. Said after the status.
    #[n(7)]
    Ended(#[n(0)] SessionEnd),
}

/// The number of what is said unasked.
pub(crate) const UNASKED: u32 = 0;

/// Packs a message. What lies beside the bytes, a file or a blob, crosses by reference.
pub(crate) fn pack<T: Encode<()>>(number: u32, message: &T, beside: &JsValue) -> Array {
    let bytes = protocol::cbor::encode(message);
    Array::of3(&number.into(), &Uint8Array::from(&bytes[..]), beside)
}

/// The bytes of a message that was packed, for the list of what moves with it instead of being copied.
pub(crate) fn bytes_of(message: &Array) -> Option<ArrayBuffer> {
    Some(message.get(1).dyn_ref::<Uint8Array>()?.buffer())
}

/// Unpacks a message's number, bytes, and what lies beside.
pub(crate) fn unpack(data: &JsValue) -> Option<(u32, Vec<u8>, JsValue)> {
    let array: &Array = data.dyn_ref()?;
    let number = array.get(0).as_f64()?;
    let bytes = array.get(1).dyn_into::<Uint8Array>().ok()?.to_vec();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was packed from a u32")]
    Some((number as u32, bytes, array.get(2)))
}

#[cfg(all(test, target_arch = "wasm32"))]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    fn happening(seq: u64) -> Happening {
        Happening {
            seq,
            at: 1,
            who: String::new(),
            name: "You".to_owned(),
            what: "added".to_owned(),
            record: None,
            share: None,
            own: true,
            lost: None,
        }
    }

    #[wasm_bindgen_test]
    fn a_long_answer_comes_in_pieces_and_whole_again() {
        for length in [0, 1, 500, 501, 1_700_u64] {
            let pieces = Answer::Happenings((0..length).map(happening).collect()).into_pieces();
            let expected = usize::try_from(length).unwrap().div_ceil(AT_ONCE).max(1);
            assert_eq!(pieces.len(), expected, "{length} come in {expected}");
            let mut together = Pieces::default();
            let whole: Vec<_> = pieces.into_iter().filter_map(|piece| together.take(piece)).collect();
            let [Answer::Happenings(whole)] = &whole[..] else { panic!("one whole answer") };
            assert!(whole.iter().map(|happening| happening.seq).eq(0..length), "{length} in order");
        }
    }
}
