//! Choosing a password: rated in a module of its own, because its lists of words are larger than all else of a vault.

#![expect(clippy::unnecessary_wraps, reason = "what lies in another module may fail to come")]

use client::ClientError;
use client::password::{NewPassword, Rating};
#[cfg(feature = "split")]
use leptos::wasm_split::wasm_split;

use super::lazy::{NotLoaded, lazily};
use super::trouble::Failure;

#[cfg_attr(
    not(feature = "split"),
    expect(clippy::needless_pass_by_value, reason = "what crosses into another module is owned")
)]
#[cfg_attr(feature = "split", wasm_split(passwords, fallible, wasm_split_path = ::leptos::wasm_split))]
fn split_rate(typed: String, about: Vec<String>) -> Result<Rating, NotLoaded> {
    let about: Vec<&str> = about.iter().map(String::as_str).collect();
    Ok(client::password::rate(&typed, &about))
}

#[cfg_attr(
    not(feature = "split"),
    expect(clippy::needless_pass_by_value, reason = "what crosses into another module is owned")
)]
#[cfg_attr(feature = "split", wasm_split(passwords, fallible, wasm_split_path = ::leptos::wasm_split))]
fn split_choose(typed: String, email: String, name: String) -> Result<Result<NewPassword, ClientError>, NotLoaded> {
    Ok(NewPassword::choose(&typed, &email, &name))
}

/// Rates what was typed.
#[cfg_attr(not(feature = "split"), expect(clippy::unused_async, reason = "in a release it waits for a module"))]
pub(super) async fn rate(typed: String, about: Vec<String>) -> Result<Rating, Failure> {
    lazily!(split_rate(typed, about)).map_err(|NotLoaded| Failure::NotLoaded)
}

/// Takes a password that is to be set, unless it is too easy to guess.
#[cfg_attr(not(feature = "split"), expect(clippy::unused_async, reason = "in a release it waits for a module"))]
pub(super) async fn choose(typed: &str, email: &str, name: &str) -> Result<NewPassword, Failure> {
    let chosen = lazily!(split_choose(typed.to_owned(), email.to_owned(), name.to_owned()));
    Ok(chosen.map_err(|NotLoaded| Failure::NotLoaded)??)
}
