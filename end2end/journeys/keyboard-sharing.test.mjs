// Without a mouse, on a phone's width: sharing and stopping, choosing what one is told, changing and deleting a record; and, for a
// physician, coming to a record that is shared. Only the first page is gone to by its address, and the focus is never lost.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { person, startBrowser, widths } from "../support/browser.mjs";
import { commandLine, password } from "../support/command.mjs";
import { arrive, assertFocusSeen, hasFocus, reach, tabTo } from "../support/keyboard.mjs";
import { alive, assertQuiet, heading, until } from "../support/people.mjs";
import { startServer } from "../support/server.mjs";

const doctor = { name: "Dr Kenji Ito", email: "ito@example.org" };

let browser;
let server;
let work;
let ito;
before(async () => {
  server = await startServer();
  browser = await startBrowser();
  work = await mkdtemp(join(tmpdir(), "healthbridge-keyboard-"));
  await writeFile(join(work, "result.txt"), "Potassium 4.1");
  ito = await commandLine(server.url);
  await ito.json("signup", "--email", doctor.email, "--name", doctor.name, "--as", "provider", "--specialty", "Cardiology");
});
after(async () => {
  await browser?.close();
  await ito?.end();
  await server?.stop();
  if (work) await rm(work, { recursive: true, force: true });
});

/** A patient with one laboratory result. */
async function patient(t, email, name) {
  const command = await commandLine(server.url);
  t.after(() => command.end());
  await command.json("signup", "--email", email, "--name", name, "--as", "patient");
  const [{ id }] = await command.json("upload", join(work, "result.txt"), "--title", "Blood count", "--category", "laboratory");
  return { ...command, record: id };
}

/** Signs in from the first page, and arrives at one's own. */
async function signIn(page, email, own) {
  await page.goto(`${server.url}/`);
  await tabTo(page, "link", "Sign in");
  await page.keyboard.press("Enter");
  await heading(page, "Sign in");
  await alive(page);
  await tabTo(page, "textbox", "E-mail");
  await page.keyboard.type(email);
  await tabTo(page, "textbox", "Password");
  await page.keyboard.type(password);
  await page.keyboard.press("Enter");
  await arrive(page, own);
}

/** Follows a link that lies further on, or further `back`. */
async function followTo(page, name, title, options) {
  await tabTo(page, "link", name, options);
  await page.keyboard.press("Enter");
  await arrive(page, title);
}

/** Presses the button that has the focus, and is asked. */
async function ask(page, question) {
  await page.keyboard.press("Enter");
  await question.waitFor();
  await until(() => question.evaluate((dialog) => dialog.contains(document.activeElement)), "the focus is in the question");
  await assertFocusSeen(page, "the question");
}

/** Is asked, leaves the question by Escape, which leads back to the button that asked, and is asked again. */
async function askTwice(page, name, question) {
  const button = page.getByRole("button", { name, exact: true });
  await reach(page, button, name);
  await ask(page, question);
  await page.keyboard.press("Escape");
  await question.waitFor({ state: "hidden" });
  await until(() => hasFocus(button), `the focus is back on ${name}`);
  await assertFocusSeen(page, name);
  await ask(page, question);
}

test("a patient shares, stops, chooses what to be told, changes a record and deletes it", async (t) => {
  await patient(t, "maya@example.org", "Maya Berg");
  const someone = await person(browser, widths.phone);
  const { page } = someone;
  const press = (key) => page.keyboard.press(key);
  await signIn(page, "maya@example.org", /Maya/);
  await followTo(page, "Records", "Records", { back: true });
  await followTo(page, "Blood count", "Blood count");

  // With whom: the address is sent by Enter, and stays under one's hands while the answer comes.
  await followTo(page, "Share", "Share");
  await tabTo(page, "textbox", "E-mail address of the doctor or care team");
  await page.keyboard.type(doctor.email);
  await press("Enter");
  await page.getByRole("list", { name: "Safety phrase" }).waitFor();
  await assertFocusSeen(page, "the address, once somebody is found");
  await tabTo(page, "button", "The six words are the same");
  await press("Space");
  await page.getByText("verified in person").waitFor();
  await assertFocusSeen(page, "once the words are compared");
  await tabTo(page, "button", "Go on");
  await press("Enter");

  // What: the record stands there already, arrows choose the whole kind.
  await page.getByText("What do you share?").waitFor();
  await arrive(page, "Share");
  const one = page.getByRole("radio", { name: "One record", exact: true });
  await reach(page, one, "One record");
  assert.ok(await one.isChecked());
  await press("ArrowDown");
  assert.ok(await page.getByRole("radio", { name: "A kind of record", exact: true }).isChecked());
  await assertFocusSeen(page, "A kind of record");
  const kind = page.getByRole("combobox", { name: "Kind of record", exact: true });
  await reach(page, kind, "Kind of record");
  await press("ArrowDown");
  await until(async () => (await kind.inputValue()) === "laboratory", "the kind is chosen");
  await tabTo(page, "button", "Go on");
  await press("Enter");

  // Until when: one step back and forth leaves what was chosen.
  await page.getByText("How long may it be seen?").waitFor();
  await arrive(page, "Share");
  await tabTo(page, "button", "Back");
  await press("Enter");
  await page.getByText("What do you share?").waitFor();
  await arrive(page, "Share");
  assert.equal(await kind.inputValue(), "laboratory");
  await tabTo(page, "button", "Go on");
  await press("Enter");
  await page.getByText("How long may it be seen?").waitFor();
  await arrive(page, "Share");
  await tabTo(page, "radio", "30 days");
  await press("ArrowUp");
  assert.ok(await page.getByRole("radio", { name: "7 days", exact: true }).isChecked());
  await assertFocusSeen(page, "7 days");
  await tabTo(page, "button", "Go on");
  await press("Enter");
  await page.getByRole("heading", { name: /may open and save copies of all records filed under Laboratory, and what you add later, until/ }).waitFor();
  await arrive(page, "Share");
  await tabTo(page, "button", "Share");
  await press("Space");

  // Who can see what.
  await arrive(page, "Who can see what");
  await page.getByText(/^One person can see something\./).waitFor();
  assert.deepEqual((await ito.json("list", "--from", "maya@example.org")).map(({ title }) => title), ["Blood count"]);
  const stopping = page.getByRole("dialog", { name: `Stop sharing laboratory with ${doctor.name}?` });
  await askTwice(page, `Stop sharing laboratory with ${doctor.name}`, stopping);
  await reach(page, stopping.getByRole("button", { name: "Stop sharing", exact: true }), "Stop sharing");
  await press("Enter");
  await page.getByRole("status").getByText(`You stopped sharing laboratory with ${doctor.name}.`).waitFor();
  await page.getByText("Nobody else can see your records").waitFor();
  await arrive(page, "Who can see what");

  // What one is told of.
  await followTo(page, /^Notices, /, "Notices", { back: true });
  const byMail = page.getByRole("group", { name: "Your records are opened" }).getByRole("switch", { name: "By e-mail" });
  await reach(page, byMail, "By e-mail");
  assert.ok(await byMail.isChecked());
  const saved = page.waitForResponse((response) => response.url().endsWith("/api/pages/choose-notices"));
  await press("Space");
  assert.equal((await saved).status(), 200);
  assert.ok(!(await byMail.isChecked()));
  assert.ok(await hasFocus(byMail), "the switch keeps the focus");
  await assertFocusSeen(page, "By e-mail");

  // A record is changed, and then deleted.
  await followTo(page, "Records", "Records", { back: true });
  await followTo(page, "Blood count", "Blood count");
  await followTo(page, "Edit", "Edit the record");
  await tabTo(page, "textbox", "Title");
  await press("Control+A");
  await page.keyboard.type("Blood count of May");
  await press("Enter");
  await arrive(page, "Blood count of May");
  const deleting = page.getByRole("dialog", { name: "Delete Blood count of May?" });
  await askTwice(page, "Delete", deleting);
  await reach(page, deleting.getByRole("button", { name: "Delete for good" }), "Delete for good");
  await press("Enter");
  await arrive(page, "Records");
  await page.getByText("No records yet").first().waitFor();
  await assertFocusSeen(page, "once the record is gone");
  assertQuiet(someone, "sharing by keyboard");
  await someone.context.close();
});

test("a physician comes from the patients to a record that is shared, and opens it", async (t) => {
  const ann = await patient(t, "ann@example.org", "Ann Lund");
  await ann.json("share", "--record", ann.record, "--with", doctor.email, "--until", "7d");
  const someone = await person(browser, widths.phone);
  const { page } = someone;
  await signIn(page, doctor.email, "Patients");
  await followTo(page, "Ann Lund", "Ann Lund");
  await followTo(page, "Blood count", "Blood count");
  await page.getByText("Potassium 4.1").waitFor();
  await reach(page, page.locator("main pre"), "what is in the record");
  await followTo(page, "Patients", "Patients", { back: true });
  const happened = () => ann.json("activity", "--record", ann.record);
  await until(async () => (await happened()).some(({ who, what }) => who === doctor.email && what === "opened"), "the patient can see that it was opened");
  assertQuiet(someone, "a record that is shared, by keyboard");
  await someone.context.close();
});
