//! Pages for everybody, signed in or not.

pub mod help;
pub mod landing;
pub mod not_found;
pub mod security;
