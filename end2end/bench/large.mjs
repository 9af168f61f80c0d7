// Measures a large file in a real Chromium, up and down, against a server that is running. Prints Markdown.
//   node large.mjs URL EMAIL PASSWORD [MiB]
// The driver asks the browser nothing about its network: to tell of requests, Chromium keeps a copy of their bodies,
// which is most of what would be measured then.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, open, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import puppeteer from "puppeteer-core";
import { executablePath, flags, widths } from "../support/browser.mjs";
import { longestTask, row, table, task, watchTasks } from "./report.mjs";

const [url, email, password, size = "2048"] = process.argv.slice(2);
assert.ok(password, "node large.mjs URL EMAIL PASSWORD [MiB]");
const speed = (bytes, start) => (bytes / 1e3 / (performance.now() - start)).toFixed(0);

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

const work = await mkdtemp(join(tmpdir(), "healthbridge-bench-"));
const downloads = join(work, "downloads");
await mkdir(downloads);
// A large copy goes through the browser's own files, which must not be in memory: it has a profile on disk.
const browser = await puppeteer.launch({
  executablePath: executablePath(),
  args: flags,
  userDataDir: join(work, "profile"),
  defaultViewport: widths.phone,
  networkEnabled: false,
  downloadBehavior: { policy: "allow", downloadPath: downloads },
  protocolTimeout: 1_200_000,
});
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(1_200_000);
  await page.evaluateOnNewDocument(watchTasks);
  const longest = () => longestTask(page);
  const press = (name) => page.locator(`::-p-aria([name="${name}"][role="button"])`).click();
  const shown = (words) => page.locator(`::-p-text(${words})`).wait();

  await page.goto(`${url}/sign-in`);
  await page.locator("button[type=submit]:enabled").wait();
  await page.locator("input[name=email]").fill(email);
  await page.locator("input[name=password]").fill(password);
  await press("Sign in");
  await page.waitForFunction(() => location.pathname === "/home");

  table("A large file in the browser", "what", "MB/s", "renderer's peak, MiB", "longest task of the page, ms");
  const raw = await page.evaluate(async () => {
    const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt"]);
    const piece = new Uint8Array(1 << 20);
    const start = performance.now();
    for (let number = 0; number < 512; number++) {
      await crypto.subtle.encrypt({ name: "AES-GCM", iv: new Uint8Array(12) }, key, piece);
    }
    return (512 * 1.048576) / ((performance.now() - start) / 1000);
  });
  row("raw AES-256-GCM of WebCrypto, 1 MiB at a time", raw.toFixed(0), "", "");

  const file = join(work, "large.bin");
  const handle = await open(file, "w");
  await handle.truncate(Number(size) * 2 ** 20);
  await handle.close();
  const bytes = (await stat(file)).size;
  await page.goto(`${url}/records/add`);
  await (await page.locator("input[type=file]:not([capture])").waitHandle()).uploadFile(file);
  await press("Add 1 record");
  await longest();
  await rendererPeak();
  let start = performance.now();
  await shown("Safe in your vault");
  row(`${size} MiB sealed and sent`, speed(bytes, start), (await rendererPeak()).toFixed(0), task(await longest()));

  await page.locator("li.file a").click();
  await shown("This record is kept, but cannot be shown here");
  await longest();
  await rendererPeak();
  start = performance.now();
  await press("Save a copy");
  const saved = async () => {
    for (const name of await readdir(downloads)) {
      if (name.endsWith(".crdownload")) continue;
      const path = join(downloads, name);
      if ((await stat(path)).size === bytes) return path;
    }
  };
  let copy;
  while (!(copy = await saved())) {
    assert.ok(performance.now() - start < 1_200_000, "no copy was saved");
    await sleep(100);
  }
  row(`${size} MiB fetched, opened and saved`, speed(bytes, start), (await rendererPeak()).toFixed(0), task(await longest()));
  assert.equal(execFileSync("cmp", [file, copy]).length, 0);
} finally {
  await browser.close();
  await rm(work, { recursive: true, force: true });
}
