//! Tells the linker how much memory the module may take at most.

/// 1.5 GiB: more than the largest picture needs that is opened. A file that unpacks to more ends its decoder, and does not
/// take the memory of the whole device first.
const MOST: u32 = 0x6000_0000;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    #[expect(clippy::disallowed_methods, reason = "cargo names the target in no other way")]
    let target = std::env::var_os("CARGO_CFG_TARGET_ARCH");
    if target.is_some_and(|target| target == "wasm32") {
        println!("cargo::rustc-link-arg-cdylib=--max-memory={MOST}");
    }
}
