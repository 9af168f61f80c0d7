// The vault's decoder: the same module again, at its third entry point. It opens files, and holds no key.
import init, { run_decoder } from "./pkg/healthbridge.js";

await init({ module_or_path: new URL("./pkg/healthbridge.wasm", import.meta.url) });
run_decoder();
