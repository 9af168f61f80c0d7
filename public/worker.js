// The vault's worker: the same module as the page, at its other entry point. Keys live here, never in the page.
import init, { run_worker } from "/pkg/healthbridge.js";

await init({ module_or_path: "/pkg/healthbridge.wasm" });
run_worker();
