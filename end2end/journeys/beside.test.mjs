// What goes wrong beside a vault: requests that fail, another person's sign-in, a damaged vault of somebody else, and a
// worker that dies. Nothing is lost, and nobody is kept out.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { person, startBrowser, widths } from "../support/browser.mjs";
import {
  addChosen, checkPage, choose, fillSignUp, follow, go, heading, openFromList, passwords, rated, shareOpen, signIn, signUp,
} from "../support/people.mjs";
import { startServer } from "../support/server.mjs";

let browser;
before(async () => {
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
});

let server;
let people;
beforeEach(async () => {
  server = await startServer();
  people = [];
});
afterEach(async () => {
  for (const { context } of people) await context.close();
  await server?.stop();
});

const patient = { name: "Maya Sørensen", email: "maya@example.org", password: passwords.patient };
const doctor = { name: "Dr Kenji Ito", email: "ito@example.org", password: passwords.provider, specialty: "Cardiology", organisation: "St. Anna Hospital" };

async function somebody() {
  const someone = await person(browser, widths.wide);
  people.push(someone);
  return someone;
}

async function add(page, titles) {
  await follow(page, "Add");
  await heading(page, "Add records");
  await choose(page, titles.map((title) => ({ name: `${title}.txt`, content: Buffer.from(`This is ${title}.`) })));
  await addChosen(page, titles);
}

/** The server is busy, and says so. */
const busy = (route) => route.fulfill({ status: 503, body: "" });

test("the recovery kit is shown once the account is made, whatever fails behind it", async () => {
  const maya = await somebody();
  const { context, page } = maya;
  await fillSignUp(maya, server.url, patient);
  await rated(page);
  const behind = [/\/device-wrap$/, /\/log\?after=/];
  for (const what of behind) await context.route(what, (route) => route.abort());
  await page.getByRole("button", { name: "Make my vault" }).click();
  await heading(page, "Your recovery kit");
  const kit = await page.getByRole("list", { name: "Recovery code" }).locator("li > span:last-child").allTextContents();
  assert.equal(kit.length, 14);
  for (const what of behind) await context.unroute(what);
  for (const field of await page.getByLabel(/^Group \d+$/).all()) {
    const number = Number((await field.evaluate((input) => input.labels[0].textContent)).match(/\d+/)[0]);
    await field.fill(kit[number - 1]);
  }
  await page.getByRole("button", { name: "Go on to my vault" }).click();
  await heading(page, /Maya/);
  await add(page, ["Letter"]);
});

test("an account that may have been made is not said to be none", async () => {
  const maya = await somebody();
  const { context, page } = maya;
  await fillSignUp(maya, server.url, patient);
  await rated(page);
  // It is made, and the answer makes no sense.
  await context.route(/\/signup\/finish$/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: "" });
  });
  await page.getByRole("button", { name: "Make my vault" }).click();
  await page.getByText("The account may be there all the same").waitFor();
  assert.equal(await page.getByText("No account was made").count(), 0);
});

test("a tab does not go on under the session of somebody else who signed in in another tab", async () => {
  const shared = await somebody();
  await signUp(shared, server.url, patient);
  await follow(shared.page, "Add");
  await heading(shared.page, "Add records");
  const other = { ...shared, page: await shared.context.newPage() };
  await go(other, `${server.url}/account`);
  await other.page.getByRole("button", { name: "Sign out", exact: true }).click();
  await heading(other.page, "Sign in");
  await signUp(other, server.url, doctor);

  await choose(shared.page, [{ name: "letter.txt", content: Buffer.from("Dear Maya") }]);
  await shared.page.getByRole("button", { name: "Add 1 record" }).click();
  await heading(shared.page, "Sign in");
  // What the other one is at stays as it was.
  await go(other, `${server.url}/account`);
  await heading(other.page, "Your account");
  await other.page.getByText(doctor.name).first().waitFor();
});

test("a damaged vault of a patient raises the alarm, and keeps no care team out", async () => {
  const [maya, ito] = [await somebody(), await somebody()];
  await signUp(ito, server.url, doctor);
  await signUp(maya, server.url, patient);
  await add(maya.page, ["Letter"]);
  await follow(maya.page, "Records");
  await openFromList(maya.page, "Letter");
  await shareOpen(maya.page, doctor.email);
  await server.halt();
  await server.tamper("DELETE FROM entries WHERE vault = (SELECT vault FROM entries ORDER BY received DESC LIMIT 1) AND seq = 6");
  await server.start();
  const elsewhere = await somebody();
  await signIn(elsewhere, server.url, doctor);
  await heading(elsewhere.page, "Patients");
  await elsewhere.page.getByRole("alert").getByText(/history/).first().waitFor();
  // The list, which cannot be shown because of it, does not say it once more.
  await elsewhere.page.getByText("The warning at the top of this page says why.").waitFor();
  assert.equal(await elsewhere.page.getByText(/history/).count(), 1, "it is said once");
});

test("a patient whose vault does not come is not said to share nothing, while another one's does", async () => {
  const [maya, lena, ito] = [await somebody(), await somebody(), await somebody()];
  const other = { name: "Lena Berg", email: "lena@example.org", password: passwords.patient };
  await signUp(ito, server.url, doctor);
  const shown = (page, name) => page.getByRole("main").getByRole("link", { name });
  let letter;
  for (const [someone, who] of [[maya, patient], [lena, other]]) {
    await signUp(someone, server.url, who);
    await add(someone.page, ["Letter"]);
    await follow(someone.page, "Records");
    if (someone === maya) letter = await shown(someone.page, "Letter").getAttribute("href");
    await openFromList(someone.page, "Letter");
    await shareOpen(someone.page, doctor.email);
  }
  const own = await shown(ito.page, patient.name).getAttribute("href");
  await shown(ito.page, other.name).waitFor();

  const elsewhere = await somebody();
  const { context, page } = elsewhere;
  const log = new RegExp(`/vaults/${own.split("/").at(-1)}/log\\?`);
  await context.route(log, busy);
  await signIn(elsewhere, server.url, doctor);
  await shown(page, other.name).waitFor();
  await page.getByText("1 patient is not on this list.").waitFor();
  assert.equal(await shown(page, patient.name).count(), 0);
  await go(elsewhere, `${server.url}${own}`);
  await page.getByRole("alert").getByText("What this patient shares with you did not come.").waitFor();
  assert.equal(await page.getByText("shares nothing with you now").count(), 0);
  await checkPage(elsewhere, "a patient whose vault did not come");

  // It is asked for at once, and not only when something else happens.
  await context.unroute(log);
  await page.getByRole("main").getByRole("button", { name: "Try again" }).click();
  await heading(page, patient.name);
  await shown(page, "Letter").waitFor();
  await follow(page, "Patients");
  await shown(page, patient.name).waitFor();
  assert.equal(await page.getByText("not on this list").count(), 0);

  // Nor is a record said to be none, as long as it may be in what did not come.
  const third = await somebody();
  await third.context.route(log, busy);
  await signIn(third, server.url, doctor);
  await shown(third.page, other.name).waitFor();
  await go(third, `${server.url}${letter}`);
  await third.page.getByRole("alert").getByText("What 1 patient shares with you is not here now").waitFor();
  assert.equal(await third.page.getByText("There is no such record").count(), 0);
  await checkPage(third, "a record whose vault did not come");
  await third.context.unroute(log);
  await third.page.getByRole("main").getByRole("button", { name: "Try again" }).click();
  await heading(third.page, "Letter");
});

test("a record goes from a care team's list with its own share, while another one holds", async () => {
  const [maya, ito] = [await somebody(), await somebody()];
  await signUp(ito, server.url, doctor);
  await signUp(maya, server.url, patient);
  await add(maya.page, ["Letter", "Plan"]);
  for (const title of ["Letter", "Plan"]) {
    await follow(maya.page, "Records");
    await openFromList(maya.page, title);
    await shareOpen(maya.page, doctor.email);
  }
  const main = ito.page.getByRole("main");
  await main.getByRole("link", { name: patient.name }).click();
  await heading(ito.page, patient.name);
  await main.getByRole("link", { name: "Letter" }).waitFor();
  await main.getByRole("link", { name: "Plan" }).waitFor();
  const plan = await main.getByRole("link", { name: "Plan" }).getAttribute("href");

  await follow(maya.page, "Records");
  await openFromList(maya.page, "Plan");
  await maya.page.getByRole("button", { name: "Stop sharing" }).click();
  await maya.page.getByRole("dialog").getByRole("button", { name: /Stop/ }).click();
  await main.getByRole("link", { name: "Plan" }).waitFor({ state: "detached" });
  await main.getByRole("link", { name: "Letter" }).waitFor();
  await go(ito, `${server.url}${plan}`);
  await ito.page.getByText("There is no such record, or it is not shared with you").waitFor();
});

test("what came is shown though something else does not come, and a busy server is asked again", async () => {
  const maya = await somebody();
  const { context, page } = maya;
  await signUp(maya, server.url, patient);
  await add(page, ["Letter"]);
  const elsewhere = await somebody();
  await signIn(elsewhere, server.url, patient);
  await heading(elsewhere.page, /Maya/);
  await follow(page, "Records");
  await page.getByRole("main").getByRole("link", { name: "Letter" }).waitFor();
  await context.route(/\/api\/v1\/shared$/, busy);
  await add(elsewhere.page, ["Plan"]);
  await page.getByRole("main").getByRole("link", { name: "Plan" }).waitFor();
  await context.unroute(/\/api\/v1\/shared$/);

  await context.route(/\/api\/v1\/session$/, busy, { times: 1 });
  await go(maya, `${server.url}/records`);
  await page.getByRole("main").getByRole("link", { name: "Plan" }).waitFor();
});

test("a worker that dies says so, and whoever waits for it waits no more", async () => {
  const maya = await somebody();
  const { context, page } = maya;
  await signUp(maya, server.url, patient);
  await add(page, ["Letter"]);
  await follow(page, "Records");
  await openFromList(page, "Letter");
  await page.getByText("This is Letter.").waitFor();
  await context.route(/\/chunks\/\d+$/, () => {});
  const save = page.getByRole("button", { name: "Save a copy" }).first();
  await save.click();
  await page.locator("button[aria-busy='true']").waitFor();
  const [worker] = page.workers();
  await worker.evaluate(() => {
    setTimeout(() => {
      throw new Error("the worker dies");
    });
  });
  await page.getByText("this page lost your vault").waitFor();
  await page.getByText("The record is still in the vault.").waitFor();
  await page.locator("button[aria-busy='true']").waitFor({ state: "detached" });
  // What is asked from now on is answered at once.
  await save.click();
  await page.getByText("The warning at the top of this page says why.").waitFor();
  await page.locator("button[aria-busy='true']").waitFor({ state: "detached" });
  // Only one thing helps, and there is a button for it.
  assert.equal(await page.getByRole("button", { name: "I have read this" }).count(), 0);
  await context.unroute(/\/chunks\/\d+$/);
  await page.getByRole("button", { name: "Load this page again" }).click();
  await page.getByText("This is Letter.").waitFor();
  await heading(page, "Letter");
  assert.equal(await page.getByText("this page lost your vault").count(), 0);
});
