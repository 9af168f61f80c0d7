// Measures in a real Chromium how fast the vault's file format seals and opens, beside raw AES-GCM of the same browser.
// Prints Markdown.
//   node sealing.mjs FOLDER      what wasm-bindgen made of frontend/examples/sealing.rs
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { person, startBrowser, widths } from "../support/browser.mjs";

const [folder] = process.argv.slice(2);
const MIB = 256;
const ROUNDS = 5;

const files = { "/": ["<!doctype html><title>Sealing</title>", "text/html"] };
for (const [name, type] of [["sealing.js", "text/javascript"], ["sealing_bg.wasm", "application/wasm"]]) {
  files[`/${name}`] = [await readFile(join(folder, name)), type];
}
const server = createServer(({ url }, response) => {
  const [content, type] = files[url] ?? ["", "text/plain"];
  response.writeHead(url in files ? 200 : 404, { "content-type": type }).end(content);
}).listen(0, "127.0.0.1");
await once(server, "listening");
const browser = await startBrowser();
try {
  const { page } = await person(browser, widths.wide, { capture: false });
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  const best = await page.evaluate(
    async ({ mib, rounds }) => {
      const { default: start, seal, open } = await import("/sealing.js");
      await start();
      const bytes = mib << 20;
      const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
      const piece = new Uint8Array(1 << 20).fill(7);
      const raw = { name: "AES-GCM", iv: new Uint8Array(12), additionalData: new Uint8Array(9) };
      const sealedPiece = await crypto.subtle.encrypt(raw, key, piece);
      const best = {};
      const measure = async (what, run) => {
        const started = performance.now();
        const result = await run();
        const speed = bytes / 1e3 / (performance.now() - started);
        best[what] = Math.max(best[what] ?? 0, speed);
        return result;
      };
      // By turns, so that all have the same weather.
      for (let round = 0; round < rounds; round++) {
        await measure("rawSeal", async () => {
          for (let number = 0; number < mib; number++) await crypto.subtle.encrypt(raw, key, piece);
        });
        await measure("rawOpen", async () => {
          for (let number = 0; number < mib; number++) await crypto.subtle.decrypt(raw, key, sealedPiece);
        });
        const sealed = await measure("seal", () => seal(bytes));
        if ((await measure("open", () => open(sealed))) !== bytes) throw new Error("not what was sealed");
      }
      return best;
    },
    { mib: MIB, rounds: ROUNDS },
  );
  const row = (...cells) => console.log(`| ${cells.join(" | ")} |`);
  console.log(`\n### Sealing in the browser\n\n${MIB} MiB, 1 MiB at a time, the best of ${ROUNDS} rounds.\n`);
  row("", "raw AES-256-GCM of WebCrypto, MB/s", "the vault's file format, MB/s", "share");
  row("---", "---", "---", "---");
  for (const [what, raw, own] of [["seal", best.rawSeal, best.seal], ["open", best.rawOpen, best.open]]) {
    row(what, raw.toFixed(0), own.toFixed(0), (own / raw).toFixed(2));
  }
} finally {
  await browser.close();
  server.close();
}
