// Shares of a kind of record and of everything; one that has no end, and one that ends by itself.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { person, startBrowser, widths } from "../support/browser.mjs";
import {
  addChosen, assertQuiet, checkPage, choose, follow, go, heading, openFromList, passwords, pickCard, share, signUp, unlock,
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

const patient = { name: "Maya Sørensen", email: "maya@example.org", password: passwords.patient };
const cardiologist = { name: "Dr Kenji Ito", email: "ito@example.org", password: passwords.provider, specialty: "Cardiology", organisation: "St. Anna Hospital" };
const nurse = { name: "Lena Vogt", email: "vogt@example.org", password: "velvet anchors hum in november", specialty: "Nursing", organisation: "Home care" };

async function add(page, files) {
  await follow(page, "Add");
  await heading(page, "Add records");
  await choose(page, files);
  for (const { name, title, category } of files) {
    await pickCard(page, name).getByLabel("Title").fill(title);
    await pickCard(page, name).getByLabel("Kind of record").selectOption(category);
  }
  await addChosen(page, files.map(({ title }) => title));
}

async function titles(someone) {
  const main = someone.page.getByRole("main");
  await main.locator("ul.list a").first().waitFor();
  return (await main.locator("ul.list a").allTextContents()).map((title) => title.trim()).sort();
}

async function seesOfMaya(someone) {
  await go(someone, `${server.url}/patients`);
  await someone.page.getByRole("main").getByRole("link", { name: patient.name }).click();
  await heading(someone.page, patient.name);
  return titles(someone);
}

test("a kind of record and everything are shared, with what comes later; one share has no end, one ends by itself", async () => {
  const [maya, ito, vogt] = await Promise.all([person(browser, widths.phone), person(browser, widths.wide), person(browser, widths.phone)]);
  const { page } = maya;
  await signUp(ito, server.url, cardiologist);
  await signUp(vogt, server.url, nurse);
  await signUp(maya, server.url, patient);
  await add(page, [
    { name: "blood.txt", content: Buffer.from("Potassium 4.1"), title: "Blood count", category: "laboratory" },
    { name: "letter.txt", content: Buffer.from("Dear Maya"), title: "Letter", category: "visit-notes" },
  ]);

  // A kind of record, for a week.
  await go(maya, `${server.url}/sharing/new`);
  await share(page, cardiologist.email, {
    length: "7 days",
    what: async () => {
      await page.getByText("A kind of record", { exact: true }).click();
      await page.getByLabel("Kind of record", { exact: true }).selectOption("laboratory");
    },
  });
  // Everything asks for the six words first; no end is warned of.
  await go(maya, `${server.url}/sharing/new`);
  await share(page, nurse.email, {
    compared: true,
    length: "No end",
    what: async () => {
      await page.getByText("Everything", { exact: true }).click();
    },
    check: async (what) => {
      if (what === "share, until when") await page.getByText("This share has no end.").waitFor();
      await checkPage(maya, what);
    },
  });
  await page.getByText("until you stop it").waitFor();
  await checkPage(maya, "sharing with two");

  assert.deepEqual(await seesOfMaya(ito), ["Blood count"]);
  assert.deepEqual(await seesOfMaya(vogt), ["Blood count", "Letter"]);
  const seen = await ito.page.getByRole("link", { name: "Blood count" }).getAttribute("href");

  // What comes later is shared too, with whom it concerns.
  await add(page, [
    { name: "liver.txt", content: Buffer.from("ALT 22"), title: "Liver values", category: "laboratory" },
    { name: "plan.txt", content: Buffer.from("Rest"), title: "Plan", category: "visit-notes" },
  ]);
  assert.deepEqual(await seesOfMaya(ito), ["Blood count", "Liver values"]);
  assert.deepEqual(await seesOfMaya(vogt), ["Blood count", "Letter", "Liver values", "Plan"]);
  await openFromList(vogt.page, "Plan");
  await vogt.page.getByText("Rest", { exact: true }).waitFor();

  // A week later the one has ended by itself, and the other holds.
  await server.halt();
  await server.start({ passed: "+8d" });
  for (const someone of [maya, ito, vogt]) await moveClock(someone, 8);
  await unlock(ito, server.url, cardiologist);
  await go(ito, `${server.url}/patients`);
  await ito.page.getByText("Nobody shares with you yet").waitFor();
  await go(ito, `${server.url}${seen}`);
  await ito.page.getByText("There is no such record, or it is not shared with you").waitFor();
  await checkPage(ito, "a record whose sharing has ended");
  await unlock(vogt, server.url, nurse);
  assert.deepEqual(await seesOfMaya(vogt), ["Blood count", "Letter", "Liver values", "Plan"]);

  // The patient's device finds the end, turns the key and seals again, without being asked.
  await unlock(maya, server.url, patient);
  await follow(page, "Sharing");
  await page.getByRole("heading", { name: new RegExp(`Ended .*: laboratory, with ${cardiologist.name}`) }).waitFor();
  for (const state of ["blocked", "key turned", "resealed"]) await page.getByText(state, { exact: true }).waitFor({ timeout: 30_000 });
  await checkPage(maya, "a share that has ended by itself");
  await page.getByText("until you stop it").waitFor();

  // Sealed again for the one who stays.
  await go(vogt, `${server.url}/patients`);
  assert.deepEqual(await seesOfMaya(vogt), ["Blood count", "Letter", "Liver values", "Plan"]);
  await openFromList(vogt.page, "Liver values");
  await vogt.page.getByText("ALT 22", { exact: true }).waitFor();
  for (const [someone, who] of [[maya, "patient"], [ito, "physician"], [vogt, "nurse"]]) {
    assertQuiet(someone, who);
    await someone.context.close();
  }
});

/** Lets a person's pages and workers believe that some days have passed, from the next page on. */
async function moveClock({ context }, days) {
  const script = `{
    const Real = Date;
    const moved = ${days * 86_400_000};
    globalThis.Date = class extends Real {
      constructor(...given) { if (given.length) super(...given); else super(Real.now() + moved); }
      static now() { return Real.now() + moved; }
    };
  }`;
  await context.addInitScript(script);
  await context.route("**/worker.js", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: `${script}\n${await answer.text()}` });
  });
}
