//! The account: coming in, coming back, and what it says of a person.

pub mod entered;
pub mod forgot;
pub mod kit;
pub mod password;
pub mod show;
pub mod sign_in;
pub mod sign_up;
pub mod unlock;
