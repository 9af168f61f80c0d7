// A server that lies, seen by the person: whatever it answers, she is told in plain words, nothing is shown in the wrong
// place, and nothing is sealed to the wrong hand. That each lie ends in the right error, crates/trials proves.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { person, startBrowser, widths } from "../support/browser.mjs";
import { commandLine, password } from "../support/command.mjs";
import { grown, message, number, parts, startLiar } from "../support/liar.mjs";
import { checkPage, follow, go, heading, openFromList, signIn, until } from "../support/people.mjs";
import { startServer } from "../support/server.mjs";

const ito = { name: "Dr Kenji Ito", email: "ito@example.org" };
const eto = { name: "Dr Kenzo Eto", email: "eto@example.org" };

const READ_LOG = /^GET \S+\/log\?after=/;
const APPEND = /^POST \S+\/log$/;
const SESSION = /^GET \/api\/v1\/session$/;
const SIGN_IN = /^POST \/api\/v1\/signin\/finish$/;
const FIND = /^POST \/api\/v1\/people\/find$/;
const PERSON = /^GET \/api\/v1\/people\/[0-9a-f]{32}$/;
const CHUNK = /^GET \S+\/chunks\/0$/;

/** What is advised where the alarm stands above every page, and where a form failed. */
const ABOVE = "Look closely at what you see here, and do not rely on it. Tell the people who run this server, and the people you share with.";
const BESIDE = "Do not rely on what this page shows. Tell the people who run this server.";
const OTHER_HISTORY = "The server shows an older or different history than this account has seen before.";
const OUT_OF_ORDER = "The history on the server was changed: an entry is missing, doubled or out of order.";
const NO_ANSWER = "The server sent something that is no answer. It may be damaged, or it may not be honest.";
const NOT_OPENED = "Something that the server sent could not be checked, so it was not opened.";
const OTHER_PERSON = "This person's identity has changed in a way that cannot be checked.";
const OTHER_FILE = "A file on the server was changed or is damaged.";

let browser;
let server;
let liar;
let work;
let people = 0;
let ends = [];
before(async () => {
  liar = await startLiar();
  server = await startServer({ environment: { HEALTHBRIDGE_PUBLIC_URL: liar.url } });
  liar.lead(Number(new URL(server.url).port));
  browser = await startBrowser();
  work = await mkdtemp(join(tmpdir(), "healthbridge-lying-"));
  for (const { name, email } of [ito, eto]) {
    const someone = await commandLine(server.url);
    await someone.json("signup", "--email", email, "--name", name, "--as", "provider", "--specialty", "Cardiology");
    await someone.end();
  }
});
afterEach(async () => {
  liar.beHonest();
  for (const end of ends.splice(0)) await end();
});
after(async () => {
  await browser?.close();
  await liar?.stop();
  await server?.stop();
  if (work) await rm(work, { recursive: true, force: true });
});

/** All words have the same length, so that their sealed files have it too. */
const words = (title) => `What is written in the ${title}`.padEnd(60, ".");

/** A patient with records. Her command line asks the honest server itself: it is her other device. */
async function patient(...titles) {
  const maya = await commandLine(server.url);
  ends.push(maya.end);
  const email = `maya.${++people}@example.org`;
  await maya.json("signup", "--email", email, "--name", "Maya Berg", "--as", "patient");
  const add = async (title) => {
    const file = join(work, `${title}.txt`);
    await writeFile(file, words(title));
    const [{ id }] = await maya.json("upload", file, "--again", "--title", title, "--category", "visit-notes", "--date", "2025-11-12");
    return id;
  };
  const ids = {};
  for (const title of titles) ids[title] = await add(title);
  return { ...maya, email, ids, add };
}

async function newDevice() {
  const someone = await person(browser, widths.wide);
  ends.push(() => someone.context.close());
  return someone;
}

/** Her browser, which sees the server through the liar, as long as it is honest. */
async function device({ email }) {
  const someone = await newDevice();
  await signIn(someone, liar.url, { email, password });
  await heading(someone.page, /Maya/);
  await someone.page.getByRole("main").getByRole("link", { name: "Letter" }).waitFor();
  return someone;
}

/** Waits until the person is told, word for word, and in this place. */
async function told(someone, happened, next = ABOVE) {
  const alert = someone.page.getByRole("alert").filter({ hasText: happened }).filter({ hasText: next }).first();
  await alert.waitFor();
  assert.equal(await alert.locator("p.name").innerText(), happened);
  await checkPage(someone, happened);
}

/** Nothing was written into any log since, not even in vain. */
function writes() {
  const before = liar.heard(APPEND).length;
  return { none: () => assert.deepEqual(liar.heard(APPEND).slice(before).map(({ line }) => line), []) };
}

async function says(page, ...claims) {
  const all = await page.locator("body").innerText();
  return claims.filter((claim) => all.includes(claim));
}

const link = (page, name) => page.getByRole("main").getByRole("link", { name });
const newest = (at) => liar.heard(at).at(-1).body;
const shown = (signed) => message(number(1), message(signed));

async function find(page, email) {
  await page.getByLabel("E-mail address of the doctor or care team").fill(email);
  await page.getByRole("button", { name: "Find", exact: true }).click();
}

test("another account under the address of somebody known gets nothing", async () => {
  const maya = await patient("Letter", "Plan");
  await maya.json("share", "--record", maya.ids.Letter, "--with", ito.email, "--until", "7d");
  const someone = await device(maya);
  const { page } = someone;
  await go(someone, `${liar.url}/sharing/new?record=${maya.ids.Plan}`);
  await heading(page, "Share");
  await find(page, eto.email);
  await page.getByRole("heading", { name: eto.name, level: 2 }).waitFor();
  const [account, , , profile, chain] = parts(newest(FIND));

  const sealed = writes();
  liar.lie(FIND, { answer: (body) => message(account, ...parts(body).slice(1, 3), profile, chain) });
  await find(page, ito.email);
  await told(someone, OTHER_PERSON);
  await page.getByRole("heading", { name: ito.name, level: 2 }).waitFor();
  assert.deepEqual(await says(page, "verified in person", "You compared your words"), []);
  // Whoever goes on all the same is stopped at the end.
  for (const step of ["What do you share?", "How long may it be seen?"]) {
    await page.getByRole("button", { name: "Go on" }).click();
    await page.getByText(step).waitFor();
  }
  assert.equal(await page.getByText("Everything", { exact: true }).count(), 0);
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByRole("main").getByRole("button", { name: "Share", exact: true }).click();
  await page.getByText("Nothing was shared, and what you chose is still here.").waitFor();
  await told(someone, OTHER_PERSON, BESIDE);

  // The same, with nothing but the keys of the other one.
  liar.beHonest();
  liar.lie(FIND, { answer: (body) => message(...parts(body).slice(0, 4), chain) });
  await go(someone, `${liar.url}/sharing/new?record=${maya.ids.Plan}`);
  await find(page, ito.email);
  await told(someone, "A person's identity on the server was changed: step 0 of the account's chain does not follow the one before.", BESIDE);
  sealed.none();
});

test("an older history than an open page has seen raises the alarm", async () => {
  const maya = await patient("Letter");
  const someone = await device(maya);
  await until(() => parts(parts(newest(READ_LOG))[1]).length === 0, "the history was read to its end");
  const older = newest(READ_LOG);
  await maya.add("Plan");
  await link(someone.page, "Plan").waitFor();
  liar.lie(READ_LOG, { answer: () => older });
  await maya.add("Scan");
  await told(someone, OTHER_HISTORY);
  await go(someone, `${liar.url}/records`);
  await heading(someone.page, "Locked");
  await told(someone, OTHER_HISTORY);
});

/** The log of a vault as it is, with other entries, and with a head to match them: nothing but signatures gives it away. */
const log = (change) => (body, line) => {
  const [, items, now] = parts(body);
  const signed = change(parts(items).map((item) => parts(parts(item)[1])[0]));
  const vault = Buffer.from(/vaults\/([0-9a-f]+)/.exec(line)[1], "hex");
  const first = createHash("sha256").update(vault).digest();
  const start = message(number(0), Buffer.concat([Buffer.from([0x58, first.length]), first]));
  return message(grown(start, signed), message(...signed.map(shown)), now);
};

for (const [what, happened, change] of [
  ["left out", OUT_OF_ORDER, (entries) => entries.toSpliced(5, 1)],
  ["doubled", OUT_OF_ORDER, (entries) => entries.toSpliced(12, 0, entries[12])],
  ["put in the place of another", OUT_OF_ORDER, (entries) => entries.with(12, entries[13]).with(13, entries[12])],
  ["kept back at the end", OTHER_HISTORY, (entries) => entries.slice(0, -1)],
]) {
  test(`a new device shows nothing of a history of which an entry was ${what}`, async () => {
    const maya = await patient("Letter", "Plan");
    const someone = await newDevice();
    const { page } = someone;
    const lie = liar.lie(READ_LOG, { answer: log(change) });
    await signIn(someone, liar.url, { email: maya.email, password });
    await told(someone, happened, BESIDE);
    await heading(page, "Sign in");
    assert.ok(lie.told > 0);
    await go(someone, `${liar.url}/records`);
    await heading(page, "Locked");
    await told(someone, happened);
    assert.deepEqual(await says(page, "Letter", "Plan"), []);
  });
}

test("what is in one record is not shown as another", async () => {
  const maya = await patient("Letter", "Plan");
  const someone = await device(maya);
  const { page } = someone;
  const files = [];
  for (const title of ["Letter", "Plan"]) {
    await follow(page, "Records");
    await openFromList(page, title);
    await page.getByText(words(title)).waitFor();
    files.push(liar.heard(CHUNK).at(-1));
  }
  const downloads = [];
  page.on("download", (download) => downloads.push(download));
  const lie = liar.lie(CHUNK, { answer: (_, line) => files.find((file) => file.line !== line).body });
  await follow(page, "Records");
  await openFromList(page, "Letter");
  await told(someone, OTHER_FILE);
  await told(someone, OTHER_FILE, BESIDE);
  await page.getByRole("button", { name: "Save a copy" }).click();
  await page.getByText("The record is still in the vault.").waitFor();
  assert.equal(lie.told, 2);
  assert.deepEqual(await says(page, words("Letter"), words("Plan")), []);
  assert.deepEqual(downloads, []);

  liar.beHonest();
  await page.getByRole("button", { name: "I have read this" }).click();
  await follow(page, "Records");
  await openFromList(page, "Letter");
  await page.getByText(words("Letter")).waitFor();
});

/** Cut short, or a page of something in between: no answer of this protocol. */
const cut = (body) => body.subarray(0, body.length / 2);
const page502 = () => Buffer.from("<!doctype html><title>Bad gateway</title>");

for (const [what, at, garbage, next, step] of [
  ["the history, of an open page", READ_LOG, page502, ABOVE, (_, maya) => maya.add("Plan")],
  ["the history, of a page that is loaded", READ_LOG, cut, ABOVE, (someone) => go(someone, `${liar.url}/records`)],
  ["who is signed in", SESSION, page502, "Tell the people who run this server", (someone) => go(someone, `${liar.url}/records`)],
  ["who is signed in, cut short", SESSION, cut, "Tell the people who run this server", (someone) => go(someone, `${liar.url}/records`)],
  ["a person that is looked for", FIND, cut, BESIDE, async (someone) => {
    await go(someone, `${liar.url}/sharing/new`);
    await find(someone.page, eto.email);
    await someone.page.getByText("Nothing was shared.").waitFor();
  }],
  ["a person that something is shared with", PERSON, page502, ABOVE, (someone) => go(someone, `${liar.url}/sharing`)],
]) {
  test(`no answer in the place of ${what} is told`, async () => {
    const maya = await patient("Letter");
    await maya.json("share", "--record", maya.ids.Letter, "--with", ito.email, "--until", "7d");
    const someone = await device(maya);
    const sealed = writes();
    liar.lie(at, { answer: garbage });
    await step(someone, maya);
    await told(someone, NO_ANSWER, next);
    sealed.none();
  });
}

test("two devices that are shown two histories find out", async () => {
  const maya = await patient("Letter");
  const someone = await device(maya);
  const { page } = someone;
  await until(() => parts(parts(newest(READ_LOG))[1]).length === 0, "the history was read to its end");
  // The browser is kept where it stands. What it writes is put there, in the place of what the other device wrote.
  const [head, , now] = parts(newest(READ_LOG));
  const after = (line) => Number(/after=(\d+)/.exec(line)[1]);
  const start = after(liar.heard(READ_LOG).at(-1).line);
  const own = [];
  const reading = liar.lie(READ_LOG, {
    answer: (_, line) => message(grown(head, own), message(...own.slice(after(line) - start).map(shown)), now),
  });
  const writing = liar.lie(APPEND, {
    instead: (asked) => {
      own.push(...parts(parts(asked)[0]));
      return { body: message(grown(head, own)) };
    },
  });
  await maya.add("Plan");
  await until(() => reading.told > 0, "the browser has looked for news");
  assert.deepEqual(await says(page, "Plan"), []);
  await openFromList(page, "Letter");
  await page.getByRole("link", { name: "Edit", exact: true }).click();
  await page.getByLabel("Title").fill("Letter of the clinic");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await told(someone, OTHER_HISTORY, BESIDE);
  await told(someone, OTHER_HISTORY);
  assert.equal(writing.told, 1);
  assert.deepEqual(await says(page, "Saved."), []);

  // What it took for the history is proof against the honest one until she signs out.
  liar.beHonest();
  await go(someone, `${liar.url}/records`);
  await heading(page, "Locked");
  await told(someone, OTHER_HISTORY);
  await page.getByRole("button", { name: "Sign out" }).click();
  await heading(page, "Sign in");
  await signIn(someone, liar.url, { email: maya.email, password });
  for (const title of ["Letter", "Plan"]) await link(page, title).waitFor();
});

for (const [what, place, swap] of [
  ["the keyring was changed", 5, (sealed) => sealed.with(-5, sealed.at(-5) ^ 1)],
  ["what the account remembers was changed", 7, (sealed) => sealed.with(-5, sealed.at(-5) ^ 1)],
  ["the keyring stands in the place of what the account remembers", 7, (state, keyring) => message(parts(state)[0], keyring)],
]) {
  test(`a vault is not just locked where ${what}`, async () => {
    const maya = await patient("Letter");
    const someone = await device(maya);
    const { page } = someone;
    const lied = (session) => {
      const all = parts(session);
      return message(...all.with(place, Buffer.from(swap(all[place], all[5]))));
    };
    liar.lie(SESSION, { answer: lied });
    liar.lie(SIGN_IN, { answer: (body) => message(lied(parts(body)[0]), parts(body)[1]) });
    await go(someone, `${liar.url}/records`);
    await heading(page, "Locked");
    await told(someone, NOT_OPENED);
    // The password is right, and is not said to be wrong.
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByRole("button", { name: "Unlock", exact: true }).click();
    await page.getByText("Your vault stays locked. Nothing was lost.").waitFor();
    await told(someone, NOT_OPENED, BESIDE);
    assert.deepEqual(await says(page, "Letter", "not the password"), []);
  });
}

test("a vault whose history does not hold is not said to be empty", async () => {
  const maya = await patient("Letter");
  const someone = await device(maya);
  const { page } = someone;
  liar.lie(READ_LOG, { answer: log((entries) => entries.slice(0, -1)) });
  await maya.add("Plan");
  await told(someone, OTHER_HISTORY);
  await page.getByRole("button", { name: "I have read this" }).click();
  const claims = ["Your vault is ready", "No records yet", "Nobody else can see your records"];
  for (const name of ["Home", "Records", "Sharing"]) {
    await follow(page, name);
    await heading(page, { Home: /Maya/, Records: "Records", Sharing: "Who can see what" }[name]);
    await page.waitForFunction(() => !document.querySelector("main .skeleton"));
    assert.deepEqual(await says(page, ...claims), [], `${name} claims what is not known`);
  }
});

test("physician explore", async () => {
  const maya = await patient("Letter");
  await maya.json("share", "--record", maya.ids.Letter, "--with", ito.email, "--until", "7d");
  const someone = await newDevice();
  await signIn(someone, liar.url, { email: ito.email, password });
  await heading(someone.page, "Patients");
  await link(someone.page, "Maya Berg").first().waitFor();
  const older = newest(READ_LOG);
  liar.lie(READ_LOG, { answer: () => older });
  await maya.json("edit", maya.ids.Letter, "--notes", "for the visit");
  await someone.page.getByRole("alert").first().waitFor();
  console.log(liar.heard(READ_LOG).slice(-8).map(({ line }) => line));
  console.log(await someone.page.locator("body").innerText());
  await someone.page.getByRole("button", { name: "I have read this" }).click();
  console.log(await someone.page.locator("body").innerText());
});
