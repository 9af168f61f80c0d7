//! Transfer syntaxes: how a DICOM data set is laid out and its picture compressed (DICOM PS3.5, 10; PS3.6, A).

use std::fmt;

/// How a data set is written and its picture compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransferSyntax {
    /// 1.2.840.10008.1.2
    ImplicitVrLittleEndian,
    /// 1.2.840.10008.1.2.1
    ExplicitVrLittleEndian,
    /// 1.2.840.10008.1.2.1.99
    DeflatedExplicitVrLittleEndian,
    /// 1.2.840.10008.1.2.2, retired but found in old archives.
    ExplicitVrBigEndian,
    /// 1.2.840.10008.1.2.5
    RleLossless,
    /// 1.2.840.10008.1.2.4.50
    JpegBaseline,
    /// 1.2.840.10008.1.2.4.51, mostly 12 bits a sample.
    JpegExtended,
    /// 1.2.840.10008.1.2.4.57 and .70
    JpegLossless,
    /// 1.2.840.10008.1.2.4.80 and .81
    JpegLs,
    /// 1.2.840.10008.1.2.4.90 and .91
    Jpeg2000,
    /// 1.2.840.10008.1.2.4.100 to .108
    Video,
    /// 1.2.840.10008.1.2.4.110 to .112
    JpegXl,
    /// 1.2.840.10008.1.2.4.201 to .203
    HighThroughputJpeg2000,
    /// Any other.
    Other,
}

impl TransferSyntax {
    pub(super) fn from_uid(uid: &str) -> Self {
        let Some(rest) = uid.strip_prefix("1.2.840.10008.1.2") else {
            return Self::Other;
        };
        match rest {
            "" => Self::ImplicitVrLittleEndian,
            ".1" => Self::ExplicitVrLittleEndian,
            ".1.99" => Self::DeflatedExplicitVrLittleEndian,
            ".2" => Self::ExplicitVrBigEndian,
            ".5" => Self::RleLossless,
            ".4.50" => Self::JpegBaseline,
            ".4.51" => Self::JpegExtended,
            ".4.57" | ".4.70" => Self::JpegLossless,
            ".4.80" | ".4.81" => Self::JpegLs,
            ".4.90" | ".4.91" => Self::Jpeg2000,
            ".4.110" | ".4.111" | ".4.112" => Self::JpegXl,
            ".4.201" | ".4.202" | ".4.203" => Self::HighThroughputJpeg2000,
            _ if rest.starts_with(".4.10") => Self::Video,
            _ => Self::Other,
        }
    }
}

impl fmt::Display for TransferSyntax {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::ImplicitVrLittleEndian => "Implicit VR Little Endian",
            Self::ExplicitVrLittleEndian => "Explicit VR Little Endian",
            Self::DeflatedExplicitVrLittleEndian => "Deflated Explicit VR Little Endian",
            Self::ExplicitVrBigEndian => "Explicit VR Big Endian",
            Self::RleLossless => "RLE Lossless",
            Self::JpegBaseline => "JPEG Baseline",
            Self::JpegExtended => "JPEG Extended",
            Self::JpegLossless => "JPEG Lossless",
            Self::JpegLs => "JPEG-LS",
            Self::Jpeg2000 => "JPEG 2000",
            Self::Video => "video",
            Self::JpegXl => "JPEG XL",
            Self::HighThroughputJpeg2000 => "High-Throughput JPEG 2000",
            Self::Other => "unknown",
        })
    }
}
