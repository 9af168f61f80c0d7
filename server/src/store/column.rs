//! Between the types of the protocol and the columns that keep them.

use protocol::{Digest, Minute};

use super::{Result, StoreError};

/// A value of fixed length.
pub(super) fn fixed<const N: usize, T>(
    column: &'static str,
    bytes: &[u8],
    make: impl FnOnce([u8; N]) -> T,
) -> Result<T> {
    bytes.try_into().map(make).map_err(|_| StoreError::Corrupt(column))
}

/// A digest.
pub(super) fn digest(column: &'static str, bytes: &[u8]) -> Result<Digest> {
    fixed(column, bytes, Digest::from_bytes)
}

/// A count as a column keeps it. None comes near the limit.
pub(super) fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A count as it was kept.
pub(super) fn unsigned<T: TryFrom<i64>>(column: &'static str, count: i64) -> Result<T> {
    T::try_from(count).map_err(|_| StoreError::Corrupt(column))
}

/// A minute.
pub(super) fn minute(column: &'static str, minute: i64) -> Result<Minute> {
    unsigned(column, minute).map(Minute)
}
