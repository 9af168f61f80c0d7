//! Whoever is signed in, signs up, or is found.

use minicbor::{Decode, Encode};

/// Whether somebody is signed in, and whether the vault is open.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Status {
    /// The page has only just loaded; nothing is known yet.
    #[n(1)]
    Starting,
    /// Nobody is signed in.
    #[n(2)]
    SignedOut,
    /// Somebody is signed in, but this device holds no key.
    #[n(3)]
    Locked(#[n(0)] Me),
    /// The vault is open.
    #[n(4)]
    Open(#[n(0)] Me),
}

/// A session that ended without the person's wish in this tab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SessionEnd {
    /// Whether files that were on their way are kept on this device.
    #[n(0)]
    pub unfinished: bool,
}

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Me {
    /// The account's id.
    #[n(0)]
    pub account: String,
    /// The name.
    #[n(1)]
    pub name: String,
    /// The e-mail address.
    #[n(2)]
    pub email: String,
    /// What a provider's account says; none for a patient.
    #[n(3)]
    pub provider: Option<Provider>,
    /// The six words of the safety phrase; empty while locked.
    #[n(4)]
    pub phrase: Vec<String>,
}

/// What the directory shows of a provider.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Provider {
    /// Such as "Cardiology".
    #[n(0)]
    pub specialty: String,
    /// Such as "St. Anna Hospital".
    #[n(1)]
    pub organisation: String,
    /// Whether an administrator checked it.
    #[n(2)]
    pub verified: bool,
}

/// What a person enters to sign up.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct SignUp {
    /// The name.
    #[n(0)]
    pub name: String,
    /// The e-mail address.
    #[n(1)]
    pub email: String,
    /// The password.
    #[n(2)]
    pub password: String,
    /// Specialty and organisation, for a provider.
    #[n(3)]
    pub provider: Option<Provider>,
}

/// A person to share with.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Person {
    /// The account's id.
    #[n(0)]
    pub account: String,
    /// The name.
    #[n(1)]
    pub name: String,
    /// The e-mail address.
    #[n(2)]
    pub email: String,
    /// What the directory shows.
    #[n(3)]
    pub provider: Option<Provider>,
    /// The six words of the safety phrase.
    #[n(4)]
    pub phrase: Vec<String>,
    /// Whether the phrase was compared in person.
    #[n(5)]
    pub compared: bool,
}

/// A safety phrase that was compared in person.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Compared {
    /// Whose account it is.
    #[n(0)]
    pub account: String,
    /// The six words that were shown.
    #[n(1)]
    pub phrase: Vec<String>,
    /// Whether the person was found by the address that stood beside them, which leads to this account from then on.
    #[n(2)]
    pub found: bool,
}
