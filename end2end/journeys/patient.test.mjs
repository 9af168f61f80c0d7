// A patient as a care team sees them: nothing yet, something, and more while one searches.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { person, startBrowser, widths } from "../support/browser.mjs";
import { commandLine, password } from "../support/command.mjs";
import { addChosen, assertQuiet, checkPage, choose, follow, heading, pickCard, signIn } from "../support/people.mjs";
import { startServer } from "../support/server.mjs";

const doctor = { name: "Dr Kenji Ito", email: "ito@example.org" };

let browser;
let server;
let maya;
let ito;
let work;
before(async () => {
  server = await startServer();
  browser = await startBrowser();
  [maya, ito] = await Promise.all([commandLine(server.url), commandLine(server.url)]);
  work = await mkdtemp(join(tmpdir(), "healthbridge-patient-"));
  await writeFile(join(work, "result.txt"), "This is a result.");
  await maya.json("signup", "--email", "maya@example.org", "--name", "Maya Berg", "--as", "patient");
  await ito.json("signup", "--email", doctor.email, "--name", doctor.name, "--as", "provider", "--specialty", "Cardiology");
  await maya.json("share", "--category", "imaging", "--with", doctor.email);
});
after(async () => {
  await browser?.close();
  await maya?.end();
  await ito?.end();
  await server?.stop();
  if (work) await rm(work, { recursive: true, force: true });
});

test("whoever adds or edits a record is told who will see it", async () => {
  const someone = await person(browser, widths.phone);
  const { page } = someone;
  const seen = page.getByText(`${doctor.name} will see it, because you share imaging.`);
  await signIn(someone, server.url, { email: "maya@example.org", password });
  await heading(page, /Maya/);
  await follow(page, "Add");
  await choose(page, [{ name: "knee.txt", content: Buffer.from("The knee is well.") }]);
  const card = pickCard(page, "knee.txt");
  await card.getByLabel("Kind of record").selectOption("visit-notes");
  assert.equal(await seen.count(), 0);
  await card.getByLabel("Kind of record").selectOption("imaging");
  await seen.waitFor();
  await checkPage(someone, "adding what will be seen");
  await card.getByLabel("Kind of record").selectOption("visit-notes");
  await seen.waitFor({ state: "detached" });
  await addChosen(page, ["Knee"]);
  await page.getByRole("link", { name: "Open Knee" }).click();
  await heading(page, "Knee");
  await page.getByRole("link", { name: "Edit", exact: true }).click();
  await page.getByLabel("Kind of record").selectOption("imaging");
  await seen.waitFor();
  await checkPage(someone, "editing what will be seen");
  await someone.context.close();
});

test("a care team is never asked to add records, and keeps its search while more is shared", async () => {
  const someone = await person(browser, widths.phone);
  const { page } = someone;
  const add = (title) => maya.json("upload", join(work, "result.txt"), "--again", "--title", title, "--category", "imaging");
  await signIn(someone, server.url, { email: doctor.email, password });
  await heading(page, "Patients");
  await page.getByRole("main").getByRole("link", { name: "Maya Berg" }).click();
  await heading(page, "Maya Berg");
  await page.getByText("No record to see yet").waitFor();
  assert.equal(await page.getByRole("link", { name: "Add records" }).count(), 0);
  await checkPage(someone, "a patient with nothing to see");

  await add("CT of the chest");
  await page.getByRole("link", { name: "CT of the chest" }).waitFor();
  const search = page.getByRole("searchbox", { name: "Search your records" });
  await search.fill("chest");
  await page.evaluate(() => (document.querySelector("main h1").dataset.mark = "the same page"));
  await add("X-ray of the chest");
  await page.getByRole("link", { name: "X-ray of the chest" }).waitFor();
  assert.equal(await search.inputValue(), "chest");
  assert.ok(await search.evaluate((field) => field === document.activeElement), "the focus stays in the search");
  assert.equal(await page.evaluate(() => document.querySelector("main h1").dataset.mark), "the same page");

  // One more share changes what stands beside the records, and nothing else.
  await maya.json("share", "--category", "laboratory", "--with", doctor.email);
  await page.getByText("Laboratory", { exact: true }).first().waitFor();
  assert.equal(await search.inputValue(), "chest");
  assertQuiet(someone, "a patient");
  await someone.context.close();
});

test("a care team compares the six words, and the mark of that stays", async () => {
  const someone = await person(browser, widths.phone);
  const { page } = someone;
  const { phrase } = await maya.json("safety-phrase");
  await signIn(someone, server.url, { email: doctor.email, password });
  await heading(page, "Patients");
  // A line each: two sentences about two things.
  const about = await page.getByText("Cardiology").boundingBox();
  const unchecked = await page.getByText("Nobody has checked your profession yet.").boundingBox();
  assert.ok(unchecked.y >= about.y + about.height - 1);
  await page.getByRole("main").getByRole("link", { name: "Maya Berg" }).click();
  await heading(page, "Maya Berg");
  await page.getByText("six words not compared").waitFor();
  const words = page.getByRole("list", { name: "Safety phrase" }).locator("li > span:last-child");
  assert.equal((await words.allTextContents()).join(" "), phrase, "they are the words that the patient sees");
  await page.getByRole("button", { name: "The six words are the same" }).click();
  await page.getByText("You compared the six words, so this is really your patient.").waitFor();
  await page.getByText("verified in person").waitFor();
  assert.equal(await page.getByText("six words not compared").count(), 0);
  await checkPage(someone, "a patient who was compared");

  // A record of theirs is reached by the patients, and so is its place in the menu.
  await page.getByRole("link", { name: "CT of the chest" }).click();
  await heading(page, "CT of the chest");
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Patients", exact: true }).and(page.locator("[aria-current=page]")).waitFor();
  await follow(page, "Patients");
  await page.getByRole("main").getByRole("link", { name: "Maya Berg" }).click();
  await heading(page, "Maya Berg");
  await page.getByText("verified in person").waitFor();
  assertQuiet(someone, "comparing the six words");
  await someone.context.close();
});
