// Files as people really have them: empty, strangely named, hundreds at once; and folders that change meanwhile.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, stat, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { person, startBrowser, widths } from "../support/browser.mjs";
import { commandLine } from "../support/command.mjs";
import { assertQuiet, carrying, checkPage, follow, heading, passwords, saveCopy, signUp, until } from "../support/people.mjs";
import { startServer } from "../support/server.mjs";

/** Far more than have a card or a row of their own. A thousand go in as well; they take minutes in a build for tests. */
const MANY = 300;

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

/** Whether the server holds a whole chunk of some file. */
async function aChunkIsStored() {
  const blobs = join(server.data, "blobs");
  const names = await readdir(blobs, { recursive: true });
  const sizes = await Promise.all(names.map((name) => stat(join(blobs, name)).then(({ size }) => size, () => 0)));
  return sizes.some((size) => size >= 8 << 20);
}

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
    ["👩‍⚕️ Röntgen 🦴.txt", "Befund"],
  ];
  await drop(page, files);
  const titles = page.getByRole("main").getByLabel("Title");
  await titles.nth(files.length - 1).waitFor();
  for (const [index] of files.entries()) await titles.nth(index).fill(`Record ${index}`);
  await checkPage(someone, "adding files with odd names");
  await page.getByRole("button", { name: `Add ${files.length} records` }).click();
  for (const [index, [name, content]] of files.entries()) {
    await page.locator("li.file", { hasText: `Record ${index}` }).getByText("Safe in your vault").waitFor();
    await follow(page, "Records");
    await page.getByRole("main").getByRole("link", { name: `Record ${index}` }).click();
    await heading(page, `Record ${index}`);
    const copy = await saveCopy(page);
    assert.equal(copy.bytes.toString(), content, name);
    assert.doesNotMatch(copy.name, /[/\\\u202A-\u202E]/, name);
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
  await page.getByText(`${MANY} records on this device`).waitFor();
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
    const uploading = maya.run("--json", "upload", folder);
    await until(aChunkIsStored, "the large file is on its way");
    await truncate(large, 1000);
    const { code, out, err } = await uploading;
    assert.equal(code, 1);
    const told = ["gone.txt: links are not followed", "pipe.txt: this is no file", "middle.bin: the file could not be read, or it changed meanwhile"];
    for (const words of told) assert.ok(err.includes(words), err);
    assert.equal(err.trim().split("\n").length, 1, err);
    const titles = ["Empty", "First", "Last"];
    assert.deepEqual(JSON.parse(out).map(({ title }) => title), titles);
    assert.deepEqual((await maya.json("list")).map(({ title }) => title).sort(), titles);
    // What it is now goes in like any other file.
    assert.equal((await maya.json("upload", large)).length, 1);
  } finally {
    await rm(folder, { recursive: true, force: true });
    await maya.end();
  }
});
