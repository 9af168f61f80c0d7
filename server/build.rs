//! How the binary is linked.

#![expect(clippy::disallowed_methods, reason = "cargo tells a build script about the target by the environment")]

use std::env::var;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |key, value| var(key).is_ok_and(|found| found == value);
    if is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        // Relocations in their packed form: what the loader reads of them when the server starts stays in memory.
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}
