//! How many files and connections this process may have open.

/// Raises what it may have open to what the system lets it. What is usual there is too little for every place that this
/// server has: a request may have a connection, a file of the site or of a chunk, and one to a database or a blob store.
pub fn raise(requests_at_once: usize) {
    let wanted = u64::try_from(requests_at_once).unwrap_or(u64::MAX).saturating_mul(4);
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(most) if most < wanted => {
            tracing::warn!(most, wanted, "fewer files and connections may be open than `requests_at_once` may need");
        }
        Ok(most) => tracing::debug!(most, "so many files and connections may be open"),
        Err(error) => tracing::warn!(cause = %error, "how many files may be open could not be raised"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_open_is_what_the_system_lets_it() {
        raise(1);
        let (soft, hard) = rlimit::Resource::NOFILE.get().unwrap();
        assert_eq!(soft, hard);
    }
}
