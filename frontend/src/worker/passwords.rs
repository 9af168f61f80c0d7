//! Choosing a password: rated in a module of its own, whose lists of words are half of what a vault would else load.

#![expect(clippy::unnecessary_wraps, reason = "what lies in another module may fail to come")]

use client::ClientError;
use client::password::{NewPassword, Rating};
use gloo::timers::future::TimeoutFuture;
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
    Ok(client::password::rate(&typed, &words(&about)))
}

#[cfg_attr(
    not(feature = "split"),
    expect(clippy::needless_pass_by_value, reason = "what crosses into another module is owned")
)]
#[cfg_attr(feature = "split", wasm_split(passwords, fallible, wasm_split_path = ::leptos::wasm_split))]
fn split_choose(typed: String, about: Vec<String>) -> Result<Result<NewPassword, ClientError>, NotLoaded> {
    Ok(NewPassword::choose(&typed, &words(&about)))
}

fn words(about: &[String]) -> Vec<&str> {
    about.iter().map(String::as_str).collect()
}

/// Rates what was typed, as soon as that can be done.
pub(super) async fn rate(typed: String, about: Vec<String>) -> Rating {
    loop {
        if let Ok(rating) = lazily!(split_rate(typed.clone(), about.clone())) {
            return rating;
        }
        TimeoutFuture::new(2_000).await;
    }
}

/// Takes a password that is to be set, unless it is too easy to guess.
#[cfg_attr(not(feature = "split"), expect(clippy::unused_async, reason = "in a release it waits for a module"))]
pub(super) async fn choose(typed: &str, about: &[&str]) -> Result<NewPassword, Failure> {
    let about = about.iter().map(|words| (*words).to_owned()).collect();
    let chosen = lazily!(split_choose(typed.to_owned(), about)).map_err(|NotLoaded| Failure::NotLoaded)?;
    Ok(chosen?)
}
