// Measures a large file in a real Chromium, up and down, against a server that is running. Prints Markdown.
//   node large.mjs URL EMAIL PASSWORD [MiB]
// The driver asks the browser nothing about its network: to tell of requests, Chromium keeps a copy of their bodies,
// which is most of what would be measured then.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, open, readFile, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import puppeteer from "puppeteer-core";
import { executablePath, flags, widths } from "../support/browser.mjs";
import { longestTask, row, table, task, watchTasks } from "./report.mjs";

const [url, email, password, size = "2048"] = process.argv.slice(2);
assert.ok(password, "node large.mjs URL EMAIL PASSWORD [MiB]");
const speed = (bytes, start) => (bytes / 1e3 / (performance.now() - start)).toFixed(0);

/** The processes of this browser that run pages. Other browsers on this machine do not count. */
async function renderers() {
  const parents = new Map();
  for (const id of await readdir("/proc")) {
    if (/^\d+$/.test(id)) parents.set(Number(id), (await status(id)).PPid);
  }
  const isOwn = (id) => id === process.pid || (parents.has(id) && isOwn(parents.get(id)));
  const own = [];
  for (const id of parents.keys()) {
    const command = await readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "");
    if (command.includes("--type=renderer") && isOwn(id)) own.push(id);
  }
  assert.ok(own.length > 0, "no process of the browser runs a page");
  return own;
}

/** The process of the server at an address of this machine. */
async function serverAt(url) {
  for (const id of await readdir("/proc")) {
    const command = await readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "");
    const words = command.split("\0");
    if (words[0].endsWith("healthbridge-server") && words.includes(new URL(url).host.replace("localhost", "127.0.0.1"))) return id;
  }
  assert.fail("the server runs elsewhere");
}

/** What the kernel says of a process; memory in KiB. */
async function status(id) {
  const lines = await readFile(`/proc/${id}/status`, "utf8").catch(() => "");
  return Object.fromEntries([...lines.matchAll(/^(\w+):\s+(\d+)/gm)].map(([, key, value]) => [key, Number(value)]));
}

/**
 * Watches the memory of the tab and of the server; `peaks` ends it and gives the most of each, in MiB. Of the tab it is
 * what any process that runs pages has to itself, as the browser's own task manager counts it: the pages of the
 * browser's program, which all of its processes share, are not in it. Of the server it is all.
 */
async function watchMemory() {
  const [ids, server] = [await renderers(), await serverAt(url)];
  let [most, mostOfServer] = [0, 0];
  let watching = true;
  const watch = (async () => {
    for (; watching; await sleep(20)) {
      for (const id of ids) {
        const { RssAnon = 0, VmSwap = 0 } = await status(id);
        most = Math.max(most, (RssAnon + VmSwap) / 1024);
      }
      const { VmRSS = 0 } = await status(server);
      mostOfServer = Math.max(mostOfServer, VmRSS / 1024);
    }
  })();
  return {
    async peaks() {
      watching = false;
      await watch;
      return [most.toFixed(0), mostOfServer.toFixed(0)];
    },
  };
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

  table("A large file in the browser", "what", "MB/s", "the tab's memory, peak in MiB", "the server's", "longest task of the page, ms");
  const file = join(work, "large.bin");
  const handle = await open(file, "w");
  await handle.truncate(Number(size) * 2 ** 20);
  await handle.close();
  const bytes = (await stat(file)).size;
  await page.goto(`${url}/records/add`);
  await (await page.locator("input[type=file]:not([capture])").waitHandle()).uploadFile(file);
  await press("Add 1 record");
  await longest();
  let memory = await watchMemory();
  let start = performance.now();
  await shown("Safe in your vault");
  row(`${size} MiB sealed and sent`, speed(bytes, start), ...(await memory.peaks()), task(await longest()));

  await page.locator("li.file a").click();
  await shown("This record is kept, but cannot be shown here");
  await longest();
  memory = await watchMemory();
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
  row(`${size} MiB fetched, opened and saved`, speed(bytes, start), ...(await memory.peaks()), task(await longest()));
  // Last, because what it leaves behind would be counted.
  const raw = await page.evaluate(async () => {
    const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt"]);
    const piece = new Uint8Array(1 << 20);
    const start = performance.now();
    for (let number = 0; number < 512; number++) {
      await crypto.subtle.encrypt({ name: "AES-GCM", iv: new Uint8Array(12) }, key, piece);
    }
    return (512 * 1.048576) / ((performance.now() - start) / 1000);
  });
  row("raw AES-256-GCM of WebCrypto, 1 MiB at a time", raw.toFixed(0), "", "", "");
  assert.equal(execFileSync("cmp", [file, copy]).length, 0);
} finally {
  await browser.close();
  await rm(work, { recursive: true, force: true });
}
