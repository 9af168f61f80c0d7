//! Parts of the program that a release cuts into modules of their own, which are loaded when they are first needed.

/// A part that is needed now could not be loaded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NotLoaded;

#[cfg(feature = "split")]
impl From<leptos::wasm_split::SplitLoaderError> for NotLoaded {
    fn from(_: leptos::wasm_split::SplitLoaderError) -> Self {
        Self
    }
}

/// Calls what lies in another module. In builds that are not split it lies in this one.
macro_rules! lazily {
    ($call:expr) => {{
        #[cfg(feature = "split")]
        let done = $call.await;
        #[cfg(not(feature = "split"))]
        let done = $call;
        done
    }};
}

pub(crate) use lazily;
