//! Small DICOM files for the tests beside the readers.

/// Explicit VR little endian elements behind a header, or without one.
#[derive(Default)]
pub(super) struct Example {
    body: Vec<u8>,
}

impl Example {
    pub(super) fn element(mut self, tag: u32, representation: [u8; 2], value: &[u8]) -> Self {
        self.tag(tag);
        self.body.extend_from_slice(&representation);
        let mut value = value.to_vec();
        if value.len() % 2 == 1 {
            value.push(b' ');
        }
        if matches!(&representation, b"OB" | b"OW" | b"SQ" | b"UN") {
            self.body.extend_from_slice(&[0, 0]);
            self.body.extend_from_slice(&u32::try_from(value.len()).unwrap_or(0).to_le_bytes());
        } else {
            self.body.extend_from_slice(&u16::try_from(value.len()).unwrap_or(0).to_le_bytes());
        }
        self.body.extend_from_slice(&value);
        self
    }

    pub(super) fn text(self, tag: u32, value: &str) -> Self {
        self.element(tag, *b"LO", value.as_bytes())
    }

    #[cfg(feature = "decode")]
    pub(super) fn numbers(self, tag: u32, values: &[u16]) -> Self {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.element(tag, *b"US", &bytes)
    }

    /// Bytes as they are, for what the other functions cannot write.
    pub(super) fn raw(mut self, bytes: &[u8]) -> Self {
        self.body.extend_from_slice(bytes);
        self
    }

    pub(super) fn body(self) -> Vec<u8> {
        self.body
    }

    /// With preamble and file meta information.
    pub(super) fn file(self, transfer_syntax: &str) -> Vec<u8> {
        let meta = Self::default().element(super::tag::TRANSFER_SYNTAX_UID, *b"UI", transfer_syntax.as_bytes());
        [vec![0; 128], b"DICM".to_vec(), meta.body, self.body].concat()
    }

    fn tag(&mut self, tag: u32) {
        let [high, second, third, low] = tag.to_be_bytes();
        self.body.extend_from_slice(&[second, high, low, third]);
    }
}
