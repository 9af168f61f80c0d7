//! What loads the application into a page that the server has rendered.

use leptos::nonce::use_nonce;
use leptos::prelude::*;

/// The script that loads the application, from the files whose paths begin with `assets`. The one of
/// [`HydrationScripts`] would load it beside the page's style and fonts, and on a phone's line they would come later for
/// it.
pub(super) fn start_script(options: &LeptosOptions, assets: &str) -> impl IntoView + use<> {
    let folder = format!("{assets}/{}", options.site_pkg_dir);
    let script = format!("{}({folder:?}, {:?});", include_str!("start.js").trim_end(), options.output_name);
    view! {
        <script type="module" nonce=use_nonce()>
            {script}
        </script>
    }
}
