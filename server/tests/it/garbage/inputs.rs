//! Kinds of garbage.

use axum::http::HeaderValue;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::BoxedStrategy;
use protocol::api::ACCOUNT_HEADER;

/// What is wrong with a request.
#[derive(Clone, Debug)]
pub(super) enum Input {
    /// Nothing is sent.
    Empty,
    /// This is sent.
    Bytes(Vec<u8>),
    /// A good message ends early.
    Cut(Index),
    /// A good message with one byte changed.
    Changed(Index, u8),
    /// A good message up to a place, then this.
    Until(Index, Vec<u8>),
    /// A good message with one field more, which is this.
    More(Vec<u8>),
    /// One byte more than the route takes.
    TooLarge,
    /// This in place of the ids and numbers in the path, or of the last of them.
    Path(String, bool),
    /// This after the path.
    Query(String),
    /// A header in place of the right one.
    Header(&'static str, HeaderValue),
    /// A header beside the right one.
    Again(&'static str, HeaderValue),
}

/// Which part of a request is hopeless.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Body,
    Type,
    Path,
    /// None: it may be taken all the same.
    Other,
}

impl Input {
    pub(super) fn part(&self) -> Part {
        match self {
            Self::Empty | Self::Bytes(_) | Self::Cut(_) | Self::Until(..) | Self::More(_) | Self::TooLarge => {
                Part::Body
            }
            Self::Path(..) => Part::Path,
            Self::Header("content-type", _) => Part::Type,
            // A changed byte in what is sealed is for the client to find.
            Self::Changed(..) | Self::Query(_) | Self::Header(..) | Self::Again(..) => Part::Other,
        }
    }

    /// The body that is sent in place of a good one.
    pub(super) fn body(&self, good: &[u8], limit: usize) -> Vec<u8> {
        match self {
            Self::Empty => Vec::new(),
            Self::Bytes(bytes) => bytes.clone(),
            Self::Cut(place) if !good.is_empty() => good[..place.index(good.len())].to_vec(),
            Self::Changed(place, bits) if !good.is_empty() => {
                let mut changed = good.to_vec();
                changed[place.index(good.len())] ^= bits;
                changed
            }
            Self::Until(place, rest) if !good.is_empty() => [&good[..place.index(good.len())], rest].concat(),
            Self::More(field) if !good.is_empty() => {
                let mut longer = [good, field].concat();
                longer[0] += 1;
                longer
            }
            Self::TooLarge => vec![0; limit + 1],
            _ => good.to_vec(),
        }
    }
}

/// CBOR that is deep, or says that it is long, or is no CBOR at all.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let opening = select(vec![
        &[0x81][..],
        &[0x82, 0x00],
        &[0x9f],
        &[0x82, 0x9f],
        &[0xa1, 0x00],
        &[0xbf, 0x00],
        &[0xc1],
        &[0xd8, 0x18],
        &[0x5f],
    ]);
    let depth = select(vec![1, 30, 1000, 100_000]);
    let nested = (opening, depth).prop_map(|(opening, depth)| opening.repeat(depth));
    let long = select(vec![
        vec![0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        vec![0x9b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00],
        vec![0x9a, 0xff, 0xff, 0xff, 0xff],
        vec![0xbb, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00],
        vec![0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        vec![0x5a, 0x7f, 0xff, 0xff, 0xff],
        vec![0x7b, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00],
        vec![0x5f, 0x5b, 0x40, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00],
        vec![0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        vec![0x3b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    ]);
    let odd = select(vec![vec![0x1c], vec![0xf8, 0x00], vec![0xf9, 0x7e, 0x00], vec![0xf6], vec![0xf7], vec![0xff]]);
    prop_oneof![nested, long, odd]
}

/// What HTTP lets into a header's value.
pub(super) fn header_values() -> impl Strategy<Value = HeaderValue> {
    let byte = prop_oneof![0x20..0x7f_u8, 0x80..=0xff_u8, Just(b'\t')];
    let any = prop::collection::vec(byte, 0..300);
    let odd = select(vec![
        "__Host-healthbridge=",
        "__Host-healthbridge=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA; ; =; a",
        "__Host-healthbridge==\"; __Host-healthbridge=\u{ff}",
        "bytes=0-",
        "bytes=-18446744073709551616",
        "bytes=5-1,99999999999999999999-",
        "00",
        "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
        "null",
        "cross-site",
        "18446744073709551616",
        "application/cbor; charset=utf-8",
        "application/cbor, application/cbor",
        "text/html,*/*",
        "\u{202e}",
    ]);
    let odd = odd.prop_map(|text| text.as_bytes().to_vec());
    prop_oneof![any, odd].prop_map(|bytes| HeaderValue::from_bytes(&bytes).unwrap())
}

/// A part of a path, as it may stand in one.
pub(super) fn path_parts() -> impl Strategy<Value = String> {
    // Whatever it is, it ends as no number does.
    let escaped = prop::collection::vec(any::<u8>(), 0..40)
        .prop_map(|bytes| bytes.iter().map(|byte| format!("%{byte:02x}")).chain(["%7e".to_owned()]).collect());
    let odd = select(vec![
        "-1",
        "4294967296",
        "18446744073709551616",
        "%00",
        "%ff",
        "%2e%2e%2f",
        "..",
        ".",
        "{vault}",
        "000102030405060708090A0B0C0D0E0F",
        "000102030405060708090a0b0c0d0e0",
        "000102030405060708090a0b0c0d0e0f0",
        "0x0102030405060708090a0b0c0d0e0f",
        "%30000102030405060708090a0b0c0d0e0",
        "',--",
    ]);
    let long = (1..2000_usize).prop_map(|length| "a".repeat(length));
    prop_oneof![escaped, odd.prop_map(str::to_owned), long]
}

pub(super) fn queries() -> impl Strategy<Value = String> {
    let odd = select(vec![
        "after=",
        "after=-1",
        "after=18446744073709551615",
        "after=18446744073709551616",
        "after=9223372036854775808",
        "after=99999999999999999999999999999999",
        "after=1e9",
        "after=0x10",
        "after=%31",
        "after=%ff",
        "after=1&after=2",
        "&&&===",
        "AFTER=1",
        "",
    ]);
    let any =
        "[!-\"$-~]{0,200}".prop_map(|query: String| query.replace(['"', '<', '>', '\\', '^', '`', '{', '|', '}'], "%"));
    prop_oneof![odd.prop_map(str::to_owned), any]
}

const HEADERS: [&str; 18] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "expect",
    "host",
    "if-modified-since",
    "if-none-match",
    "origin",
    "range",
    "referer",
    "sec-fetch-site",
    "transfer-encoding",
    "user-agent",
    ACCOUNT_HEADER,
];

/// Any header with any value.
pub(super) fn headers() -> impl Strategy<Value = (&'static str, HeaderValue)> {
    (select(HEADERS.to_vec()), header_values())
}

/// Every kind, to be drawn from one by one, so that no run leaves one out.
pub(super) fn kinds() -> Vec<BoxedStrategy<Input>> {
    let wrong_types = prop_oneof![
        select(vec!["", "text/plain", "application/json", "application/cbor; charset=utf-8", "APPLICATION/CBOR"])
            .prop_map(HeaderValue::from_static),
        header_values(),
    ];
    // Not a short message that happens to be one.
    let random = prop::collection::vec(any::<u8>(), 1..300).prop_filter("a message", |bytes| bytes[0] != 0x81);
    vec![
        Just(Input::Empty).boxed(),
        random.prop_map(Input::Bytes).boxed(),
        hostile().prop_map(Input::Bytes).boxed(),
        any::<Index>().prop_map(Input::Cut).boxed(),
        (any::<Index>(), 1..=255_u8).prop_map(|(place, bits)| Input::Changed(place, bits)).boxed(),
        (any::<Index>(), hostile()).prop_map(|(place, rest)| Input::Until(place, rest)).boxed(),
        hostile().prop_map(Input::More).boxed(),
        (path_parts(), any::<bool>()).prop_map(|(part, last)| Input::Path(part, last)).boxed(),
        queries().prop_map(Input::Query).boxed(),
        wrong_types.prop_map(|kind| Input::Header("content-type", kind)).boxed(),
        headers().prop_map(|(name, value)| Input::Header(name, value)).boxed(),
        headers().prop_map(|(name, value)| Input::Again(name, value)).boxed(),
    ]
}
