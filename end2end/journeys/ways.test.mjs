// Every way into the vault besides the file chooser, and out of it again.
import assert from "node:assert/strict";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { person, startBrowser, widths } from "../support/browser.mjs";
import { pdf, png } from "../support/files.mjs";
import {
  addChosen, assertQuiet, carrying, checkPage, choose, drawn, follow, heading, openFromList, passwords, pickCard, saveCopy, signUp,
} from "../support/people.mjs";
import { startServer } from "../support/server.mjs";

let browser;
let server;
before(async () => {
  browser = await startBrowser();
  server = await startServer();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

let maya;
let number = 0;
beforeEach(async () => {
  maya = await person(browser, widths.phone);
  await signUp(maya, server.url, { name: "Maya Sørensen", email: `maya.${++number}@example.org`, password: passwords.patient });
  await follow(maya.page, "Add");
  await heading(maya.page, "Add records");
});
afterEach(async () => {
  await maya?.context.close();
});

test("files are dropped, pasted and photographed", async () => {
  const { page } = maya;
  const dropped = [{ name: "one.txt", content: Buffer.from("dropped first") }, { name: "two.txt", content: Buffer.from("dropped second") }];
  const zone = page.locator(".drop");
  const dataTransfer = await carrying(page, dropped);
  await zone.dispatchEvent("dragover", { dataTransfer });
  await page.locator(".drop.over").waitFor();
  await zone.dispatchEvent("drop", { dataTransfer });
  for (const { name } of dropped) await pickCard(page, name).getByLabel("Title").waitFor();
  await page.locator(".drop:not(.over)").waitFor();

  // A picture that was copied elsewhere, and pasted by the keyboard.
  await maya.context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.evaluate(async (picture) => {
    const bytes = Uint8Array.from(atob(picture), (letter) => letter.charCodeAt(0));
    await navigator.clipboard.write([new ClipboardItem({ "image/png": new Blob([bytes], { type: "image/png" }) })]);
  }, png({ width: 64, height: 48 }).toString("base64"));
  await page.keyboard.press("Control+V");
  await pickCard(page, "image.png").getByLabel("Title").fill("Pasted picture");

  const camera = page.getByLabel("Take a picture of a paper");
  assert.equal(await camera.getAttribute("capture"), "environment");
  assert.equal(await camera.getAttribute("accept"), "image/*");
  await camera.setInputFiles({ name: "IMG_0001.png", buffer: png(), mimeType: "image/png" });
  await pickCard(page, "IMG_0001.png").getByLabel("Title").fill("Photographed letter");
  await checkPage(maya, "adding, dropped, pasted and photographed");

  await addChosen(page, ["One", "Two", "Pasted picture", "Photographed letter"]);
  await follow(page, "Records");
  await heading(page, "Records");
  await openFromList(page, "Two");
  assert.equal((await saveCopy(page)).bytes.toString(), "dropped second");
  await follow(page, "Records");
  await openFromList(page, "Pasted picture");
  assert.deepEqual(await drawn(page), { width: 64, height: 48 });
  assertQuiet(maya, "adding in every way");
});

test("a file is replaced by a newer one, and a record is deleted", async () => {
  const { page } = maya;
  const [older, newer] = [pdf({ pages: ["A draft"] }), pdf({ pages: ["The letter", "Its second page"] })];
  await choose(page, [{ name: "letter.pdf", content: older }]);
  await pickCard(page, "letter.pdf").getByLabel("Title").fill("Letter to the GP");
  await pickCard(page, "letter.pdf").getByLabel("Notes").fill("Wait for the final one.");
  await addChosen(page, ["Letter to the GP"]);
  await follow(page, "Records");
  await openFromList(page, "Letter to the GP");
  await page.getByText("Page 1 of 1").waitFor();

  await page.getByRole("button", { name: "Replace the file" }).click();
  const dialog = page.getByRole("dialog", { name: "Replace the file" });
  await dialog.getByLabel("Choose the newer file").setInputFiles({ name: "letter-final.pdf", mimeType: "application/pdf", buffer: newer });
  await dialog.getByText("letter-final.pdf").waitFor();
  await checkPage(maya, "replacing a file");
  await dialog.getByRole("button", { name: "Replace the file" }).click();
  await page.getByText("Page 1 of 2").waitFor();
  await heading(page, "Letter to the GP");
  await page.getByText("Wait for the final one.").waitFor();
  const copy = await saveCopy(page);
  assert.equal(copy.name, "letter-final.pdf");
  assert.ok(copy.bytes.equals(newer), "the copy is the newer file");

  await page.getByRole("button", { name: "Delete", exact: true }).click();
  const question = page.getByRole("dialog", { name: "Delete Letter to the GP?" });
  await checkPage(maya, "delete?");
  await question.getByRole("button", { name: "Keep it" }).click();
  await question.waitFor({ state: "hidden" });
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await question.getByRole("button", { name: "Delete for good" }).click();
  await heading(page, "Records");
  await page.getByText("No records yet").first().waitFor();
  await follow(page, "Activity");
  await page.getByText("You deleted Letter to the GP").waitFor();
  await checkPage(maya, "activity after a deletion");
});

test("a file that is there already is said to be, and so is one that is chosen twice", async () => {
  const { page } = maya;
  const folder = await mkdtemp(join(tmpdir(), "healthbridge-end2end-"));
  const file = join(folder, "letter.txt");
  await writeFile(file, "Dear Maya");
  await page.getByLabel("Choose files, or drop them here").setInputFiles(file);
  await pickCard(page, "letter.txt").getByLabel("Title").fill("Letter to the GP");
  assert.equal(await page.getByText("already here").count(), 0);
  await page.getByLabel("Choose files, or drop them here").setInputFiles(file);
  await page.getByText("You have chosen this very file already.").waitFor();
  await pickCard(page, "letter.txt").nth(1).getByRole("button", { name: "Take away letter.txt" }).click();
  await addChosen(page, ["Letter to the GP"]);
  await page.getByLabel("Choose files, or drop them here").setInputFiles(file);
  await page.getByText("You already have “Letter to the GP”, with this name and size.").waitFor();
  await checkPage(maya, "adding what is there already");
  // Under another name it is the same file.
  await pickCard(page, "letter.txt").getByRole("button", { name: "Take away letter.txt" }).click();
  await rename(file, join(folder, "to the GP.txt"));
  await page.getByLabel("Choose files, or drop them here").setInputFiles(join(folder, "to the GP.txt"));
  await page.getByText("You have added this very file already, as “Letter to the GP”.").waitFor();
  await rm(folder, { recursive: true, force: true });
});
