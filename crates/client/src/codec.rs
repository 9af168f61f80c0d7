//! The small contents that this crate seals besides records' metadata.

use records::category::Category;

/// A category's label is its stored code in one byte.
pub(crate) fn encode_label(category: Category) -> [u8; 1] {
    [category.code()]
}

/// Reads what [`encode_label`] wrote.
pub(crate) fn decode_label(label: &[u8]) -> Option<Category> {
    match label {
        [code] => Category::from_code(*code),
        _ => None,
    }
}
