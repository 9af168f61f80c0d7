// One upload and two tabs, a server that fails in the middle of one, and the same file twice.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { person, startBrowser, widths } from "../support/browser.mjs";
import { noise } from "../support/files.mjs";
import { assertQuiet, checkPage, choose, follow, go, heading, kept, passwords, pickCard, sendPart, signUp, until, uploadRow } from "../support/people.mjs";
import { startServer } from "../support/server.mjs";
import { startWire } from "../support/wire.mjs";

const SIZE = 40 << 20;
/** So much is let through before the wire is held: a chunk of the file, and a part of others. */
const HELD_AT = 20 << 20;

let browser;
let folder;
before(async () => {
  browser = await startBrowser();
  folder = await mkdtemp(join(tmpdir(), "healthbridge-tabs-"));
  await writeFile(join(folder, "long-scan.bin"), noise(SIZE));
});
after(async () => {
  await browser?.close();
  if (folder) await rm(folder, { recursive: true, force: true });
});

let wire;
let server;
let maya;
beforeEach(async () => {
  wire = await startWire();
  server = await startServer({ environment: { HEALTHBRIDGE_PUBLIC_URL: wire.url } });
  wire.lead(Number(new URL(server.url).port));
  maya = await person(browser, widths.wide);
  await signUp(maya, wire.url, { name: "Maya Sørensen", email: "maya@example.org", password: passwords.patient });
});
afterEach(async () => {
  await maya?.context.close();
  await wire?.stop();
  await server?.stop();
});

const sendHalf = (page) => sendPart(page, wire, join(folder, "long-scan.bin"), { heldAt: HELD_AT });

/** Another tab of the same person, at the page for adding. */
async function otherTab() {
  const page = await maya.context.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  const tab = { ...maya, page, errors };
  await go(tab, `${wire.url}/records/add`);
  await heading(page, "Add records");
  return tab;
}

/** How many records the vault has, by its list. */
async function records(page) {
  await follow(page, "Records");
  await page.getByRole("main").getByRole("link", { name: "Long scan" }).first().waitFor();
  return page.getByRole("main").locator("ul.list a").count();
}

test("a tab that is opened while another one sends leaves that to it", async () => {
  const { page } = maya;
  await sendHalf(page);
  const other = await otherTab();
  // It would be there within moments of the vault being open.
  await other.page.waitForTimeout(2000);
  assert.equal(await uploadRow(other.page, "Long scan").count(), 0, "the other tab has nothing to ask of anybody");
  wire.release();
  await kept(page, "Long scan", { timeout: 60_000 });
  assert.equal(await uploadRow(other.page, "Long scan").count(), 0);
  assert.equal(await records(other.page), 1, "it is there once");
  assertQuiet(maya, "the tab that sends");
  assertQuiet(other, "the tab that does not");
});

test("a tab goes on with what another one left when it was closed", async () => {
  await sendHalf(maya.page);
  const other = await otherTab();
  await maya.page.close();
  wire.release();
  await kept(other.page, "Long scan", { timeout: 60_000 });
  assert.equal(await records(other.page), 1, "it is there once");
  assertQuiet(other, "the tab that is left");
});

test("an upload that fails is tried again from what is kept", async () => {
  const { context, page } = maya;
  // `api-error` of the kind `internal`, in CBOR.
  const fails = (route) => (route.request().method() === "POST" ? route.fulfill({ status: 500, body: Buffer.from([0x82, 0x08, 0x80]) }) : route.continue());
  await context.route(/\/api\/v1\/vaults\/[^/]+\/log$/, fails);
  await follow(page, "Add");
  await choose(page, [{ name: "letter.txt", content: Buffer.from("Dear Maya") }]);
  await page.getByRole("button", { name: "Add 1 record" }).click();
  const row = uploadRow(page, "Letter");
  await row.getByText("The server could not take the rest of it.").waitFor();
  await row.getByText("What was sent so far is kept, and the rest is still on this device.").waitFor();
  await page.getByRole("heading", { name: "On their way" }).waitFor();
  await row.getByRole("button", { name: "Take away Letter" }).waitFor();
  await checkPage(maya, "an upload that failed");
  await context.unroute(/\/api\/v1\/vaults\/[^/]+\/log$/, fails);
  await row.getByRole("button", { name: "Try again Letter" }).click();
  await kept(page, "Letter");
  await page.getByRole("heading", { name: "Added to your vault" }).waitFor();
  await follow(page, "Records");
  await page.getByRole("main").getByRole("link", { name: "Letter" }).waitFor();
  assert.equal(await page.getByRole("main").locator("ul.list a").count(), 1, "it is there once");
  assertQuiet(maya, "an upload that was tried again");
});

test("a file that is on its way already is said to be", async () => {
  const { page } = maya;
  await sendHalf(page);
  await page.getByLabel("Choose files, or drop them here").setInputFiles(join(folder, "long-scan.bin"));
  await pickCard(page, "long-scan.bin").getByText("You have added this very file already, as “Long scan”.").waitFor();
  wire.release();
  await kept(page, "Long scan", { timeout: 60_000 });
  assertQuiet(maya, "the same file twice");
});
