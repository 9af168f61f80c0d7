// Measures the product in a real Chromium, against a server that is running. Prints Markdown.
//   node browser.mjs URL EMAIL PASSWORD [MiB]
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, open, readFile, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { person, startBrowser, widths } from "../support/browser.mjs";
import { heading } from "../support/people.mjs";

const [url, email, password, size = "2048"] = process.argv.slice(2);
const row = (...cells) => console.log(`| ${cells.join(" | ")} |`);
const table = (title, ...columns) => {
  console.log(`\n### ${title}\n`);
  row(...columns);
  console.log(`|${"---|".repeat(columns.length)}`);
};
const milliseconds = (number) => number.toFixed(0);
const percentile = (numbers, share) => numbers.toSorted((a, b) => a - b)[Math.min(numbers.length - 1, Math.floor(numbers.length * share))];

/** The most resident memory of any of the browser's processes that run pages, in MiB, since the last look. */
async function rendererPeak() {
  let peak = 0;
  for (const process of await readdir("/proc")) {
    if (!/^\d+$/.test(process)) continue;
    const command = await readFile(`/proc/${process}/cmdline`, "utf8").catch(() => "");
    if (!command.includes("--type=renderer")) continue;
    const status = await readFile(`/proc/${process}/status`, "utf8").catch(() => "");
    peak = Math.max(peak, Number(status.match(/VmHWM:\s+(\d+)/)?.[1] ?? 0) / 1024);
  }
  return peak;
}

const browser = await startBrowser();
const work = await mkdtemp(join(tmpdir(), "healthbridge-bench-"));
try {
  const someone = await person(browser, widths.phone);
  const { page } = someone;
  // What holds up the page, from its first script on.
  await page.addInitScript(() => {
    globalThis.longest = 0;
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) globalThis.longest = Math.max(globalThis.longest, duration);
    }).observe({ type: "longtask", buffered: true });
  });
  const longest = () => page.evaluate(() => { const was = globalThis.longest; globalThis.longest = 0; return was; });
  const listed = () => page.getByText(/records? on this device/).waitFor({ timeout: 120_000 });

  table("In the browser", "what", "ms", "longest task of the page, ms");
  await page.goto(`${url}/sign-in`);
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await longest();
  let start = performance.now();
  await page.getByRole("button", { name: "Sign in" }).click();
  await heading(page, /Somebody/);
  row("first sign-in on this device, to Home", milliseconds(performance.now() - start), milliseconds(await longest()));

  start = performance.now();
  await page.goto(`${url}/records`);
  await listed();
  row("a page loaded anew while unlocked, to the list of records", milliseconds(performance.now() - start), milliseconds(await longest()));

  await page.getByRole("button", { name: "Lock" }).first().click();
  await page.getByLabel("Password").fill(password);
  await longest();
  start = performance.now();
  await page.getByRole("button", { name: "Unlock" }).click();
  await listed();
  row("unlocked by password, to the list of records", milliseconds(performance.now() - start), milliseconds(await longest()));

  const count = await page.getByText(/records? on this device/).textContent();
  const filter = await page.evaluate(async () => {
    const input = document.querySelector("input[type=search]");
    const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    const times = [];
    for (const words of ["r", "re", "rea", "reading-0", "reading-00", "reading-000", "zzz", "", "reading-09999", ""]) {
      const start = performance.now();
      input.value = words;
      input.dispatchEvent(new InputEvent("input", { bubbles: true }));
      await frame();
      times.push(performance.now() - start);
      await new Promise((done) => setTimeout(done, 300));
    }
    return times;
  });
  row(`filtered by a word, ${count.trim()}, median`, milliseconds(percentile(filter, 0.5)), milliseconds(await longest()));
  row("the slowest of these", milliseconds(Math.max(...filter)), "");

  const frames = await page.evaluate(async () => {
    const gaps = [];
    let before = performance.now();
    for (let step = 0; step < 300; step++) {
      scrollBy(0, 300);
      await new Promise((done) => requestAnimationFrame(done));
      const now = performance.now();
      gaps.push(now - before);
      before = now;
    }
    return gaps;
  });
  row("a frame while scrolling, median", milliseconds(percentile(frames, 0.5)), milliseconds(await longest()));
  row("a frame while scrolling, 99th percentile", milliseconds(percentile(frames, 0.99)), "");

  const raw = await page.evaluate(async () => {
    const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt"]);
    const piece = new Uint8Array(1 << 20);
    const start = performance.now();
    for (let number = 0; number < 512; number++) {
      await crypto.subtle.encrypt({ name: "AES-GCM", iv: new Uint8Array(12) }, key, piece);
    }
    return (512 * 1.048576) / ((performance.now() - start) / 1000);
  });
  table("A large file in the browser", "what", "MB/s", "renderer's peak, MiB", "longest task of the page, ms");
  row("raw AES-256-GCM of WebCrypto, 1 MiB at a time", raw.toFixed(0), "", "");

  const file = join(work, "large.bin");
  const handle = await open(file, "w");
  await handle.truncate(Number(size) << 20);
  await handle.close();
  const bytes = (await stat(file)).size;
  await longest();
  await page.goto(`${url}/records/add`);
  await page.locator("input[type=file]").first().setInputFiles(file);
  await page.getByRole("button", { name: /^Add/ }).first().waitFor();
  start = performance.now();
  await page.getByRole("button", { name: /^Add/ }).last().click();
  await page.getByText(/Kept|kept|Done|added/).first().waitFor({ timeout: 1_200_000 });
  row(`${size} MiB sealed and sent`, (bytes / 1e3 / (performance.now() - start)).toFixed(0), milliseconds(await rendererPeak()), milliseconds(await longest()));
  await page.goto(`${url}/records`);
  await listed();
  await page.getByRole("link", { name: /large/ }).first().click();
  const save = page.getByRole("button", { name: /Save/ }).first();
  await save.waitFor();
  const download = page.waitForEvent("download", { timeout: 1_200_000 });
  start = performance.now();
  await save.click();
  const saved = await (await download).path();
  row(`${size} MiB fetched, opened and saved`, (bytes / 1e3 / (performance.now() - start)).toFixed(0), milliseconds(await rendererPeak()), milliseconds(await longest()));
  assert.equal((await stat(saved)).size, bytes);
  assert.equal(execFileSync("cmp", [file, saved]).length, 0);
} finally {
  await browser.close();
  await rm(work, { recursive: true, force: true });
}
