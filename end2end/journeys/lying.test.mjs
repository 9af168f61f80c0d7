// A server that lies, seen by the person: whatever it answers, she is told in plain words, nothing is shown in the wrong
// place, and nothing is sealed to the wrong hand. That each lie ends in the right error, crates/trials proves.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { password } from "../support/command.mjs";
import { fork, isEmpty, message, parts, rewritten } from "../support/liar.mjs";
import {
  ALONE, ANYWHERE, APPEND, BESIDE, CHUNK, FIND, PERSON, READ_LOG, SESSION, SIGN_IN, claimsNothing, find, link, saysNot, shareInVain, startLying, told, toldBelow, words,
} from "../support/lied.mjs";
import { follow, go, heading, openFromList, signIn, until } from "../support/people.mjs";

const OTHER_HISTORY = "The server left out or changed something that this account has seen before.";
const OUT_OF_ORDER = "The history on the server was changed: an entry is missing, doubled or out of order.";
const NO_ANSWER = "The server sent something that is no answer. It may be damaged, or it may not be honest.";
const NOT_OPENED = "Something that the server sent could not be checked, so it was not opened.";
const OTHER_PERSON = "This person's identity has changed in a way that cannot be checked.";
const OTHER_KEYS = "A person's identity on the server was changed: a change of the account's keys does not follow what was before.";
const OTHER_FILE = "A file on the server was changed or is damaged.";

let lying;
let liar;
let [ito, eto] = [];
before(async () => {
  lying = await startLying();
  ({ liar } = lying);
});
after(() => lying?.stop());
afterEach(() => lying.endPeople());

/** Two physicians, and a patient who has shared with the first of them. */
async function known(...titles) {
  [ito, eto] = [await lying.physician("Dr Kenji Ito"), await lying.physician("Dr Kenzo Eto")];
  const maya = await lying.patient(...titles);
  await maya.json("share", "--record", maya.ids.Letter, "--with", ito.email, "--until", "7d");
  return maya;
}

test("another account under the address of somebody known gets nothing", async () => {
  const maya = await known("Letter", "Plan");
  const someone = await lying.device(maya);
  const { page } = someone;
  await go(someone, `${liar.url}/sharing/new?record=${maya.ids.Plan}`);
  await find(page, eto.email);
  await page.getByRole("heading", { name: eto.name, level: 2 }).waitFor();
  const [account, , , profile, chain] = parts(liar.newest(FIND).body);
  const written = lying.writing();
  liar.lie(FIND, { answer: (body) => message(account, ...parts(body).slice(1, 3), profile, chain) });
  await find(page, ito.email);
  await told(someone, OTHER_PERSON);
  await page.getByRole("heading", { name: ito.name, level: 2 }).waitFor();
  await saysNot(page, "verified in person", "You compared the six words");
  // Whoever goes on all the same is stopped at the end.
  await shareInVain(page);
  await toldBelow(someone, OTHER_PERSON);
  // The same, with nothing but the keys of the other one.
  liar.beHonest();
  liar.lie(FIND, { answer: (body) => message(...parts(body).slice(0, 4), chain) });
  await go(someone, `${liar.url}/sharing/new?record=${maya.ids.Plan}`);
  await find(page, ito.email);
  await toldBelow(someone, OTHER_KEYS);
  assert.deepEqual(written(), []);
});

/** A patient's open page that was given an older history than it has seen, where something else was begun before. */
async function rolledBack(begin = async () => {}) {
  const maya = await known("Letter");
  const someone = await lying.device(maya);
  const older = liar.newest(READ_LOG).body;
  await maya.add("Plan");
  await link(someone.page, "Plan").waitFor();
  await begin(someone.page);
  liar.lie(READ_LOG, { answer: () => older });
  await maya.add("Scan");
  await told(someone, OTHER_HISTORY);
  return someone;
}

test("an older history than an open page has seen raises the alarm, and nothing is sealed on top of it", async () => {
  const toShare = (page) => page.getByRole("main").getByRole("link", { name: "Share", exact: true });
  const someone = await rolledBack(async (page) => {
    await follow(page, "Sharing");
    await toShare(page).click();
    await heading(page, "Share");
  });
  const { page } = someone;
  const written = lying.writing();
  await find(page, ito.email);
  await shareInVain(page, "A kind of record");
  await toldBelow(someone, OTHER_HISTORY);
  assert.deepEqual(written(), []);
  // Nobody is asked to begin what is stopped at its end.
  await follow(page, "Sharing");
  await heading(page, "Who can see what");
  await toldBelow(someone, OTHER_HISTORY);
  await toShare(page).waitFor({ state: "detached" });
  await go(someone, `${liar.url}/records`);
  await heading(page, "Locked");
  await told(someone, OTHER_HISTORY);
});

for (const [what, happened, change] of [
  ["left out", OUT_OF_ORDER, (entries) => entries.toSpliced(5, 1)],
  ["doubled", OUT_OF_ORDER, (entries) => entries.toSpliced(12, 0, entries[12])],
  ["put in the place of another", OUT_OF_ORDER, (entries) => entries.with(12, entries[13]).with(13, entries[12])],
  ["kept back at the end", OTHER_HISTORY, (entries) => entries.slice(0, -1)],
]) {
  test(`a new device shows nothing of a history of which an entry was ${what}`, async () => {
    const maya = await lying.patient("Letter", "Plan");
    const someone = await lying.newDevice();
    const { page } = someone;
    const lie = liar.lie(READ_LOG, { answer: rewritten(change) });
    await signIn(someone, liar.url, { email: maya.email, password });
    await told(someone, happened, "Your vault was not opened. You may be signed in all the same.");
    await saysNot(page, BESIDE);
    await heading(page, "Sign in");
    assert.ok(lie.told > 0);
    await go(someone, `${liar.url}/records`);
    await heading(page, "Locked");
    await told(someone, happened);
    await saysNot(page, "Letter", "Plan");
  });
}

/** Opens a record from the list. */
async function open(page, title) {
  await follow(page, "Records");
  await openFromList(page, title);
}

test("what is in one record is not shown in another", async () => {
  const maya = await lying.patient("Letter", "Plan");
  const someone = await lying.device(maya);
  const { page } = someone;
  const files = [];
  for (const title of ["Letter", "Plan"]) {
    await open(page, title);
    await page.getByText(words(title)).waitFor();
    files.push(liar.newest(CHUNK));
  }
  const downloads = [];
  page.on("download", (download) => downloads.push(download));
  const lie = liar.lie(CHUNK, { answer: (_, line) => files.find((file) => file.line !== line).body });
  await open(page, "Letter");
  await toldBelow(someone, OTHER_FILE);
  await page.getByText("This record could not be opened.", { exact: true }).waitFor();
  // Once that was read, the place where it failed says why.
  await page.getByRole("button", { name: "I have read this" }).click();
  await told(someone, `This record could not be opened. ${OTHER_FILE}`, BESIDE);
  await page.getByRole("button", { name: "Save a copy" }).click();
  await page.getByText("This record could not be opened, and no copy was saved.", { exact: true }).waitFor();
  await toldBelow(someone, OTHER_FILE);
  assert.equal(lie.told, 2);
  await saysNot(page, words("Letter"), words("Plan"));
  assert.deepEqual(downloads, []);
  liar.beHonest();
  await page.getByRole("button", { name: "I have read this" }).click();
  await page.getByRole("main").getByRole("button", { name: "Try again" }).click();
  await page.getByText(words("Letter")).waitFor();
  await saysNot(page, "could not be opened");
});

/** Cut short, or a page of something in between: no answer of this protocol. */
const cut = (body) => body.subarray(0, body.length / 2);
const page502 = () => Buffer.from("<!doctype html><title>Bad gateway</title>");

const toldAnywhere = (someone, happened) => told(someone, happened, ANYWHERE);

for (const [what, at, garbage, isTold, step] of [
  ["the history, of an open page", READ_LOG, page502, told, (_, maya) => maya.add("Plan")],
  ["the history, of a page that is loaded", READ_LOG, cut, told, (someone) => go(someone, `${liar.url}/records`)],
  ["who is signed in", SESSION, page502, toldAnywhere, (someone) => go(someone, `${liar.url}/records`)],
  ["a person that is looked for", FIND, cut, toldBelow, async (someone) => {
    await go(someone, `${liar.url}/sharing/new`);
    await find(someone.page, eto.email);
    await someone.page.getByText("Nothing was shared.").waitFor();
  }],
  ["a person that something is shared with", PERSON, page502, told, (someone) => go(someone, `${liar.url}/sharing`)],
]) {
  test(`no answer in the place of ${what} is told`, async () => {
    const maya = await known("Letter");
    const someone = await lying.device(maya);
    const written = lying.writing();
    liar.lie(at, { answer: garbage });
    await step(someone, maya);
    await isTold(someone, NO_ANSWER);
    assert.deepEqual(written(), []);
  });
}

test("two devices that are shown two histories find out", async () => {
  const maya = await lying.patient("Letter");
  const someone = await lying.device(maya);
  const { page } = someone;
  const writing = fork(liar, READ_LOG, APPEND);
  await maya.add("Plan");
  await until(() => !isEmpty(liar.newest(READ_LOG).body), "the browser has looked for news");
  await saysNot(page, "Plan");
  await openFromList(page, "Letter");
  await page.getByRole("link", { name: "Edit", exact: true }).click();
  await page.getByLabel("Title").fill("Letter of the clinic");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await toldBelow(someone, OTHER_HISTORY);
  assert.equal(writing.told, 1);
  await saysNot(page, "Saved.");

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
    const maya = await lying.patient("Letter");
    const someone = await lying.device(maya);
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
    await toldBelow(someone, NOT_OPENED);
    await saysNot(page, "Letter", "not the password");
  });
}

for (const [name, title, claim] of [
  ["Home", /Maya/, "Your vault is ready"],
  ["Records", "Records", "No records yet"],
  ["Sharing", "Who can see what", "Nobody else can see your records"],
]) {
  test(`a vault whose history does not hold is not said to be empty (${name})`, async () => {
    const someone = await rolledBack();
    const { page } = someone;
    await follow(page, name);
    await heading(page, title);
    await claimsNothing(page, claim);
    await told(someone, OTHER_HISTORY);
    await page.getByRole("button", { name: "I have read this" }).click();
    await claimsNothing(page, claim);
    // A page that shows nothing says so.
    if (name === "Records") await told(someone, OTHER_HISTORY, ALONE);
  });
}

test("a patient whose history does not hold is not said to share nothing", async () => {
  const maya = await known("Letter");
  const someone = await lying.newDevice();
  const { page } = someone;
  await signIn(someone, liar.url, { email: ito.email, password });
  await link(page, maya.name).waitFor();
  await until(() => isEmpty(liar.newest(READ_LOG).body), "the history was read to its end");
  const older = liar.newest(READ_LOG).body;
  await maya.json("edit", maya.ids.Letter, "--notes", "for the visit");
  await until(() => !isEmpty(liar.newest(READ_LOG).body), "the change has come");
  liar.lie(READ_LOG, { answer: () => older });
  await maya.json("edit", maya.ids.Letter, "--notes", "for the next visit");
  await told(someone, OTHER_HISTORY);
  await heading(page, "Patients");
  await claimsNothing(page, "Nobody shares with you yet");
});
