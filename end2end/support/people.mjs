// What people do, in the words of the pages. Every step waits for what it is to bring about.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { assertAccessible } from "./browser.mjs";

export { turn } from "./browser.mjs";

export const passwords = {
  patient: "quiet otter paints seven lanterns",
  provider: "copper meadow borrows eleven kites",
};

/** Fails on what axe finds and on whatever the console said. */
export async function checkPage(someone, what) {
  await assertAccessible(someone.page, what);
  assertQuiet(someone, what);
}

/** Fails on errors in the console. */
export function assertQuiet({ errors }, what) {
  assert.deepEqual(errors, [], `the console at ${what}`);
}

/** Waits until a page's form can be sent, which it can once the page has come alive. */
export async function alive(page) {
  await page.locator("button[type=submit]:enabled").first().waitFor();
}

/**
 * Goes to a page by its address, and waits until it has come alive: until its vault has answered, or, where nobody is
 * signed in and no vault has been asked for yet, until its form can be sent.
 */
export async function go({ page }, url) {
  const answered = page.waitForResponse((response) => response.url().endsWith("/api/v1/session"));
  const there = page.goto(url);
  await Promise.any([answered, there.then(() => alive(page))]);
  await there;
}

export async function heading(page, name) {
  await page.getByRole("heading", { level: 1, name, exact: typeof name === "string" }).waitFor();
}

/** Follows an entry of the main menu. */
export async function follow(page, name) {
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name, exact: true }).click();
}

export async function fillSignUp(someone, url, { name, email, password, specialty, organisation }) {
  const { page } = someone;
  await go(someone, `${url}/sign-up`);
  if (specialty) {
    await page.getByText("A care team", { exact: true }).click();
    await page.getByLabel("What you do").fill(specialty);
    await page.getByLabel("Where you work").fill(organisation);
  }
  await page.getByLabel("Your name").fill(name);
  await page.getByLabel("E-mail", { exact: true }).fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
}

/** Waits until the strength meter knows what was typed. */
export async function rated(page) {
  await page.locator(".meter:not([data-level='0'])").waitFor();
}

/** Signs up, types two groups back, and gives the kit. */
export async function signUp(someone, url, who, { check = async () => {} } = {}) {
  const { page } = someone;
  await fillSignUp(someone, url, who);
  await rated(page);
  await check("sign-up");
  await page.getByRole("button", { name: "Make my vault" }).click();
  await heading(page, "Your recovery kit");
  const kit = await page.getByRole("list", { name: "Recovery code" }).locator("li > span:last-child").allTextContents();
  assert.equal(kit.length, 14);
  await check("the recovery kit");
  for (const field of await page.getByLabel(/^Group \d+$/).all()) {
    const number = Number((await field.evaluate((input) => input.labels[0].textContent)).match(/\d+/)[0]);
    await field.fill(kit[number - 1].toLowerCase());
  }
  await page.getByRole("button", { name: "Go on to my vault" }).click();
  await page.waitForURL(who.specialty ? "**/patients" : "**/home");
  await heading(page, who.specialty ? "Patients" : new RegExp(who.name.split(" ")[0]));
  return kit;
}

export async function signIn(someone, url, { email, password }) {
  const { page } = someone;
  await go(someone, `${url}/sign-in`);
  await page.getByLabel("E-mail", { exact: true }).fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** Opens the vault that locked itself on this device. */
export async function unlock(someone, url, { password }) {
  const { page } = someone;
  await go(someone, `${url}/account`);
  await heading(page, "Locked");
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Unlock", exact: true }).click();
  await heading(page, "Your account");
}

/** The card of a file that was chosen but not added yet. */
export function pickCard(page, fileName) {
  return page.locator(".card", { has: page.getByRole("heading", { level: 3, name: fileName, exact: true }) });
}

/** What a drag or a paste carries, in the page. */
export function carrying(page, files) {
  return page.evaluateHandle((files) => {
    const transfer = new DataTransfer();
    for (const { name, content, type } of files) {
      transfer.items.add(new File([Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0))], name, { type }));
    }
    return transfer;
  }, files.map(({ name, content, type = "" }) => ({ name, content: content.toString("base64"), type })));
}

/** Chooses files on the page for adding, and waits until each was looked at. */
export async function choose(page, files) {
  await page.getByLabel("Choose files, or drop them here").setInputFiles(files.map(({ name, content, type = "" }) => ({ name, buffer: content, mimeType: type })));
  for (const { name } of files) await pickCard(page, name).getByLabel("Title").waitFor();
}

/** Adds what was chosen, and waits until everything is in the vault. */
export async function addChosen(page, titles) {
  await page.getByRole("button", { name: /^Add \d+ records?$/ }).click();
  for (const title of titles) await kept(page, title);
}

/** The row of a file on its way. */
export function uploadRow(page, title) {
  return page.locator("li.file", { hasText: title });
}

export async function kept(page, title, { timeout = 30_000 } = {}) {
  await uploadRow(page, title).getByText("Safe in your vault").waitFor({ timeout });
}

/** Opens a record from a list in sight. */
export async function openFromList(page, title) {
  await page.getByRole("main").getByRole("link", { name: title }).first().click();
  await heading(page, title);
}

/** Waits until the canvas shows more than one colour. */
export async function drawn(page) {
  await page.locator("canvas").waitFor();
  await page.waitForFunction(() => {
    const canvas = document.querySelector("canvas");
    if (!canvas || !canvas.width || !canvas.height) return false;
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const colours = new Set();
    for (let at = 0; at < data.length && colours.size < 3; at += 4) {
      if (data[at + 3] > 0) colours.add((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]);
    }
    return colours.size >= 2;
  }, undefined, { timeout: 20_000 });
  return page.evaluate(() => ({ width: document.querySelector("canvas").width, height: document.querySelector("canvas").height }));
}

/** Saves a copy; gives its name and bytes. */
export async function saveCopy(page) {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Save a copy" }).first().click(),
  ]);
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}

/** Waits until something holds. */
export async function until(holds, what, { timeout = 30_000 } = {}) {
  const end = performance.now() + timeout;
  while (!(await holds())) {
    assert.ok(performance.now() < end, `waited too long until ${what}`);
    await sleep(50);
  }
}

export function sha256(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Shares the record that is open, for seven days. */
export async function shareOpen(page, email, options = {}) {
  await page.getByRole("link", { name: "Share", exact: true }).click();
  await share(page, email, options);
}

/** Goes through the steps of a share, from its first page on. */
export async function share(page, email, { check = async () => {}, what = async () => {}, compared = false, length = "7 days" } = {}) {
  await heading(page, "Share");
  await page.getByLabel("E-mail address of the doctor or care team").fill(email);
  await page.getByRole("button", { name: "Find", exact: true }).click();
  await page.getByRole("list", { name: "Safety phrase" }).waitFor();
  await check("share, with whom");
  if (compared) {
    await page.getByRole("button", { name: "The six words are the same" }).click();
    await page.getByText("verified in person").waitFor();
  }
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByText("What do you share?").waitFor();
  await what();
  await check("share, what");
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByText("How long may it be seen?").waitFor();
  await page.getByText(length, { exact: true }).click();
  await check("share, until when");
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByRole("heading", { name: /may open and save copies of/ }).waitFor();
  await check("share, check");
  await page.getByRole("main").getByRole("button", { name: "Share", exact: true }).click();
  await heading(page, "Who can see what");
}

/** Opens a page, and breaks its worker before the vault is open. */
export async function loseVault({ context, page }, url) {
  await context.route("**/api/v1/**", () => {});
  // The worker listens once it asks the server.
  const asked = page.waitForRequest("**/api/v1/session");
  await page.goto(url);
  await page.getByText("Opening your vault.").waitFor();
  await asked;
  await page.workers()[0].evaluate(() => void setTimeout(() => { throw new Error("broken by the test"); }));
  await page.getByText("this page lost your vault").waitFor();
}

/** Begins to send the file at this path, and waits until a part of it has arrived and the rest is held on the wire. */
export async function sendPart(page, wire, path, { heldAt }) {
  await follow(page, "Add");
  await heading(page, "Add records");
  await page.getByLabel("Choose files, or drop them here").setInputFiles(path);
  await pickCard(page, path.split("/").at(-1)).getByLabel("Title").fill("Long scan");
  wire.holdAfter(heldAt);
  await page.getByRole("button", { name: "Add 1 record" }).click();
  await until(wire.isHolding, "a part of the file has arrived");
  await uploadRow(page, "Long scan").getByRole("progressbar").waitFor();
}
