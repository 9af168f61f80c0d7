// Choosing the one record to share out of many: searched, narrowed, taken by hand or by keyboard, and gone meanwhile.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { person, startBrowser, widths } from "../support/browser.mjs";
import { commandLine, password } from "../support/command.mjs";
import { assertQuiet, checkPage, go, heading, signIn } from "../support/people.mjs";
import { startServer } from "../support/server.mjs";

const LETTERS = 44;
const doctor = { name: "Dr Kenji Ito", email: "ito@example.org" };
const patient = { email: "maya@example.org", password };

let browser;
let server;
let maya;
let ito;
let work;
let blood;
before(async () => {
  server = await startServer();
  browser = await startBrowser();
  [maya, ito] = await Promise.all([commandLine(server.url), commandLine(server.url)]);
  work = await mkdtemp(join(tmpdir(), "healthbridge-choosing-"));
  await mkdir(join(work, "letters"));
  for (let number = 1; number <= LETTERS; number++) await writeFile(join(work, "letters", `Letter ${number}.txt`), `This is letter ${number}.`);
  await writeFile(join(work, "blood.txt"), "Potassium 4.1");
  await maya.json("signup", "--email", patient.email, "--name", "Maya Berg", "--as", "patient");
  await ito.json("signup", "--email", doctor.email, "--name", doctor.name, "--as", "provider", "--specialty", "Cardiology", "--organisation", "St. Anna Hospital");
  // What is added first stands last.
  [{ id: blood }] = await maya.json("upload", join(work, "blood.txt"), "--title", "Blood count", "--category", "laboratory", "--date", "2025-11-12");
  await maya.json("upload", join(work, "letters"), "--category", "visit-notes");
});
after(async () => {
  await browser?.close();
  await maya?.end();
  await ito?.end();
  await server?.stop();
  if (work) await rm(work, { recursive: true, force: true });
});

/** Goes to the step that asks what to share. */
async function toWhat(someone, address) {
  const { page } = someone;
  await go(someone, `${server.url}${address}`);
  await heading(page, "Share");
  await page.getByLabel("E-mail address of the doctor or care team").fill(doctor.email);
  await page.getByRole("button", { name: "Find", exact: true }).click();
  await page.getByRole("list", { name: "Safety phrase" }).waitFor();
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByText("What do you share?").waitFor();
}

const choices = (page) => page.getByRole("list", { name: "Records to choose from" });
const chosen = (page) => page.getByRole("list", { name: "The chosen record" });
const shows = (page, count) =>
  page.waitForFunction((count) => document.querySelectorAll(".picking .list .item").length === count, count);
const focused = (page, words) => page.waitForFunction((words) => document.activeElement?.textContent === words, words);

for (const [width, viewport] of Object.entries(widths)) {
  test(`one record out of many is found and chosen (${width})`, async () => {
    const someone = await person(browser, viewport);
    const { page } = someone;
    await signIn(someone, server.url, patient);
    await heading(page, /Maya/);
    await toWhat(someone, "/sharing/new");
    await shows(page, 20);
    await page.getByText("45 records", { exact: true }).waitFor();
    await checkPage(someone, `choosing a record (${width})`);

    // Nothing chosen: the step says so and stays.
    await page.getByRole("button", { name: "Go on" }).click();
    await page.getByText("Choose the record to share.").waitFor();
    await checkPage(someone, `no record chosen (${width})`);

    await page.getByRole("button", { name: "Show 20 more" }).click();
    await shows(page, 40);
    assert.equal(
      await page.evaluate(() => [...document.querySelectorAll(".picking .item")].indexOf(document.activeElement.closest(".item"))),
      20,
      "whoever asks for more goes on where the new ones begin",
    );
    await page.getByRole("button", { name: "Show 5 more" }).click();
    await shows(page, 45);
    await page.getByRole("button", { name: /^Show \d+ more$/ }).waitFor({ state: "detached" });

    // New words begin anew; kinds narrow further.
    const search = page.getByRole("searchbox", { name: "Search your records" });
    await search.fill("letter");
    await page.getByText("44 records found").waitFor();
    await shows(page, 20);
    await page.getByRole("button", { name: "Laboratory", exact: true }).click();
    await page.getByText("No record found").first().waitFor();
    await checkPage(someone, `no record to choose (${width})`);
    await page.getByRole("button", { name: "Show every record" }).click();
    await shows(page, 20);
    await page.getByRole("button", { name: "Laboratory", exact: true }).click();
    await shows(page, 1);
    await choices(page).getByText("12 November 2025 · Laboratory").waitFor();

    // The whole row takes the press. Only the chosen one stays, and its name has the focus.
    const row = choices(page).getByRole("listitem");
    const { width: across, height: down } = await row.boundingBox();
    await row.click({ position: { x: across - 8, y: down - 8 } });
    await chosen(page).getByText("Blood count").waitFor();
    await focused(page, "Blood count");
    await page.getByText("Choose the record to share.").waitFor({ state: "detached" });
    await checkPage(someone, `a record chosen (${width})`);
    await page.getByRole("button", { name: "Choose another" }).click();
    await shows(page, 20);
    assert.equal(await page.evaluate(() => document.activeElement.type), "search");
    assertQuiet(someone, "choosing a record");
    await someone.context.close();
  });
}

test("the keyboard chooses a record, and the share is of that record", async () => {
  const someone = await person(browser, widths.wide);
  const { page } = someone;
  const press = (key) => page.keyboard.press(key);
  await signIn(someone, server.url, patient);
  await heading(page, /Maya/);
  await toWhat(someone, "/sharing/new");
  await shows(page, 20);
  const search = page.getByRole("searchbox", { name: "Search your records" });
  await search.focus();
  // Enter takes nothing while there is more than one to take.
  await page.keyboard.type("letter 4");
  await page.getByText(/^\d+ records found/).waitFor();
  await press("Enter");
  await shows(page, await choices(page).getByRole("listitem").count());
  await press("Escape");
  await page.getByText("45 records", { exact: true }).waitFor();
  assert.equal(await search.inputValue(), "");

  // From the search over the kinds and every row to what follows.
  const order = [];
  for (let presses = 0; presses < 26; presses++) {
    await press("Tab");
    order.push(await page.evaluate(() => (document.activeElement.matches("button.name") ? "row" : document.activeElement.textContent)));
  }
  assert.deepEqual(order, ["Everything", "Laboratory", "Visit notes", ...Array(20).fill("row"), "Show 20 more", "Go on", "Back"]);

  await search.focus();
  await page.keyboard.type("potassium blood");
  await page.getByText("No record found").first().waitFor();
  await press("Escape");
  await page.keyboard.type("blood");
  await page.getByText("1 record found").waitFor();
  await press("Enter");
  await focused(page, "Blood count");
  await press("Tab");
  await focused(page, "Choose another");
  await press("Tab");
  await focused(page, "Go on");
  await press("Enter");
  await page.getByText("How long may it be seen?").waitFor();
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByRole("heading", { name: /may open and save copies of Blood count until/ }).waitFor();
  assertQuiet(someone, "choosing by keyboard");
  await someone.context.close();
});

test("a change of the vault leaves the step as it is, and a record that goes away is said", async () => {
  const [{ id: brief }] = await maya.json("upload", join(work, "blood.txt"), "--again", "--title", "Short-lived", "--category", "laboratory");
  const someone = await person(browser, widths.phone);
  const { page } = someone;
  await signIn(someone, server.url, patient);
  await heading(page, /Maya/);
  await toWhat(someone, `/sharing/new?record=${brief}`);
  await chosen(page).getByText("Short-lived").waitFor();
  const mark = () => page.evaluate(() => document.querySelector(".picked .item").dataset.mark);
  await page.evaluate(() => (document.querySelector(".picked .item").dataset.mark = "the same row"));
  // Another device adds a record; the list of records is read anew, the row is not.
  const [{ id: other }] = await maya.json("upload", join(work, "blood.txt"), "--again", "--title", "Another", "--category", "laboratory");
  await maya.json("edit", brief, "--title", "Short-lived result");
  await chosen(page).getByText("Short-lived result").waitFor();
  assert.equal(await mark(), "the same row");
  await maya.json("delete", other);
  await maya.json("delete", brief);
  await page.getByText("This record is no longer in your vault. Choose another.").waitFor();
  await shows(page, 20);
  await checkPage(someone, "a record that went away");
  await page.getByRole("searchbox", { name: "Search your records" }).fill("blood");
  await choices(page).getByRole("button", { name: "Blood count" }).click();
  await page.getByText("This record is no longer in your vault.").waitFor({ state: "detached" });
  assertQuiet(someone, "a record that went away");
  await someone.context.close();
});

test("whoever has to sign in first comes to what they asked for", async () => {
  const someone = await person(browser, widths.phone);
  const { page } = someone;
  const asked = `${server.url}/sharing/new?record=${blood}`;
  await go(someone, asked);
  await page.waitForURL("**/sign-in?back=*");
  await page.getByLabel("E-mail", { exact: true }).fill(patient.email);
  await page.getByLabel("Password", { exact: true }).fill(patient.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(asked);
  await heading(page, "Share");
  assertQuiet(someone, "coming back from signing in");
  await someone.context.close();
});

test("activity is narrowed to one record by the same search", async () => {
  const someone = await person(browser, widths.phone);
  const { page } = someone;
  await signIn(someone, server.url, patient);
  await heading(page, /Maya/);
  await go(someone, `${server.url}/activity`);
  await page.getByText("You added Letter 44").waitFor();
  await page.getByRole("button", { name: "One record", exact: true }).click();
  await page.waitForFunction(() => document.activeElement.type === "search");
  await page.getByText("Choose a record to see what happened to it.").waitFor();
  await page.getByText("You added Letter 44").waitFor({ state: "detached" });
  await checkPage(someone, "activity, choosing a record");
  await page.keyboard.type("blood");
  await page.getByText("1 record found").waitFor();
  await page.keyboard.press("Enter");
  await page.getByText("You added Blood count").waitFor();
  assert.equal(await page.getByText("You added Letter 44").count(), 0);
  await checkPage(someone, "activity of one record");
  await page.getByRole("button", { name: "Every record", exact: true }).click();
  await page.getByText("You added Letter 44").waitFor();
  assertQuiet(someone, "activity of one record");
  await someone.context.close();
});
