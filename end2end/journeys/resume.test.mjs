// A large file arrives whole, whatever happens on the way.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { person, privateFiles, startBrowser, widths } from "../support/browser.mjs";
import { noise } from "../support/files.mjs";
import {
  addChosen, assertQuiet, checkPage, choose, follow, go, heading, kept, openFromList, passwords, pickCard, saveCopy, sendPart, sha256, signIn, signUp,
  until, uploadRow,
} from "../support/people.mjs";
import { startServer } from "../support/server.mjs";
import { startWire } from "../support/wire.mjs";

const SIZE = 40 << 20;
/** So much is let through before the wire is held. Two chunks of 8 MiB share it: past the two, one has been answered. */
const HELD_AT = 20 << 20;

let browser;
let folder;
let content;
before(async () => {
  browser = await startBrowser();
  folder = await mkdtemp(join(tmpdir(), "healthbridge-end2end-"));
  content = noise(SIZE);
  await writeFile(join(folder, "long-scan.bin"), content);
});
after(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
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

const sendHalf = (page, heldAt = HELD_AT) => sendPart(page, wire, join(folder, "long-scan.bin"), { heldAt });

/** Opens the record anew and compares what comes back. */
async function comesBack(page) {
  await follow(page, "Records");
  await openFromList(page, "Long scan");
  const copy = await saveCopy(page);
  assert.equal(copy.name, "long-scan.bin");
  assert.equal(sha256(copy.bytes), sha256(content), "what comes back is what was sent");
  await follow(page, "Records");
  await heading(page, "Records");
  const rows = page.getByRole("main").locator("ul.list a");
  await rows.first().waitFor();
  assert.equal(await rows.count(), 1, "it is there once");
}

/** Bytes that went over the wire since. */
function counter() {
  const all = () => wire.sent().reduce((sum, { length }) => sum + length, 0);
  const before = all();
  return () => all() - before;
}

test("it goes on after the server was killed and started again", async () => {
  const { page } = maya;
  await sendHalf(page);
  await server.kill();
  wire.release();
  await uploadRow(page, "Long scan").getByText("No answer from the server yet. It goes on by itself.").waitFor();
  await server.start();
  await kept(page, "Long scan", { timeout: 60_000 });
  await comesBack(page);
  assertQuiet(maya, "a restart of the server");
});

/** How much this device keeps of each kind; and before that, what somebody else has begun to send is put there. */
const shelves = (page, puts = false) =>
  page.evaluate(
    (puts) =>
      new Promise((done, failed) => {
        const opening = indexedDB.open("healthbridge");
        opening.onerror = failed;
        opening.onsuccess = () => {
          const database = opening.result;
          const names = ["keys", "logs", "tickets", "chunks"];
          const all = database.transaction(names, puts ? "readwrite" : "readonly");
          if (puts) {
            all.objectStore("tickets").put(["somebody else", new Uint8Array([1])], "0".repeat(32));
            all.objectStore("chunks").put(new Uint8Array([2]), ["0".repeat(32), 0]);
          }
          const counts = names.map((name) => all.objectStore(name).count());
          all.onabort = failed;
          all.oncomplete = () => {
            database.close();
            done(Object.fromEntries(names.map((name, at) => [name, counts[at].result])));
          };
        };
      }),
    puts,
  );

test("whoever is signed out while a file is on its way is told, and it goes on with the next sign-in", async () => {
  const { page } = maya;
  await sendHalf(page);
  await uploadRow(page, "Long scan").getByRole("button", { name: "Pause" }).click();
  await uploadRow(page, "Long scan").getByText("Paused", { exact: true }).waitFor();
  wire.release();
  const other = await person(browser, widths.phone);
  await signIn(other, wire.url, { email: "maya@example.org", password: passwords.patient });
  await heading(other.page, /Maya/);
  await go(other, `${wire.url}/account`);
  await other.page.getByRole("button", { name: "Sign out everywhere else" }).click();
  await other.page.getByText("You are signed out everywhere else.").waitFor();
  await other.context.close();
  await heading(page, "Sign in");
  await page.getByText("You are signed out here.").waitFor();
  await page.getByText("Files that were still on their way are kept on this device.").waitFor();
  await checkPage(maya, "signed out over a file");
  assert.equal((await shelves(page)).tickets, 1, "what is needed to go on is kept");
  await page.getByLabel("E-mail").fill("maya@example.org");
  await page.getByLabel("Password", { exact: true }).fill(passwords.patient);
  await page.getByRole("button", { name: "Sign in" }).click();
  await heading(page, "Add records");
  await kept(page, "Long scan", { timeout: 60_000 });
  await comesBack(page);
  assert.equal((await shelves(page)).tickets, 0);
});

test("a file that somebody signed out over in another tab is not said to be kept", async () => {
  const { context, page } = maya;
  await sendHalf(page);
  await uploadRow(page, "Long scan").getByRole("button", { name: "Pause" }).click();
  wire.release();
  const other = await context.newPage();
  await other.goto(`${wire.url}/account`);
  await heading(other, "Your account");
  await other.getByRole("button", { name: "Sign out", exact: true }).click();
  await heading(other, "Sign in");
  await heading(page, "Sign in");
  await page.getByText("You are signed out here.").waitFor();
  assert.equal(await page.getByText("kept on this device").count(), 0);
  assert.equal((await shelves(page)).tickets, 0);
  assert.equal(await other.getByText("You are signed out here.").count(), 0, "whoever signs out knows why");
  assertQuiet(maya, "a tab that was signed out beside");
});

test("whoever signs out is told of a file that is not safe yet, and leaves nothing of it behind", async () => {
  const { page } = maya;
  await sendHalf(page);
  const before = await shelves(page, true);
  assert.equal(before.tickets, 2);
  assert.ok(before.keys === 1 && before.logs > 0 && before.chunks > 1, `this device keeps ${JSON.stringify(before)}`);
  await page.getByRole("link", { name: /your account$/ }).click();
  await heading(page, "Your account");
  await page.getByText("1 file is not in your vault yet.").waitFor();
  await checkPage(maya, "signing out over a file");
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await heading(page, "Sign in");
  // What somebody else has begun stays theirs.
  const left = { keys: 0, logs: 0, tickets: 1, chunks: 1 };
  await until(async () => JSON.stringify(await shelves(page)) === JSON.stringify(left), "signing out takes it away");
  await until(async () => (await privateFiles(page, "bodies")).length === 0, "and what was on its way");
  wire.release();
  await signIn(maya, wire.url, { email: "maya@example.org", password: passwords.patient });
  await heading(page, /Maya/);
  await follow(page, "Add");
  await heading(page, "Add records");
  assert.equal(await uploadRow(page, "Long scan").count(), 0, "nothing goes on by itself");
  assert.deepEqual(await shelves(page).then(({ tickets, chunks }) => [tickets, chunks]), [1, 1]);
  // The same file is a new one.
  await page.getByLabel("Choose files, or drop them here").setInputFiles(join(folder, "long-scan.bin"));
  await pickCard(page, "long-scan.bin").getByLabel("Title").fill("Long scan");
  await page.getByRole("button", { name: "Add 1 record" }).click();
  await kept(page, "Long scan", { timeout: 60_000 });
  await comesBack(page);
  assertQuiet(maya, "signing out over a file");
});

test("it goes on after the page was loaded anew, without sending again what is there", async () => {
  const { page } = maya;
  await sendHalf(page);
  await page.reload();
  wire.release();
  const sent = counter();
  await kept(page, "Long scan", { timeout: 60_000 });
  assert.ok(sent() < SIZE, "what had arrived was not sent again");
  await comesBack(page);
  assertQuiet(maya, "a reload");
});

test("it goes on when the connection comes back", async () => {
  const { page } = maya;
  await sendHalf(page);
  assert.notEqual((await privateFiles(page, "bodies")).length, 0, "what is on its way comes from a file");
  await maya.context.setOffline(true);
  wire.cut();
  await uploadRow(page, "Long scan").getByText("No answer from the server yet. It goes on by itself.").waitFor();
  wire.release();
  wire.mend();
  await maya.context.setOffline(false);
  await kept(page, "Long scan", { timeout: 60_000 });
  await until(async () => (await privateFiles(page, "bodies")).length === 0, "no file outlives its request");
  await comesBack(page);
  assertQuiet(maya, "a lost connection");
});

test("it goes on after the vault was locked and opened again while a part of it was on its way", async () => {
  const { page } = maya;
  // So little that no chunk is through: what is under way cannot notice the lock before the vault is open again.
  await sendHalf(page, 2 << 20);
  await page.getByRole("button", { name: /Lock now/ }).first().click();
  await heading(page, "Locked");
  await page.getByLabel("Password", { exact: true }).fill(passwords.patient);
  await page.getByRole("button", { name: "Unlock", exact: true }).click();
  await heading(page, "Add records");
  wire.release();
  await kept(page, "Long scan", { timeout: 60_000 });
  await comesBack(page);
  assertQuiet(maya, "a lock on the way");
});

test("three files are sent at once, and one that is chosen without a connection waits for it", async () => {
  const { page } = maya;
  const titles = ["First", "Second", "Third", "Fourth", "Fifth"];
  await follow(page, "Add");
  await heading(page, "Add records");
  await choose(page, titles.map((title) => ({ name: `${title}.bin`, content: noise(1 << 20) })));
  wire.holdAfter(0);
  await page.getByRole("button", { name: "Add 5 records" }).click();
  for (const title of titles.slice(0, 3)) await uploadRow(page, title).getByRole("progressbar").waitFor();
  for (const title of titles.slice(3)) await uploadRow(page, title).getByText("Waiting", { exact: true }).waitFor();
  // What rests gives its place to the next.
  await uploadRow(page, "First").getByRole("button", { name: "Pause" }).click();
  await uploadRow(page, "Fourth").getByRole("progressbar").waitFor();
  await uploadRow(page, "First").getByRole("button", { name: "Go on" }).click();
  wire.release();
  for (const title of titles) await kept(page, title);

  await choose(page, [{ name: "letter.txt", content: Buffer.from("Dear Maya") }]);
  wire.cut();
  await page.getByRole("button", { name: "Add 1 record" }).click();
  await uploadRow(page, "Letter").getByText("No answer from the server yet. It goes on by itself.").waitFor();
  wire.mend();
  await kept(page, "Letter", { timeout: 60_000 });
  assertQuiet(maya, "many files");
});

test("what a browser cannot read from its own files is sent from memory", async () => {
  const { page } = maya;
  const [worker] = page.workers();
  await worker.evaluate(() => {
    const { Request } = self;
    self.files = 0;
    // As some versions of WebKit do: nothing is said, and nothing is sent.
    self.Request = function (url, init) {
      const isFile = init?.body instanceof File;
      self.files += isFile;
      return new Request(url, isFile ? { ...init, body: new Blob([]) } : init);
    };
  });
  await follow(page, "Add");
  await page.getByLabel("Choose files, or drop them here").setInputFiles(join(folder, "long-scan.bin"));
  await pickCard(page, "long-scan.bin").getByLabel("Title").fill("Long scan");
  await page.getByRole("button", { name: "Add 1 record" }).click();
  await kept(page, "Long scan", { timeout: 60_000 });
  assert.ok((await worker.evaluate(() => self.files)) > 0, "files were tried");
  await comesBack(page);
});

/** What a browser does that is short of room: sealed chunks that wait are gone. */
const forgetOutbox = (page) =>
  page.evaluate(
    () =>
      new Promise((done, failed) => {
        const opening = indexedDB.open("healthbridge");
        opening.onerror = failed;
        opening.onsuccess = () => {
          const clearing = opening.result.transaction("chunks", "readwrite").objectStore("chunks").clear();
          clearing.onerror = failed;
          clearing.onsuccess = () => {
            opening.result.close();
            done();
          };
        };
      }),
  );

/** Loads the page anew when the rest of the file is nowhere but with the person. */
async function loseOutbox(page) {
  await forgetOutbox(page);
  await page.reload();
  wire.release();
  await uploadRow(page, "Long scan").getByText("Choose the same file again to go on").waitFor();
}

test("the same file that is chosen again goes on, under the words that are entered now", async () => {
  const { page } = maya;
  await sendHalf(page);
  await loseOutbox(page);
  // Elsewhere the row leads to where files are chosen; there it opens the chooser.
  await follow(page, "Home");
  await uploadRow(page, "Long scan").getByRole("link", { name: "Choose the file Long scan" }).click();
  await heading(page, "Add records");
  await checkPage(maya, "a file that is missing");
  const [chooser] = await Promise.all([
    page.waitForEvent("filechooser"),
    uploadRow(page, "Long scan").getByRole("button", { name: "Choose the file Long scan" }).click(),
  ]);
  await chooser.setFiles(join(folder, "long-scan.bin"));
  await pickCard(page, "long-scan.bin").getByLabel("Title").fill("Night scan");
  const sent = counter();
  await page.getByRole("button", { name: "Add 1 record" }).click();
  await kept(page, "Night scan", { timeout: 60_000 });
  assert.ok(sent() < SIZE, "what had arrived was not sent again");
  assert.equal(await uploadRow(page, "Long scan").count(), 0, "nothing is left that asks for the file");
  await follow(page, "Records");
  await page.getByRole("main").getByRole("link", { name: "Night scan" }).waitFor();
  assert.equal(await page.getByRole("main").locator("ul.list a").count(), 1, "it is there once");
  assertQuiet(maya, "a file that was chosen again");
});

test("a newer file that was interrupted is not what a new record goes on from, and the other way round", async () => {
  const { page } = maya;
  await follow(page, "Add");
  await heading(page, "Add records");
  await choose(page, [{ name: "letter.txt", content: Buffer.from("Dear Maya") }]);
  await addChosen(page, ["Letter"]);
  await follow(page, "Records");
  await openFromList(page, "Letter");
  const letter = page.url();
  const replace = async (by = "Replace the file") => {
    await page.getByRole("button", { name: by, exact: true }).click();
    const dialog = page.getByRole("dialog", { name: "Replace the file" });
    await dialog.getByLabel("Choose the newer file").setInputFiles(join(folder, "long-scan.bin"));
    await dialog.getByText("long-scan.bin").waitFor();
    await dialog.getByRole("button", { name: "Replace the file" }).click();
  };
  wire.holdAfter(HELD_AT);
  await replace();
  await until(wire.isHolding, "a part of the file has arrived");
  await forgetOutbox(page);
  await page.reload();
  wire.release();
  await page.getByText("Choose the same file again to go on").waitFor();

  // Added, it is a record of its own; to go on, the row leads back to its record.
  await follow(page, "Add");
  const goesOn = uploadRow(page, "Letter").getByRole("link", { name: "Choose the file Letter" });
  assert.equal(await goesOn.getAttribute("href"), new URL(letter).pathname);
  await page.getByLabel("Choose files, or drop them here").setInputFiles(join(folder, "long-scan.bin"));
  await pickCard(page, "long-scan.bin").getByLabel("Title").fill("Long scan");
  await page.getByRole("button", { name: "Add 1 record" }).click();
  await kept(page, "Long scan", { timeout: 60_000 });
  await page.goto(letter);
  await page.getByText("Dear Maya").waitFor();

  // Chosen for the letter, it goes on from what had arrived.
  const sent = counter();
  await replace("Choose the file Letter");
  await page.getByText("This record is kept, but cannot be shown here").waitFor({ timeout: 60_000 });
  assert.ok(sent() < SIZE, "what had arrived was not sent again");
  await heading(page, "Letter");
  assert.equal(sha256((await saveCopy(page)).bytes), sha256(content));
  assertQuiet(maya, "a newer file that was interrupted");
});

test("it rests while it is paused, goes on when told, and is gone when it is taken away", async () => {
  const { page } = maya;
  await sendHalf(page);
  const row = uploadRow(page, "Long scan");
  await row.getByRole("button", { name: "Pause" }).click();
  await row.getByText("Paused", { exact: true }).waitFor();
  wire.release();
  // What was on its way still arrives; then nothing moves.
  const progress = () => row.getByRole("progressbar").getAttribute("aria-valuenow");
  let last;
  let same = 0;
  await until(async () => {
    const now = await progress();
    same = now === last ? same + 1 : 0;
    last = now;
    return same >= 20;
  }, "nothing moves");
  assert.ok(Number(last) < 100, "it rests before its end");
  await row.getByRole("button", { name: "Go on" }).click();
  await kept(page, "Long scan", { timeout: 60_000 });
  await comesBack(page);

  // The same file once more, taken away half-way.
  await sendHalf(page);
  const second = uploadRow(page, "Long scan").filter({ has: page.getByRole("button", { name: "Stop sending" }) });
  await second.getByRole("button", { name: "Stop sending" }).click();
  await second.waitFor({ state: "detached" });
  wire.release();
  await go(maya, `${wire.url}/records`);
  await page.getByRole("main").getByRole("link", { name: "Long scan" }).waitFor();
  assert.equal(await page.getByRole("main").locator("ul.list a").count(), 1, "what was taken away is not there");
  assert.equal(await uploadRow(page, "Long scan").count(), 0, "nothing goes on by itself");
  assertQuiet(maya, "pausing and stopping");
});

test("a file that takes the place of another is in sight from the first moment, and goes on when the connection comes back", async () => {
  const { page } = maya;
  await follow(page, "Add");
  await heading(page, "Add records");
  await choose(page, [{ name: "letter.txt", content: Buffer.from("The first letter.") }]);
  await addChosen(page, ["Letter"]);
  await follow(page, "Records");
  await openFromList(page, "Letter");
  await page.getByRole("button", { name: "Replace the file" }).first().click();
  const dialog = page.getByRole("dialog");
  const newer = Buffer.from("The letter that takes its place.");
  await dialog.getByLabel("Choose the newer file").setInputFiles([{ name: "newer.txt", mimeType: "text/plain", buffer: newer }]);
  const replace = dialog.getByRole("button", { name: "Replace the file" });
  await until(() => replace.isEnabled(), "the newer file was looked at");
  await maya.context.setOffline(true);
  wire.cut();
  await replace.click();
  await uploadRow(page, "Letter").getByText("No answer from the server yet. It goes on by itself.").waitFor();
  wire.mend();
  await maya.context.setOffline(false);
  await uploadRow(page, "Letter").waitFor({ state: "detached" });
  await page.getByText(newer.toString()).waitFor();
  assert.deepEqual((await saveCopy(page)).bytes, newer);
  assertQuiet(maya, "a replacement without a connection");
});
