// Measures the product in a real Chromium, against a server that is running. Prints Markdown.
//   node browser.mjs URL EMAIL PASSWORD
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { person, startBrowser, widths } from "../support/browser.mjs";
import { go, heading, signIn } from "../support/people.mjs";
import { longestTask, row, table, task, watchTasks } from "./report.mjs";

const [url, email, password] = process.argv.slice(2);
assert.ok(password, "node browser.mjs URL EMAIL PASSWORD");
const milliseconds = (number) => number.toFixed(0);
const percentile = (numbers, share) => numbers.toSorted((a, b) => a - b)[Math.min(numbers.length - 1, Math.floor(numbers.length * share))];

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
// What a device keeps is on a disk.
const work = await mkdtemp(join(tmpdir(), "healthbridge-bench-"));
const browser = await startBrowser({ profile: join(work, "profile") });
try {
  const someone = await person(browser, widths.phone, { capture: false });
  const { page } = someone;
  await page.addInitScript(watchTasks);
  const longest = () => longestTask(page);

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
} finally {
  await browser.close();
  await rm(work, { recursive: true, force: true });
}
