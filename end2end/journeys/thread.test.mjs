// The whole thread: a CT image, a PDF and a photo go in sealed, come back, are shared, seen, and shared no more.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { person, startBrowser, widths } from "../support/browser.mjs";
import { pdf, png } from "../support/files.mjs";
import {
  addChosen, checkPage, choose, drawn, follow, go, heading, openFromList, passwords, pickCard, saveCopy, shareOpen,
  signUp,
} from "../support/people.mjs";
import { corpus, startServer } from "../support/server.mjs";

const scan = `${corpus}/dicom/CT_small.dcm`;
const skip = !existsSync(scan) && "SKIPPED: the CT image of the shared corpus is not there";

let browser;
let server;
before(async () => {
  browser = await startBrowser({ withWindows: true });
  server = await startServer();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

for (const [width, viewport] of Object.entries(widths)) {
  test(`a record is kept, found, opened, shared, seen and shared no more, ${width}`, { skip }, async () => {
    const patient = { name: "Maya Sørensen", email: `maya.${width}@example.org`, password: passwords.patient };
    const doctor = {
      name: "Dr Kenji Ito",
      email: `ito.${width}@example.org`,
      password: passwords.provider,
      specialty: "Cardiology",
      organisation: "St. Anna Hospital",
    };
    const files = {
      ct: { name: "CT_small.dcm", content: await readFile(scan) },
      pdf: { name: "result.pdf", content: pdf({ pages: ["Blood count", "Second page"], title: "Blood count" }) },
      photo: { name: "IMG_2031.png", content: png(), type: "image/png" },
    };
    const maya = await person(browser, viewport);
    const ito = await person(browser, viewport);
    // What is wrong with the look of a page does not keep the thread from going on; it fails in the end.
    const blemishes = [];
    const look = async (checking) => {
      try {
        await checking;
      } catch (error) {
        blemishes.push(error.message);
      }
    };
    const checker = (someone, who) => async (what) => {
      await look(checkPage(someone, `${who}: ${what}`));
      const [shown, all] = await someone.page.evaluate(() => [document.documentElement.clientWidth, document.documentElement.scrollWidth]);
      if (all > shown) blemishes.push(`${who}: ${what} is wider than the screen`);
    };
    const check = checker(maya, "patient");
    const checkIto = checker(ito, "physician");
    const { page } = maya;

    // Sign-up.
    await signUp(maya, server.url, patient, { check });
    await page.getByText("Your vault is ready").waitFor();
    await check("empty home");

    // Adding, with proposals that are corrected.
    await follow(page, "Add");
    await heading(page, "Add records");
    await check("adding, nothing chosen");
    await choose(page, Object.values(files));
    const proposed = async ({ name }) => {
      const card = pickCard(page, name);
      const value = (label) => card.getByLabel(label).inputValue();
      return { title: await value("Title"), category: await value("Kind of record"), date: await value("Date") };
    };
    const ct = await proposed(files.ct);
    assert.equal(ct.category, "imaging");
    assert.equal(ct.date, "2004-01-19");
    assert.match(ct.title, /CT/);
    assert.equal((await proposed(files.pdf)).title, "Blood count");
    const blood = pickCard(page, files.pdf.name);
    await blood.getByLabel("Title").fill("Blood count of November");
    await blood.getByLabel("Kind of record").selectOption("laboratory");
    await blood.getByLabel("Date").fill("2025-11-03");
    await blood.getByLabel("Notes").fill("Keep an eye on potassium.");
    await pickCard(page, files.photo.name).getByLabel("Title").fill("Rash on the arm");
    await check("adding, three chosen");
    await addChosen(page, [ct.title, "Blood count of November", "Rash on the arm"]);
    await check("adding, all in the vault");

    // The list and what narrows it.
    await follow(page, "Records");
    await heading(page, "Records");
    const main = page.getByRole("main");
    const names = async () => (await main.locator("ul.list a").allTextContents()).map((name) => name.trim());
    const shows = (count) => page.waitForFunction((count) => document.querySelectorAll("main ul.list a").length === count, count);
    await shows(3);
    assert.deepEqual((await names()).sort(), ["Blood count of November", ct.title, "Rash on the arm"].sort());
    await check("records");
    await main.getByRole("button", { name: "Laboratory", exact: true }).click();
    await shows(1);
    assert.deepEqual(await names(), ["Blood count of November"]);
    await main.getByRole("button", { name: "Everything", exact: true }).click();
    await shows(3);
    await main.getByLabel("Search your records").fill("POTASSIUM");
    await shows(1);
    assert.deepEqual(await names(), ["Blood count of November"]);
    await main.getByLabel("Search your records").fill("nothing like this");
    await page.getByText("No record found").first().waitFor();
    await check("records, none found");
    await main.getByRole("button", { name: "Show every record" }).click();
    await shows(3);

    // The CT image.
    await openFromList(page, ct.title);
    assert.deepEqual(await drawn(page), { width: 128, height: 128 });
    await check("the CT image");
    await page.getByRole("button", { name: "Larger" }).click();
    const zoomed = (zoom) => page.waitForFunction((zoom) => document.querySelector("canvas").style.getPropertyValue("--zoom") === zoom, zoom);
    await zoomed("1.5");
    await page.getByRole("button", { name: "Show the whole picture" }).click();
    await zoomed("1");
    const savedScan = await saveCopy(page);
    assert.equal(savedScan.name, files.ct.name);
    assert.ok(savedScan.bytes.equals(files.ct.content), "the saved CT image is the one that was added");

    // The document, page by page.
    await follow(page, "Records");
    await openFromList(page, "Blood count of November");
    await drawn(page);
    await page.getByText("Page 1 of 2").waitFor();
    await check("the document");
    const pageOne = await page.locator("canvas").evaluate((canvas) => canvas.toDataURL());
    await page.getByRole("button", { name: "Next page" }).click();
    await page.getByText("Page 2 of 2").waitFor();
    await page.waitForFunction((before) => document.querySelector("canvas").toDataURL() !== before, pageOne);
    const savedDocument = await saveCopy(page);
    assert.ok(savedDocument.bytes.equals(files.pdf.content), "the saved document is the one that was added");

    // The photo, and a correction afterwards.
    await follow(page, "Records");
    await openFromList(page, "Rash on the arm");
    assert.deepEqual(await drawn(page), { width: 120, height: 90 });
    await check("the photo");
    const savedPhoto = await saveCopy(page);
    assert.ok(savedPhoto.bytes.equals(files.photo.content), "the saved photo is the one that was added");
    await page.getByRole("link", { name: "Edit", exact: true }).click();
    await heading(page, "Edit the record");
    await check("editing");
    await page.getByLabel("Title").fill("Rash on the left arm");
    await page.getByLabel("Notes").fill("Gone after two days.");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await heading(page, "Rash on the left arm");
    await page.getByText("Gone after two days.").waitFor();

    // A physician, in a browser of their own.
    await signUp(ito, server.url, doctor, { check: checkIto });
    await ito.page.getByText("Nobody shares with you yet").waitFor();
    await checkIto("no patients");

    // Sharing the CT image.
    await follow(page, "Records");
    await openFromList(page, ct.title);
    await shareOpen(page, doctor.email, { check });
    await page.getByText(/until .*7 days left/).first().waitFor();
    await check("sharing");

    // The physician opens it and saves a copy.
    await go(ito, `${server.url}/patients`);
    await ito.page.getByRole("main").getByRole("link", { name: patient.name }).click();
    await heading(ito.page, patient.name);
    await ito.page.getByRole("link", { name: ct.title }).waitFor();
    assert.equal(await ito.page.getByRole("main").locator("ul.list a").count(), 1, "only the CT image is shared");
    await checkIto("a patient");
    await openFromList(ito.page, ct.title);
    assert.deepEqual(await drawn(ito.page), { width: 128, height: 128 });
    await checkIto("a record");
    const copied = await saveCopy(ito.page);
    assert.ok(copied.bytes.equals(files.ct.content), "the physician's copy is what was added");

    // The patient sees it.
    await go(maya, `${server.url}/activity`);
    await page.getByText(`${doctor.name} opened ${ct.title}`).waitFor();
    await page.getByText(`${doctor.name} saved a copy of ${ct.title}`).waitFor();
    await page.getByText("You made your vault").waitFor();
    await check("activity");
    await page.getByLabel("Who", { exact: true }).selectOption({ label: doctor.name });
    await page.getByText("You made your vault").waitFor({ state: "detached" });
    await page.getByText(`${doctor.name} opened ${ct.title}`).waitFor();
    await follow(page, "Home");
    await page.getByText("Who can see what").waitFor();
    await page.getByText(`${doctor.name} opened ${ct.title}`).waitFor();
    await check("home");

    // And shares it no more.
    await follow(page, "Sharing");
    await heading(page, "Who can see what");
    await page.getByText(new RegExp(`Opened ${ct.title}`)).first().waitFor();
    await page.getByRole("button", { name: /^Stop sharing/ }).click();
    const question = page.getByRole("dialog");
    await question.getByText(`Stop sharing ${ct.title} with ${doctor.name}?`).waitFor();
    await question.getByText(`${doctor.name} has opened ${ct.title}`).waitFor();
    await check("stop sharing?");
    await question.getByRole("button", { name: "Stop sharing", exact: true }).click();
    await page.getByText("blocked", { exact: true }).waitFor();

    // The physician's open page is told at once, and the record is gone from it.
    await ito.page.getByText("There is no such record, or it is not shared with you").waitFor();
    await checkIto("a record that is shared no more");
    await go(ito, `${server.url}/patients`);
    await ito.page.getByText("Nobody shares with you yet").waitFor();

    // The three states of the end, and what had been opened.
    for (const state of ["blocked", "key turned", "resealed"]) await page.getByText(state, { exact: true }).waitFor({ timeout: 30_000 });
    await page.getByText(`Before that, ${doctor.name} had opened ${ct.title}.`).waitFor();
    await check("sharing that has ended");

    // What was sealed anew is still the patient's.
    await follow(page, "Records");
    await openFromList(page, ct.title);
    assert.deepEqual(await drawn(page), { width: 128, height: 128 });
    const again = await saveCopy(page);
    assert.ok(again.bytes.equals(files.ct.content), "what was sealed anew is what was added");

    // Locked: nothing of the vault is left in the page.
    await page.getByRole("button", { name: /Unlocked here/ }).click();
    await heading(page, "Locked");
    assert.ok(!(await page.content()).includes(ct.title), "a locked page holds no title");
    await check("locked");

    await maya.context.close();
    await ito.context.close();
    assert.deepEqual(blemishes, []);
  });
}
