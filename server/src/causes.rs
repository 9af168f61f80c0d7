//! Why something failed, for the log.

use std::error::Error;

/// An error and everything below it, in one line. Never its `Debug`: a database's error holds the very values there that
/// it is about.
pub fn describe(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        line = format!("{line}: {cause}");
        next = cause.source();
    }
    line
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::blobs::BlobsError;
    use crate::services::ServiceError;

    #[test]
    fn every_cause_is_named_down_to_the_last() {
        let error = ServiceError::from(BlobsError::Read(io::Error::other("the disk is gone")));
        let line = "the blob store: a file in the folder for blobs cannot be read: the disk is gone";
        assert_eq!(describe(&error), line);
        assert_eq!(describe(&io::Error::other("alone")), "alone");
    }
}
