// Measures the product in a real Chromium, against a server that is running. Prints Markdown.
//   node browser.mjs URL EMAIL PASSWORD [MiB]
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, open, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { person, startBrowser, widths } from "../support/browser.mjs";
import { go, heading, kept, pickCard, signIn } from "../support/people.mjs";

const [url, email, password, size = "2048"] = process.argv.slice(2);
assert.ok(password, "node browser.mjs URL EMAIL PASSWORD [MiB]");
const row = (...cells) => console.log(`| ${cells.join(" | ")} |`);
const table = (title, ...columns) => {
  console.log(`\n### ${title}\n`);
  row(...columns);
  console.log(`|${"---|".repeat(columns.length)}`);
};
const speed = (bytes, start) => (bytes / 1e3 / (performance.now() - start)).toFixed(0);
const milliseconds = (number) => number.toFixed(0);
const percentile = (numbers, share) => numbers.toSorted((a, b) => a - b)[Math.min(numbers.length - 1, Math.floor(numbers.length * share))];

/** The longest task; Chromium only tells of those of 50 ms and more. */
const task = (longest) => (longest === 0 ? "< 50" : milliseconds(longest));

/** The most resident memory of any of the browser's processes that run pages, in MiB, since the last look. */
async function rendererPeak() {
  const processes = new Map();
  for (const id of await readdir("/proc")) {
    if (!/^\d+$/.test(id)) continue;
    const status = await readFile(`/proc/${id}/status`, "utf8").catch(() => "");
    const value = (key) => Number(status.match(new RegExp(`^${key}:\\s+(\\d+)`, "m"))?.[1] ?? 0);
    processes.set(Number(id), { parent: value("PPid"), peak: value("VmHWM") / 1024 });
  }
  // Other browsers on this machine do not count.
  const isOwn = (id) => id === process.pid || (processes.has(id) && isOwn(processes.get(id).parent));
  let most = 0;
  for (const [id, { peak }] of processes) {
    const command = await readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "");
    if (!command.includes("--type=renderer") || !isOwn(id)) continue;
    most = Math.max(most, peak);
    // It may have ended meanwhile; a peak that cannot be reset would belong to something else.
    await writeFile(`/proc/${id}/clear_refs`, "5").catch((error) => assert.ok(["ENOENT", "ESRCH"].includes(error.code), error));
  }
  assert.ok(most > 0, "no process of the browser runs a page");
  return most;
}

/** Everything that a page and its workers fetch, until nothing more comes: bytes as they were sent, with their heads. */
async function fetched(page, path, isThere) {
  const sizes = [];
  const sizeOf = async (request) => {
    const { responseBodySize, responseHeadersSize } = await request.sizes();
    // Of a worker's own script Playwright is not told when it has come; the server says how long it is.
    const body = responseBodySize || Number((await (await request.response())?.headerValue("content-length")) ?? 0);
    return { path: new URL(request.url()).pathname, bytes: body + responseHeadersSize };
  };
  const finished = (request) => sizes.push(sizeOf(request));
  page.on("requestfinished", finished);
  await page.goto(`${url}${path}`);
  await isThere();
  for (let before = -1; sizes.length !== before; ) {
    before = sizes.length;
    await sleep(3000);
  }
  page.off("requestfinished", finished);
  const all = await Promise.all(sizes);
  const sum = (holds) => (all.filter(holds).reduce((sum, { bytes }) => sum + bytes, 0) / 1000).toFixed(1);
  const isAnswer = ({ path }) => path.startsWith("/api/");
  const isWasm = ({ path }) => path.endsWith(".wasm");
  assert.ok(all.some(isWasm), `${path} runs no WebAssembly`);
  row(path, all.filter((one) => !isAnswer(one)).length, sum((one) => !isAnswer(one)), sum(isWasm), sum(isAnswer));
}

async function firstPages() {
  table("What a browser fetches that was never here", "page", "files", "together, kB", "of them WebAssembly, kB", "answers of the API, kB");
  const browser = await startBrowser();
  try {
    for (const path of ["/", "/sign-in"]) {
      const { context, page } = await person(browser, widths.phone, { capture: false });
      await fetched(page, path, () => page.getByRole("heading", { level: 1 }).waitFor());
      await context.close();
    }
    // Nobody is signed in who was never here: only what browsers keep of the site is gone.
    const someone = await person(browser, widths.phone, { capture: false });
    await signIn(someone, url, { email, password });
    await heading(someone.page, /Somebody/);
    const session = await someone.context.newCDPSession(someone.page);
    await session.send("Network.clearBrowserCache");
    const page = await someone.context.newPage();
    await fetched(page, "/records", () => listed(page));
    await someone.context.close();
  } finally {
    await browser.close();
  }
}

const listed = (page) => page.getByText(/records? on this device/).waitFor({ timeout: 120_000 });

await firstPages();
const work = await mkdtemp(join(tmpdir(), "healthbridge-bench-"));
// A large copy goes through the browser's own files, which must not be in memory.
const browser = await startBrowser({ profile: join(work, "profile") });
try {
  const someone = await person(browser, widths.phone, { capture: false });
  const { page } = someone;
  // What holds up the page, from its first script on.
  await page.addInitScript(() => {
    globalThis.longest = 0;
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) globalThis.longest = Math.max(globalThis.longest, duration);
    }).observe({ type: "longtask", buffered: true });
  });
  const longest = () => page.evaluate(() => { const was = globalThis.longest; globalThis.longest = 0; return was; });

  table("In the browser", "what", "ms", "longest task of the page, ms");
  await go(someone, `${url}/sign-in`);
  await page.getByLabel("E-mail", { exact: true }).fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await longest();
  let start = performance.now();
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await heading(page, /Somebody/);
  row("first sign-in on this device, to Home", milliseconds(performance.now() - start), task(await longest()));

  start = performance.now();
  await page.goto(`${url}/records`);
  await listed(page);
  row("a page loaded anew while unlocked, to the list of records", milliseconds(performance.now() - start), task(await longest()));

  await page.getByRole("button", { name: /Unlocked here/ }).click();
  await heading(page, "Locked");
  await page.getByLabel("Password", { exact: true }).fill(password);
  await longest();
  start = performance.now();
  await page.getByRole("button", { name: "Unlock", exact: true }).click();
  await listed(page);
  row("unlocked by password, to the list of records", milliseconds(performance.now() - start), task(await longest()));

  const count = (await page.getByText(/records? on this device/).textContent()).match(/\d+ records?/)[0];
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
  row(`filtered by a word, ${count}, median`, milliseconds(percentile(filter, 0.5)), task(await longest()));
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
  row("a frame while scrolling, median", milliseconds(percentile(frames, 0.5)), task(await longest()));
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
  await handle.truncate(Number(size) * 2 ** 20);
  await handle.close();
  const bytes = (await stat(file)).size;
  await go(someone, `${url}/records/add`);
  await page.getByLabel("Choose files, or drop them here").setInputFiles(file);
  const chosen = pickCard(page, "large.bin").getByLabel("Title");
  await chosen.waitFor();
  const title = await chosen.inputValue();
  await longest();
  await rendererPeak();
  start = performance.now();
  await page.getByRole("button", { name: /^Add \d+ records?$/ }).click();
  await kept(page, title, { timeout: 1_200_000 });
  row(`${size} MiB sealed and sent`, speed(bytes, start), (await rendererPeak()).toFixed(0), task(await longest()));

  const uploaded = page.locator("li.file", { hasText: title });
  await uploaded.getByRole("link", { name: /^Open/ }).click();
  await heading(page, title);
  // The opening, too, is done.
  await page.getByText("This record is kept, but cannot be shown here").waitFor();
  const downloading = page.waitForEvent("download", { timeout: 1_200_000 });
  await longest();
  await rendererPeak();
  start = performance.now();
  await page.getByRole("button", { name: "Save a copy" }).first().click();
  const saved = await (await downloading).path();
  row(`${size} MiB fetched, opened and saved`, speed(bytes, start), (await rendererPeak()).toFixed(0), task(await longest()));
  assert.equal((await stat(saved)).size, bytes);
  assert.equal(execFileSync("cmp", [file, saved]).length, 0);
} finally {
  await browser.close();
  await rm(work, { recursive: true, force: true });
}
