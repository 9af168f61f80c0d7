// Files as people really have them: empty, strangely named, hundreds at once; and folders that change meanwhile.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, open, readdir, rm, stat, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { person, startBrowser, widths } from "../support/browser.mjs";
import { commandLine } from "../support/command.mjs";
import { assertQuiet, carrying, checkPage, follow, heading, passwords, pickCard, saveCopy, signUp, until } from "../support/people.mjs";
import { startServer } from "../support/server.mjs";

/** Far more than have a card or a row of their own; `make soak` adds a thousand. */
const MANY = Number(process.env.HEALTHBRIDGE_FILES_AT_ONCE ?? 300);

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

/** Drops files that are made in the page, so that their names may be anything. */
async function drop(page, files) {
  const dataTransfer = await carrying(page, files.map(([name, content]) => ({ name, content: Buffer.from(content) })));
  await page.locator(".drop").dispatchEvent("drop", { dataTransfer });
}

/** How many whole chunks the server holds. */
async function chunksStored() {
  const blobs = join(server.data, "blobs");
  const names = await readdir(blobs, { recursive: true });
  const sizes = await Promise.all(names.map((name) => stat(join(blobs, name)).then(({ size }) => size, () => 0)));
  return sizes.filter((size) => size >= 8 << 20).length;
}

/** Does something once a part of a file has arrived that is sent meanwhile, and waits for the end of that. */
async function whileSending(send, change) {
  const before = await chunksStored();
  const sending = send();
  await until(async () => (await chunksStored()) > before, "a part of the file is stored");
  await change();
  return sending;
}

/** What turns the direction of writing, in which the end of a name can seem to be another one. */
const MARKS = /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/;

async function toAdd(email) {
  const someone = await person(browser, widths.phone);
  await signUp(someone, server.url, { name: "Maya Sørensen", email, password: passwords.patient });
  await follow(someone.page, "Add");
  await heading(someone.page, "Add records");
  return someone;
}

test("files with odd names, and without a content, go in and come back", async () => {
  const someone = await toAdd("odd@example.org");
  const { page } = someone;
  const files = [
    ["empty.txt", ""],
    ["../../etc/passwd", "root:x:0:0"],
    ["invoice\u202Efdp.exe", "not a program"],
    ["letter\u200F\u061Ctxt.exe", "not a program either"],
    ["👩‍⚕️ Röntgen 🦴.txt", "Befund"],
  ];
  await drop(page, files);
  const titles = page.getByRole("main").getByLabel("Title");
  await titles.nth(files.length - 1).waitFor();
  for (const [index] of files.entries()) await titles.nth(index).fill(`Record ${index}`);
  const inMain = () => page.getByRole("main").evaluate((main) => main.outerHTML);
  assert.doesNotMatch(await inMain(), MARKS);
  await pickCard(page, "invoicefdp.exe").waitFor();
  await checkPage(someone, "adding files with odd names");
  await page.getByRole("button", { name: `Add ${files.length} records` }).click();
  for (const [index, [name, content]] of files.entries()) {
    await page.locator("li.file", { hasText: `Record ${index}` }).getByText("Safe in your vault").waitFor();
    await follow(page, "Records");
    await page.getByRole("main").getByRole("link", { name: `Record ${index}` }).click();
    await heading(page, `Record ${index}`);
    const copy = await saveCopy(page);
    assert.equal(copy.bytes.toString(), content, name);
    assert.doesNotMatch(copy.name, /[/\\]/, name);
    assert.doesNotMatch(copy.name, MARKS, name);
    assert.doesNotMatch(await inMain(), MARKS, name);
    const shown = await page.getByRole("main").locator("bdi").textContent();
    if (MARKS.test(name)) assert.equal(shown, name.replace(new RegExp(MARKS, "g"), ""));
    await follow(page, "Add");
  }
  await drop(page, [[`${"long ".repeat(819)}.txt`, "a name of 4 kB"]]);
  await page.getByText("The name of the file is too long. Please give the file a shorter name.").waitFor();
  assert.equal(await titles.count(), 0, "there is nothing to fill in");
  await checkPage(someone, "a name that is too long");
  assertQuiet(someone, "files with odd names");
  await someone.context.close();
});

test("hundreds of files at once are all kept", async () => {
  const someone = await toAdd("hundreds@example.org");
  const { page } = someone;
  await drop(page, Array.from({ length: MANY }, (_, number) => [`letter ${number}.txt`, `This is letter ${number}.`]));
  await page.getByText(`And ${MANY - 20} more files.`).waitFor();
  await page.getByRole("button", { name: `Add ${MANY} records` }).click({ timeout: 120_000 });
  await page.getByText(new RegExp(`^[1-9]\\d* of ${MANY} files are safe in your vault`)).waitFor();
  await checkPage(someone, "hundreds of files on their way");
  await page.getByText(`${MANY} of ${MANY} files are safe in your vault`).waitFor({ timeout: 300_000 });
  await follow(page, "Records");
  await page.getByText(`${MANY} records. Your search`).waitFor();
  assertQuiet(someone, "hundreds of files");
  await someone.context.close();
});

test("a folder that changes while it is read costs only what changed", async () => {
  const maya = await commandLine(server.url);
  const folder = await mkdtemp(join(tmpdir(), "healthbridge-odd-"));
  try {
    await maya.json("signup", "--email", "folder@example.org", "--name", "Maya", "--as", "patient");
    await mkdir(join(folder, "letters"));
    for (const name of ["first.txt", "last.txt"]) await writeFile(join(folder, "letters", name), `This is ${name}`);
    await writeFile(join(folder, "letters", "empty.txt"), "");
    // One that is gone when its turn comes, and one that nobody ever writes to.
    await symlink(join(folder, "gone"), join(folder, "letters", "gone.txt"));
    execFileSync("mkfifo", [join(folder, "letters", "pipe.txt")]);
    // One that grows shorter while it is sent.
    const large = join(folder, "letters", "middle.bin");
    await writeFile(large, "");
    await truncate(large, 1 << 30);
    const { code, out, err } = await whileSending(() => maya.run("--json", "upload", folder), () => truncate(large, 1000));
    assert.equal(code, 1);
    const changed = "middle.bin: the file changed while it was read, and nothing of it was added";
    const told = ["3 added, but not 3:", "gone.txt: links are not followed", "pipe.txt: this is no file", changed];
    for (const words of told) assert.ok(err.includes(words), err);
    assert.equal(err.trim().split("\n").length, 1, err);
    const titles = ["Empty", "First", "Last"];
    assert.deepEqual(JSON.parse(out).map(({ title }) => title), titles);
    assert.deepEqual((await maya.json("list")).map(({ title }) => title).sort(), titles);
    // Written to, it is neither what it was nor what it is, although it can be read to its end.
    for (const change of [(file) => file.write("X", (128 << 20) - 1), (file) => file.truncate((128 << 20) + 1)]) {
      await truncate(large, 128 << 20);
      const file = await open(large, "r+");
      const torn = await whileSending(() => maya.run("upload", large), () => change(file));
      await file.close();
      assert.equal(torn.code, 1);
      assert.ok(torn.err.includes(changed), torn.err);
    }
    assert.deepEqual((await maya.json("list")).map(({ title }) => title).sort(), titles);
    // What it is now goes in like any other file.
    await truncate(large, 1000);
    assert.equal((await maya.json("upload", large)).length, 1);
  } finally {
    await rm(folder, { recursive: true, force: true });
    await maya.end();
  }
});

test("a file that is there already is named, and not added once more", async () => {
  const maya = await commandLine(server.url);
  const folder = await mkdtemp(join(tmpdir(), "healthbridge-odd-"));
  try {
    await maya.json("signup", "--email", "twice@example.org", "--name", "Maya", "--as", "patient");
    const letter = join(folder, "letter.txt");
    await writeFile(letter, "Dear Maya");
    const twice = await maya.run("upload", letter, letter);
    assert.equal(twice.code, 0, twice.err);
    const [id, ...more] = twice.out.toString().trim().split("\n");
    assert.deepEqual(more, []);
    assert.ok(twice.err.includes(`letter.txt: there already, as “Letter”, ${id}`), twice.err);
    assert.ok(twice.err.includes("1 added, 1 there already; --again adds such files all the same"), twice.err);
    assert.deepEqual((await maya.json("upload", folder)).map(({ id, added }) => [id, added]), [[id, false]]);
    // The images of a scan may have the same names and sizes.
    await mkdir(join(folder, "other"));
    await writeFile(join(folder, "other", "letter.txt"), "Dear Ines");
    assert.deepEqual((await maya.json("upload", folder)).map(({ added }) => added), [false, true]);
    assert.equal((await maya.json("upload", letter, "--again"))[0].added, true);
    assert.equal((await maya.json("list")).length, 3);
  } finally {
    await rm(folder, { recursive: true, force: true });
    await maya.end();
  }
});
