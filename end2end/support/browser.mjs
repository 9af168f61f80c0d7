// Debian's Chromium, driven by Playwright; and what every journey checks on every page.
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const require = createRequire(import.meta.url);
const axe = await readFile(require.resolve("axe-core/axe.min.js"), "utf8");

export const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const widths = { phone: { width: 390, height: 844 }, wide: { width: 1280, height: 900 } };

/** Where Chromium is, as people have it. */
export function executablePath() {
  const found = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find(existsSync);
  assert(found, "Chromium is not installed: run `make setup`");
  return found;
}

/** The same engine without windows, which takes two thirds of the time. */
const shell = ["/usr/bin/chromium-headless-shell"].find(existsSync);

/**
 * A browser: Chromium without windows, where it is installed, or as people have it. With a folder for its profile it is
 * one person's alone, who keeps on disk what people keep there: without one, everything is in memory.
 */
export async function startBrowser({ profile, withWindows = false } = {}) {
  const program = { executablePath: (!withWindows && shell) || executablePath(), args: flags };
  if (!profile) return chromium.launch(program);
  let context;
  return {
    newContext: async (options) => (context = await chromium.launchPersistentContext(profile, { ...program, ...options })),
    close: async () => context?.close(),
  };
}

/**
 * A person with a browser profile of their own. Errors on any page end the journey. What was sent is kept in `requests`,
 * where somebody wants to `capture` it. Under a finger (`touch`) a page is laid out as on a phone. Nothing moves by itself
 * unless the `motion` is "no-preference".
 */
export async function person(browser, viewport, { colorScheme = "light", capture = false, touch = false, motion = "reduce", javaScript = true } = {}) {
  const looks = { viewport, colorScheme, reducedMotion: motion, hasTouch: touch, isMobile: touch };
  const context = await browser.newContext({ ...looks, javaScriptEnabled: javaScript, acceptDownloads: true });
  const page = await context.newPage();
  const errors = [];
  const requests = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    // A refused request is an answer that pages deal with; Chromium writes a line about it all the same.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) errors.push(message.text());
  });
  if (capture) {
    context.on("request", (request) => {
      const body = request.postDataBuffer();
      requests.push(Buffer.concat([Buffer.from(`${request.method()} ${request.url()}\n${JSON.stringify(request.headers())}\n`), body ?? Buffer.alloc(0)]));
    });
  }
  return { context, page, errors, requests };
}

/** The names of what lies in a folder of the page's private file system. */
export const privateFiles = (page, folder) =>
  page.evaluate(async (folder) => {
    const opened = await (await navigator.storage.getDirectory()).getDirectoryHandle(folder, { create: true });
    const names = [];
    for await (const name of opened.keys()) names.push(name);
    return names;
  }, folder);

/** Turns the page light or dark, and waits until its colours have settled: three frames in which nothing changes. */
export async function turn(page, colorScheme) {
  await page.emulateMedia({ colorScheme });
  await page.evaluate(async () => {
    for (let still = 0; still < 3; ) {
      await new Promise((done) => requestAnimationFrame(done));
      still = document.getAnimations().some(({ playState }) => playState === "running") ? 0 : still + 1;
    }
  });
}

const everything = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Fails on anything that axe finds on the page, as it is coloured and in the other colours. */
export async function assertAccessible(page, what) {
  // The whole page at once: a bar that stays at the bottom half-covers a row only for as long as nobody scrolls.
  const viewport = page.viewportSize();
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ width: viewport.width, height: Math.max(viewport.height, height) });
  await assertAccessibleAsItStands(page, what);
  // Nothing but colours differs between light and dark.
  const is = await page.evaluate(() => (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
  const other = is === "dark" ? "light" : "dark";
  await turn(page, other);
  await assertAccessibleAsItStands(page, `${what} (${other})`, { type: "rule", values: ["color-contrast"] });
  await turn(page, is);
  await page.setViewportSize(viewport);
}

/** Fails on anything that axe finds on what is in sight. */
export async function assertAccessibleAsItStands(page, what, runOnly = { type: "tag", values: everything }) {
  // The Content-Security-Policy forbids injected scripts, so axe comes in by the debugger.
  const session = await page.context().newCDPSession(page);
  const { result: there } = await session.send("Runtime.evaluate", { expression: "typeof axe" });
  if (there.value === "undefined") await session.send("Runtime.evaluate", { expression: axe });
  const { result } = await session.send("Runtime.evaluate", {
    expression: `axe.run(document, { runOnly: ${JSON.stringify(runOnly)} }).then((r) => JSON.stringify(r.violations.map((v) => [v.id, v.help, v.nodes.slice(0, 3).map((n) => n.html.slice(0, 200))])))`,
    awaitPromise: true,
    returnByValue: true,
  });
  await session.detach();
  assert.deepEqual(JSON.parse(result.value), [], `axe on ${what}`);
}

/** Waits for two frames: what was asked for in the first is drawn in the second. */
export const frame = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
