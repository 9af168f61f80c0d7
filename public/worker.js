// The vault's worker: the same module as the page, at its other entry point. Keys live here, never in the page.
import init, { run_worker } from "./pkg/healthbridge.js";

await init({ module_or_path: new URL("./pkg/healthbridge.wasm", import.meta.url) });
run_worker();
