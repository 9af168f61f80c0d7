//! What a patient says about a record, in the one encoding that goes inside an envelope.

use crate::category::Category;
use crate::date::Date;
use crate::kind::Kind;
use minicbor::{Decoder, Encoder, data::Type};
use std::fmt;

/// The most characters of a title.
pub const TITLE_LIMIT: usize = 300;
/// The most characters of notes.
pub const NOTES_LIMIT: usize = 20_000;
/// The most bytes of a file name.
pub const FILE_NAME_LIMIT: usize = 4096;

const VERSION: u8 = 1;

/// Describes one record. Plaintext health data: it has no serde, and `Debug` shows no content.
#[derive(Clone, PartialEq, Eq)]
pub struct Metadata {
    /// What the record is called, 1 to [`TITLE_LIMIT`] characters.
    pub title: String,
    /// The shelf it stands on.
    pub category: Category,
    /// The day it is about, if known.
    pub date: Option<Date>,
    /// The patient's own words, up to [`NOTES_LIMIT`] characters.
    pub notes: String,
    /// The name the file came with, up to [`FILE_NAME_LIMIT`] bytes. Never a path to write to.
    pub file_name: String,
    /// The format of the file.
    pub kind: Kind,
    /// The size of the file in bytes, before sealing.
    pub size: u64,
}

/// Why metadata cannot be stored or read. It never quotes content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// The title is empty or only white space.
    #[error("Please give the record a title.")]
    TitleMissing,
    /// The title is over [`TITLE_LIMIT`] characters.
    #[error("The title is too long. Please keep it under {TITLE_LIMIT} characters.")]
    TitleTooLong,
    /// The notes are over [`NOTES_LIMIT`] characters.
    #[error("The notes are too long. Please keep them under {NOTES_LIMIT} characters.")]
    NotesTooLong,
    /// The file name is over [`FILE_NAME_LIMIT`] bytes.
    #[error("The name of the file is too long. Please give the file a shorter name.")]
    FileNameTooLong,
    /// The version is not one that this program knows.
    #[error("This record was written by a newer version of HealthBridge. Please update to open it.")]
    UnknownVersion,
    /// Not well-formed, not in the one allowed form, or with something before, between or after.
    #[error("The description of this record is damaged and cannot be read.")]
    Malformed,
}

impl Metadata {
    /// Checks the limits: before [`encode`](Self::encode), to tell a person what to change.
    pub fn validate(&self) -> Result<(), MetadataError> {
        if self.title.trim().is_empty() {
            return Err(MetadataError::TitleMissing);
        }
        if self.title.chars().count() > TITLE_LIMIT {
            return Err(MetadataError::TitleTooLong);
        }
        if self.notes.chars().count() > NOTES_LIMIT {
            return Err(MetadataError::NotesTooLong);
        }
        if self.file_name.len() > FILE_NAME_LIMIT {
            return Err(MetadataError::FileNameTooLong);
        }
        Ok(())
    }

    /// Deterministic CBOR (RFC 8949, 4.2.1): `{0: version, 1: title, 2: category, ?3: YYYYMMDD, 4: notes, 5: file name, 6: kind, 7: size}`.
    pub fn encode(&self) -> Vec<u8> {
        let mut encoder =
            Encoder::new(Vec::with_capacity(64 + self.title.len() + self.notes.len() + self.file_name.len()));
        // A `Vec` takes every write, so there is no error to pass on.
        let _ = self.write(&mut encoder);
        encoder.into_writer()
    }

    fn write(&self, encoder: &mut Encoder<Vec<u8>>) -> Result<(), minicbor::encode::Error<std::convert::Infallible>> {
        encoder.map(if self.date.is_some() { 8 } else { 7 })?;
        encoder.u8(0)?.u8(VERSION)?;
        encoder.u8(1)?.str(&self.title)?;
        encoder.u8(2)?.u8(self.category.code())?;
        if let Some(date) = self.date {
            encoder.u8(3)?.u32(date.to_number())?;
        }
        encoder.u8(4)?.str(&self.notes)?;
        encoder.u8(5)?.str(&self.file_name)?;
        encoder.u8(6)?.u8(self.kind.code())?;
        encoder.u8(7)?.u64(self.size)?;
        Ok(())
    }

    /// Reads what [`encode`](Self::encode) wrote, and nothing else: the bytes must be the very ones that it would write.
    pub fn decode(bytes: &[u8]) -> Result<Self, MetadataError> {
        let metadata = Self::read(bytes)?;
        metadata.validate()?;
        if metadata.encode() != bytes {
            return Err(MetadataError::Malformed);
        }
        Ok(metadata)
    }

    fn read(bytes: &[u8]) -> Result<Self, MetadataError> {
        let mut decoder = Decoder::new(bytes);
        let entries = decoder.map()?.ok_or(MetadataError::Malformed)?;
        expect_key(&mut decoder, 0)?;
        if decoder.datatype()? != Type::U8 || decoder.u8()? != VERSION {
            return Err(MetadataError::UnknownVersion);
        }
        expect_key(&mut decoder, 1)?;
        let title = decoder.str()?.to_owned();
        expect_key(&mut decoder, 2)?;
        let category = Category::from_code(decoder.u8()?).ok_or(MetadataError::Malformed)?;
        let date = match entries {
            7 => None,
            8 => {
                expect_key(&mut decoder, 3)?;
                Some(Date::from_number(decoder.u32()?).ok_or(MetadataError::Malformed)?)
            }
            _ => return Err(MetadataError::Malformed),
        };
        expect_key(&mut decoder, 4)?;
        let notes = decoder.str()?.to_owned();
        expect_key(&mut decoder, 5)?;
        let file_name = decoder.str()?.to_owned();
        expect_key(&mut decoder, 6)?;
        let kind = Kind::from_code(decoder.u8()?).ok_or(MetadataError::Malformed)?;
        expect_key(&mut decoder, 7)?;
        let size = decoder.u64()?;
        Ok(Self { title, category, date, notes, file_name, kind, size })
    }
}

fn expect_key(decoder: &mut Decoder<'_>, key: u8) -> Result<(), MetadataError> {
    if decoder.u8()? == key { Ok(()) } else { Err(MetadataError::Malformed) }
}

impl From<minicbor::decode::Error> for MetadataError {
    fn from(_: minicbor::decode::Error) -> Self {
        // The cause may quote bytes of the content, so it is not kept.
        Self::Malformed
    }
}

/// Says that it is there and nothing else.
impl fmt::Debug for Metadata {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Metadata(redacted)")
    }
}

#[cfg(test)]
mod tests;
