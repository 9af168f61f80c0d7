//! Records' metadata: one encoding, no panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use records::Metadata;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(metadata) = Metadata::decode(bytes) {
        assert_eq!(metadata.encode(), bytes);
    }
});
