// The command line does the whole thread on real records, and notices every byte that is changed on the server's disk.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { test } from "node:test";
import { commandLine } from "../support/command.mjs";
import { corpus, startServer } from "../support/server.mjs";

async function filesUnder(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

test("real records go in and come back, are shared, seen and revoked", async (t) => {
  if (!existsSync(corpus)) return t.skip("the corpus is not beside this repository");
  const server = await startServer();
  const [maya, ito] = [await commandLine(server.url), await commandLine(server.url)];
  const work = await mkdtemp(join(tmpdir(), "healthbridge-command-"));
  t.after(async () => {
    await Promise.all([maya.end(), ito.end(), rm(work, { recursive: true, force: true })]);
    await server.stop();
  });

  const account = await maya.json("signup", "--email", "maya@example.org", "--name", "Maya Sørensen", "--as", "patient");
  assert.match(account.recovery_kit, /^([0-9A-Z]{4} ){13}[0-9A-Z]{4}$/);
  await ito.json("signup", "--email", "ito@example.org", "--name", "Dr Ito", "--as", "provider", "--specialty", "Cardiology");

  const folders = ["dicom", "ccda", "fhir", "hl7v2", "apple"].map((name) => join(corpus, name));
  const files = (await Promise.all(folders.map(filesUnder))).flat();
  const added = await maya.json("upload", ...folders);
  assert.equal(added.length, files.length);
  assert.ok(added.every((record) => record.id && record.title && record.category && record.bytes > 0));
  assert.equal((await maya.json("list")).length, files.length);

  const backup = join(work, "backup");
  await maya.json("export", backup);
  const manifest = JSON.parse(await readFile(join(backup, "manifest.json"), "utf8"));
  for (const file of files) {
    const record = manifest.records.find((record) => record.file_name === basename(file));
    assert.ok(record, `${file} is not in the manifest`);
    assert.deepEqual(await readFile(join(backup, record.file)), await readFile(file), file);
  }

  const scan = added.find((record) => record.bytes === 39206);
  await maya.json("edit", scan.id, "--title", "CT from the corpus", "--notes", "for the visit");
  assert.equal((await maya.json("show", scan.id)).notes, "for the visit");
  const { id: grant } = await maya.json("share", "--record", scan.id, "--with", "ito@example.org", "--until", "7d");
  const [inbox] = await ito.json("inbox");
  assert.equal(inbox.records, 1);
  assert.deepEqual((await ito.json("list", "--from", "maya@example.org")).map((record) => record.title), ["CT from the corpus"]);
  const copy = join(work, "copy.dcm");
  await ito.json("open", scan.id, "-o", copy);
  assert.deepEqual(await readFile(copy), await readFile(join(corpus, "dicom/CT_small.dcm")));
  const seen = await maya.json("activity", "--record", scan.id);
  assert.deepEqual(seen.map((event) => [event.who, event.what]), [
    ["maya@example.org", "added"],
    ["maya@example.org", "changed"],
    ["ito@example.org", "saved"],
  ]);

  assert.equal((await maya.json("grants"))[0].state, "active");
  assert.equal((await maya.json("revoke", grant)).state, "re-encrypted");
  assert.equal((await maya.json("grants"))[0].state, "re-encrypted");
  assert.deepEqual(await ito.json("list"), []);
  const refused = await ito.run("open", scan.id, "-o", join(work, "no"));
  assert.equal(refused.code, 1);
  assert.equal(refused.err.trim().split("\n").length, 1);
  assert.ok(!existsSync(join(work, "no")));

  // Sharing something else with the same person again starts from what is shared now.
  const other = added.find((record) => record.category !== scan.category);
  await maya.json("share", "--category", other.category, "--with", "ito@example.org");
  assert.ok((await ito.json("list")).some((record) => record.id === other.id));
  assert.ok(!(await ito.json("list")).some((record) => record.id === scan.id));

  await maya.json("delete", added[0].id);
  assert.equal((await maya.json("list")).length, files.length - 1);
  await maya.json("verify");

  await maya.json("logout");
  assert.equal((await maya.run("list")).code, 1);
  await maya.json("recover", "--email", "maya@example.org", "--kit", account.recovery_kit);
  assert.equal((await maya.json("list")).length, files.length - 1);
});

test("verify fails after any byte of the log or of a blob was changed", async (t) => {
  const server = await startServer();
  const maya = await commandLine(server.url);
  const work = await mkdtemp(join(tmpdir(), "healthbridge-verify-"));
  t.after(async () => {
    await Promise.all([maya.end(), rm(work, { recursive: true, force: true })]);
    await server.stop();
  });
  await maya.json("signup", "--email", "maya@example.org", "--name", "Maya", "--as", "patient");
  await mkdir(join(work, "in"));
  for (const name of ["one.txt", "two.txt"]) await writeFile(join(work, "in", name), `${name} `.repeat(50));
  await maya.json("upload", join(work, "in"));
  await maya.json("verify");

  // The log as it lies on disk: every entry is there byte by byte.
  const profile = JSON.parse(await readFile(join(maya.home, "default.json"), "utf8"));
  const session = await fetch(`${server.url}/api/v1/session`, { headers: { cookie: profile.cookie } });
  const { vault } = JSON.parse(await readFile(await exportTo(maya, join(work, "out")), "utf8"));
  assert.equal(session.status, 200);
  const page = Buffer.from(await (await fetch(`${server.url}/api/v1/vaults/${vault}/log`, { headers: { cookie: profile.cookie } })).arrayBuffer());
  const stored = await filesUnder(server.data);
  // The store's own id lies beside them.
  const blobs = stored.filter((file) => file.includes("/blobs/") && basename(file) !== "instance");
  assert.ok(blobs.length >= 2, "blobs lie on disk");

  // An orderly stop leaves everything in the one database file.
  await server.halt();
  const databases = (await filesUnder(server.data)).filter((file) => /\.db(-wal)?$/.test(file));
  const places = [];
  // Pieces from all over the log, found where the database keeps them.
  for (let at = 200; at + 24 < page.length; at += Math.floor(page.length / 25)) {
    const piece = page.subarray(at, at + 24);
    for (const file of databases) {
      const where = (await readFile(file)).indexOf(piece);
      if (where >= 0) places.push({ file, where: where + 11, piece });
    }
  }
  assert.ok(places.length >= 10, `only ${places.length} places of the log were found on disk`);
  for (const file of blobs) {
    const { length } = await readFile(file);
    for (const where of [0, Math.floor(length / 2), length - 1]) places.push({ file, where });
  }

  for (const { file, where, piece } of places) {
    const whole = new Map();
    // A page that was split leaves its old copy behind: change every copy.
    for (const copy of piece ? databases : [file]) {
      const before = await readFile(copy);
      whole.set(copy, before);
      const after = Buffer.from(before);
      if (piece) {
        for (let at = before.indexOf(piece); at >= 0; at = before.indexOf(piece, at + 1)) after[at + 11] ^= 0x20;
      } else {
        after[where] ^= 0x20;
      }
      await writeFile(copy, after);
    }
    await server.start();
    const { code, err } = await maya.run("verify");
    await server.halt();
    assert.equal(code, 1, `byte ${where} of ${basename(file)} was changed, and verify said all is well`);
    assert.ok(err.length > 0);
    for (const [copy, before] of whole) await writeFile(copy, before);
  }
  await server.start();
  await maya.json("verify");
});

async function exportTo(person, folder) {
  await person.json("export", folder);
  return join(folder, "manifest.json");
}
