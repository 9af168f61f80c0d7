//! DICOM, the format of scans: a bounded reader of our own, since files arrive cut, without header and from hostile hands.

#[cfg(feature = "decode")]
mod codec;
mod data_set;
#[cfg(test)]
mod example;
#[cfg(feature = "decode")]
mod frame;
#[cfg(feature = "decode")]
mod grey;
#[cfg(feature = "decode")]
mod palette;
#[cfg(feature = "decode")]
mod rle;
mod summary;
pub(crate) mod tag;
mod transfer_syntax;
pub(crate) mod words;

#[cfg(feature = "decode")]
pub use frame::first_frame;
pub use summary::{Fact, Summary, summary};
pub use transfer_syntax::TransferSyntax;

pub(crate) use data_set::{File, looks_bare};
pub(crate) use summary::study_date;

/// Why a DICOM file cannot be read or shown. It never quotes content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DicomError {
    /// No DICOM data set was found in the file.
    #[error("This file is not a readable scan. You can still save a copy of it.")]
    NotDicom,
    /// The header breaks off or contradicts itself.
    #[error("This scan is damaged: its description cannot be read. You can still save a copy of it.")]
    Damaged,
    /// A report, a waveform or another object without pixel data.
    #[error("This scan holds no picture.")]
    NoPicture,
    /// Fewer pixels than the header promises.
    #[error("This scan is incomplete: part of the picture is missing. Ask for the file again, or save a copy of it.")]
    Incomplete,
    /// More pixels than this program is willing to hold in memory.
    #[error("This picture is too large to be shown here. You can save a copy and open it in another program.")]
    TooLarge,
    /// A compression without a decoder here.
    #[error("This kind of compression ({0}) cannot be shown yet. You can save a copy and open it in another program.")]
    Compression(TransferSyntax),
    /// A photometric interpretation or sample layout that is not known here.
    #[error("This kind of picture cannot be shown yet. You can save a copy and open it in another program.")]
    PictureType,
    /// The compressed picture is damaged.
    #[error("The picture in this scan is damaged and cannot be shown. You can still save a copy of it.")]
    Picture,
}
