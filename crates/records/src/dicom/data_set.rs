//! Reads the top level of a DICOM data set and steps over everything nested, within the bytes that are there (DICOM PS3.5, 7).

use super::{DicomError, TransferSyntax, tag};
use crate::text::latin1;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Sequences in sequences deeper than this are taken for damage.
const DEPTH: u8 = 24;
/// A deflated data set may not grow over this many bytes.
const INFLATED_LIMIT: usize = 256 * 1024 * 1024;
/// Stray bytes before a data set without header are forgiven up to here.
const STRAY_LIMIT: usize = 8;

const ITEM: u32 = 0xFFFE_E000;
const ITEM_END: u32 = 0xFFFE_E00D;
const SEQUENCE_END: u32 = 0xFFFE_E0DD;
const UNDEFINED: u32 = 0xFFFF_FFFF;

/// A value of the top level.
#[derive(Clone)]
pub(crate) enum Value<'a> {
    /// Bytes as they stand in the file.
    Bytes(&'a [u8]),
    #[cfg_attr(not(feature = "decode"), expect(dead_code, reason = "only the picture needs them"))]
    /// The fragments of compressed pixel data, the offset table first (DICOM PS3.5, A.4).
    Fragments(Vec<&'a [u8]>),
}

/// A file taken out of its wrapping: the bytes of its data set, inflated if need be.
pub(crate) struct File<'a> {
    body: Cow<'a, [u8]>,
    pub(crate) transfer_syntax: TransferSyntax,
}

/// The top-level attributes of a data set.
pub(crate) struct DataSet<'a> {
    values: BTreeMap<u32, Value<'a>>,
    pub(crate) big_endian: bool,
    /// The data set breaks off within a value or does not go on as it should.
    pub(crate) truncated: bool,
}

impl<'a> File<'a> {
    /// Finds the data set in a file with header (DICOM PS3.10, 7.1), or guesses at one without.
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Self, DicomError> {
        let Some(rest) = bytes.get(128..).and_then(|rest| rest.strip_prefix(b"DICM")) else {
            return Self::open_bare(bytes);
        };
        let mut reader = Reader::new(rest, Encoding { explicit: true, big_endian: false });
        let mut values = BTreeMap::new();
        while reader.peek_tag().is_some_and(|tag| tag >> 16 == 0x0002) {
            let Some((tag, value)) = reader.element(0) else {
                break;
            };
            values.insert(tag, value);
        }
        let meta = DataSet { values, big_endian: false, truncated: false };
        let body = reader.rest;
        let transfer_syntax = match meta.text(tag::TRANSFER_SYNTAX_UID) {
            Some(uid) => TransferSyntax::from_uid(&uid),
            None => bare_start(body).map(|(_, syntax)| syntax).ok_or(DicomError::Damaged)?,
        };
        if transfer_syntax == TransferSyntax::DeflatedExplicitVrLittleEndian {
            return Ok(Self { body: Cow::Owned(inflated(body, INFLATED_LIMIT)?), transfer_syntax });
        }
        Ok(Self { body: Cow::Borrowed(body), transfer_syntax })
    }

    fn open_bare(bytes: &'a [u8]) -> Result<Self, DicomError> {
        let (start, transfer_syntax) = bare_start(bytes).ok_or(DicomError::NotDicom)?;
        let body = bytes.get(start..).unwrap_or_default();
        Ok(Self { body: Cow::Borrowed(body), transfer_syntax })
    }

    /// Reads the attributes. What cannot be read ends the list and is noted, so that a cut file still tells what it is.
    pub(crate) fn data_set(&self) -> DataSet<'_> {
        let mut encoding = Encoding {
            explicit: self.transfer_syntax != TransferSyntax::ImplicitVrLittleEndian,
            big_endian: self.transfer_syntax == TransferSyntax::ExplicitVrBigEndian,
        };
        // Some writers name one encoding and use the other.
        if !encoding.big_endian && !encoding.plausible(&self.body) {
            let other = Encoding { explicit: !encoding.explicit, big_endian: false };
            if other.plausible(&self.body) {
                encoding = other;
            }
        }
        let mut reader = Reader::new(&self.body, encoding);
        let mut values = BTreeMap::new();
        while !reader.rest.is_empty() {
            let Some((tag, value)) = reader.element(0) else {
                break;
            };
            // The first one counts: a later double could only be there to confuse.
            values.entry(tag).or_insert(value);
        }
        let truncated = reader.cut || reader.rest.len() >= 8;
        DataSet { values, big_endian: encoding.big_endian, truncated }
    }
}

/// A deflated body, unless it grows over a limit.
fn inflated(body: &[u8], limit: usize) -> Result<Vec<u8>, DicomError> {
    miniz_oxide::inflate::decompress_to_vec_with_limit(body, limit).map_err(|_| DicomError::Damaged)
}

impl<'a> DataSet<'a> {
    pub(crate) fn value(&self, tag: u32) -> Option<&Value<'a>> {
        self.values.get(&tag)
    }

    pub(crate) fn bytes(&self, tag: u32) -> Option<&'a [u8]> {
        match self.values.get(&tag)? {
            Value::Bytes(bytes) => Some(bytes),
            Value::Fragments(_) => None,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The value as text without padding, or nothing if it is blank.
    pub(crate) fn text(&self, tag: u32) -> Option<String> {
        let bytes = self.bytes(tag)?;
        let utf8 = self.bytes(tag::SPECIFIC_CHARACTER_SET).is_some_and(|set| set.starts_with(b"ISO_IR 192"));
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) if utf8 => String::from_utf8_lossy(bytes).into_owned(),
            Err(_) => latin1(bytes),
        };
        let text = text.trim_matches(|letter: char| letter.is_whitespace() || letter == '\0');
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// The first of the values of a `DS` or `IS` attribute.
    #[cfg_attr(not(feature = "decode"), expect(dead_code, reason = "only the picture needs it"))]
    pub(crate) fn decimal(&self, tag: u32) -> Option<f64> {
        let text = self.text(tag)?;
        let number: f64 = text.split('\\').next()?.trim().parse().ok()?;
        number.is_finite().then_some(number)
    }

    /// A `US` value.
    pub(crate) fn unsigned_short(&self, tag: u32) -> Option<u16> {
        self.unsigned_shorts(tag).next()
    }

    pub(crate) fn unsigned_shorts(&self, tag: u32) -> impl Iterator<Item = u16> + use<'a> {
        let big_endian = self.big_endian;
        let (pairs, _) = self.bytes(tag).unwrap_or_default().as_chunks::<2>();
        pairs.iter().map(move |pair| if big_endian { u16::from_be_bytes(*pair) } else { u16::from_le_bytes(*pair) })
    }
}

/// Whether bytes without the DICOM header read as the beginning of a data set.
pub(crate) fn looks_bare(head: &[u8]) -> bool {
    bare_start(head).is_some()
}

fn bare_start(bytes: &[u8]) -> Option<(usize, TransferSyntax)> {
    let candidates = [
        (Encoding { explicit: true, big_endian: false }, TransferSyntax::ExplicitVrLittleEndian),
        (Encoding { explicit: false, big_endian: false }, TransferSyntax::ImplicitVrLittleEndian),
        (Encoding { explicit: true, big_endian: true }, TransferSyntax::ExplicitVrBigEndian),
    ];
    (0..=STRAY_LIMIT).find_map(|start| {
        let rest = bytes.get(start..)?;
        candidates.into_iter().find_map(|(encoding, syntax)| encoding.plausible(rest).then_some((start, syntax)))
    })
}

#[derive(Clone, Copy)]
struct Encoding {
    explicit: bool,
    big_endian: bool,
}

impl Encoding {
    /// Whether three elements in rising order, beginning in group 0008, can be read.
    fn plausible(self, bytes: &[u8]) -> bool {
        let mut reader = Reader::new(bytes, self);
        if reader.peek_tag().is_none_or(|tag| tag >> 16 != 0x0008) {
            return false;
        }
        let mut last = 0;
        for _ in 0..3 {
            let Some(tag) = reader.peek_tag() else {
                return false;
            };
            let odd_length = reader.value_length().is_none_or(|length| length != UNDEFINED && length % 2 != 0);
            if tag <= last || odd_length || tag >> 16 > 0x0050 || reader.element(0).is_none() || reader.cut {
                return false;
            }
            last = tag;
        }
        true
    }

    fn u16(self, bytes: [u8; 2]) -> u16 {
        if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) }
    }

    fn u32(self, bytes: [u8; 4]) -> u32 {
        if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    }

    fn tag(self, bytes: &[u8]) -> Option<u32> {
        let (group, rest) = bytes.split_first_chunk::<2>()?;
        let element = rest.first_chunk::<2>()?;
        Some(u32::from(self.u16(*group)) << 16 | u32::from(self.u16(*element)))
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    encoding: Encoding,
    /// A value was longer than the bytes that were left.
    cut: bool,
}

struct Header {
    tag: u32,
    sequence: bool,
    unknown: bool,
    length: u32,
    size: usize,
}

impl<'a> Reader<'a> {
    fn new(rest: &'a [u8], encoding: Encoding) -> Self {
        Self { rest, encoding, cut: false }
    }

    fn peek_tag(&self) -> Option<u32> {
        self.encoding.tag(self.rest)
    }

    fn value_length(&self) -> Option<u32> {
        self.header().map(|header| header.length)
    }

    /// Tag, value representation and length (DICOM PS3.5, 7.1.2 and 7.1.3).
    fn header(&self) -> Option<Header> {
        let tag = self.peek_tag()?;
        let after_tag = self.rest.get(4..)?;
        let long = |at: usize, sequence: bool, unknown: bool| {
            let length = self.encoding.u32(*self.rest.get(at..)?.first_chunk::<4>()?);
            Some(Header { tag, sequence, unknown, length, size: at + 4 })
        };
        if tag >> 16 == 0xFFFE || !self.encoding.explicit {
            return long(4, false, false);
        }
        let representation = after_tag.first_chunk::<2>()?;
        match representation {
            b"SQ" => long(8, true, false),
            b"UN" => long(8, false, true),
            b"OB" | b"OD" | b"OF" | b"OL" | b"OV" | b"OW" | b"SV" | b"UC" | b"UR" | b"UT" | b"UV" => {
                long(8, false, false)
            }
            b"AE" | b"AS" | b"AT" | b"CS" | b"DA" | b"DS" | b"DT" | b"FL" | b"FD" | b"IS" | b"LO" | b"LT" | b"PN"
            | b"SH" | b"SL" | b"SS" | b"ST" | b"TM" | b"UI" | b"UL" | b"US" => {
                let length = self.encoding.u16(*self.rest.get(6..)?.first_chunk::<2>()?);
                Some(Header { tag, sequence: false, unknown: false, length: u32::from(length), size: 8 })
            }
            // A value representation that nobody knows: newer ones take four bytes of length after two reserved zeros,
            // damaged ones kept the two bytes of length that the writer had put there.
            [b'A'..=b'Z', b'A'..=b'Z'] if self.rest.get(6..8) == Some(&[0, 0]) => long(8, false, false),
            [b' '..=b'~', b' '..=b'~'] | [0, 0] => {
                let length = self.encoding.u16(*self.rest.get(6..)?.first_chunk::<2>()?);
                Some(Header { tag, sequence: false, unknown: false, length: u32::from(length), size: 8 })
            }
            _ => None,
        }
    }

    /// Reads one element and steps behind it. `None`: nothing that reads as an element stands here.
    fn element(&mut self, depth: u8) -> Option<(u32, Value<'a>)> {
        let header = self.header()?;
        let tag = header.tag;
        if tag >> 16 == 0xFFFE || tag >> 16 == 0 {
            return None;
        }
        let body = self.rest.get(header.size..)?;
        if header.length != UNDEFINED {
            self.rest = body;
            return Some((tag, Value::Bytes(self.take(header.length))));
        }
        if tag == tag::PIXEL_DATA {
            self.rest = body;
            return Some((tag, Value::Fragments(self.fragments())));
        }
        if depth >= DEPTH || !(header.sequence || header.unknown || !self.encoding.explicit) {
            return None;
        }
        // A sequence of unknown representation is written implicitly, whatever is around it (DICOM PS3.5, 6.2.2).
        let encoding = if header.unknown { Encoding { explicit: false, big_endian: false } } else { self.encoding };
        let mut inner = Reader::new(body, encoding);
        let whole = inner.skip_items(depth + 1);
        self.rest = inner.rest;
        self.cut |= inner.cut || whole.is_none();
        Some((tag, Value::Bytes(&[])))
    }

    fn take(&mut self, length: u32) -> &'a [u8] {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if let Some((value, rest)) = self.rest.split_at_checked(length) {
            self.rest = rest;
            value
        } else {
            self.cut = true;
            std::mem::take(&mut self.rest)
        }
    }

    /// Steps over the items of a sequence of undefined length, to behind its delimiter.
    fn skip_items(&mut self, depth: u8) -> Option<()> {
        loop {
            let header = self.header()?;
            self.rest = self.rest.get(header.size..)?;
            match header.tag {
                SEQUENCE_END => return Some(()),
                ITEM if header.length != UNDEFINED => {
                    self.take(header.length);
                }
                ITEM => loop {
                    if self.peek_tag()? == ITEM_END {
                        self.rest = self.rest.get(8..)?;
                        break;
                    }
                    self.element(depth)?;
                },
                _ => return None,
            }
        }
    }

    fn fragments(&mut self) -> Vec<&'a [u8]> {
        let mut fragments = Vec::new();
        loop {
            let Some(header) = self.header() else {
                self.cut = true;
                return fragments;
            };
            self.rest = self.rest.get(header.size..).unwrap_or_default();
            if header.tag == SEQUENCE_END {
                return fragments;
            }
            if header.tag != ITEM || header.length == UNDEFINED {
                self.cut = true;
                return fragments;
            }
            fragments.push(self.take(header.length));
        }
    }
}

#[cfg(test)]
mod tests;
