// The server has learned nothing: whatever a person fills in occurs nowhere in what the server holds, writes or is sent.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, test } from "node:test";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { person, startBrowser, widths } from "../support/browser.mjs";
import { encodings, foreignCanary, plainCanary, searcher } from "../support/canary.mjs";
import { noise, pdf, png } from "../support/files.mjs";
import { addChosen, choose, drawn, follow, go, heading, openFromList, pickCard, saveCopy, shareOpen, signUp, until } from "../support/people.mjs";
import { binaries, startServer } from "../support/server.mjs";
import { startWire } from "../support/wire.mjs";

const run = promisify(execFile);

let browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser?.close());

/** Every file of a folder, by name. */
async function everyFile(folder) {
  const files = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) files[join(entry.parentPath, entry.name).slice(folder.length + 1)] = await readFile(join(entry.parentPath, entry.name));
  }
  return files;
}

const named = (what, buffers) => Object.fromEntries(buffers.map((buffer, index) => [`${what} ${index}`, buffer]));

/** The addresses that requests went to, and the headers that they came with. */
const addresses = (requests) => requests.map((request) => request.subarray(0, request.indexOf("\n")));

test("the search finds each form of a canary, wherever it lies", () => {
  for (const canary of [plainCanary(), foreignCanary(), "Ünïcödé 漢字+/?&=\"\\"]) {
    const search = searcher({ canary });
    for (const [form, bytes] of encodings(canary)) {
      for (const before of [0, 1, 2, 3, 4095]) {
        const place = Buffer.concat([noise(before), bytes, noise(5)]);
        assert.ok(search({ place }).some((found) => found.startsWith("canary as")), `${canary} as ${form} after ${before} bytes`);
      }
    }
    // What a program would really write, with other things around it.
    const text = `before ${canary} after`;
    const written = {
      "UTF-8": Buffer.from(text),
      "UTF-16LE": Buffer.from(text, "utf16le"),
      "UTF-16BE": Buffer.from(text, "utf16le").swap16(),
      hex: Buffer.from(Buffer.from(text).toString("hex")),
      "capital hex": Buffer.from(Buffer.from(text).toString("hex").toUpperCase()),
      URL: Buffer.from(encodeURIComponent(text)),
      form: Buffer.from(new URLSearchParams({ text: canary }).toString()),
      JSON: Buffer.from(JSON.stringify({ canary }).replace(/[^ -~]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`)),
      ...Object.fromEntries(
        [0, 1, 2].flatMap((offset) =>
          ["base64", "base64url"].map((kind) => [`${kind} at ${offset}`, Buffer.from(Buffer.from(`${"-".repeat(offset)}${canary} after`).toString(kind))]),
        ),
      ),
    };
    for (const [form, place] of Object.entries(written)) {
      // JSON escapes quotes and backslashes in ways of its own; forms escape more than addresses do.
      if (/["\\]/.test(canary) && ["JSON", "form"].includes(form)) continue;
      assert.notDeepEqual(search({ place }), [], `${canary} written as ${form}`);
    }
    assert.deepEqual(search({ noise: noise(1 << 20) }), [], "noise holds no canary");
  }
});

/**
 * Fills every field that there is with canaries, in two browsers and on the command line; stops the server; and
 * gives what was planted with everything that the server held, wrote and was sent.
 */
async function plantEverywhere(t, { leak = async () => {} } = {}) {
  const secret = {};
  const plant = (field) => {
    secret[`${field}, plain`] = plainCanary();
    secret[`${field}, foreign`] = foreignCanary();
    return `${secret[`${field}, plain`]} ${secret[`${field}, foreign`]}`;
  };
  const plantPlain = (field) => (secret[field] = plainCanary());
  // What the server may know; it shall know it where it belongs and write it nowhere else.
  const open = {
    "patient's name": `${plainCanary()} ${foreignCanary()}`,
    "patient's address": `${plainCanary()}@example.org`,
    "physician's name": `${plainCanary()} ${foreignCanary()}`,
    "physician's address": `${plainCanary()}@example.org`,
    specialty: `${plainCanary()} ${foreignCanary()}`,
    organisation: `${plainCanary()} ${foreignCanary()}`,
  };

  const wire = await startWire();
  const server = await startServer({ environment: { HEALTHBRIDGE_PUBLIC_URL: wire.url, RUST_LOG: "debug" } });
  const folder = await mkdtemp(join(tmpdir(), "healthbridge-end2end-"));
  t.after(async () => {
    await wire.stop();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });
  wire.lead(Number(new URL(server.url).port));
  const patient = await person(browser, widths.wide, { capture: true });
  const physician = await person(browser, widths.wide, { capture: true });
  const { page } = patient;
  const who = { name: open["patient's name"], email: open["patient's address"], password: plant("password") };
  const doctor = {
    name: open["physician's name"],
    email: open["physician's address"],
    password: plant("physician's password"),
    specialty: open.specialty,
    organisation: open.organisation,
  };

  // Sign-up; each kit is a secret, whole and in pairs of groups.
  const keepKit = (name, kit) => {
    for (const [form, between] of [["whole", ""], ["with dashes", "-"], ["with blanks", " "]]) {
      secret[`${name}, ${form}`] = kit.join(between);
      for (let pair = 0; pair < kit.length; pair += 2) secret[`${name}, groups from ${pair + 1}, ${form}`] = kit.slice(pair, pair + 2).join(between);
    }
  };
  const kit = await signUp(patient, wire.url, who);
  keepKit("kit", kit);
  keepKit("physician's kit", await signUp(physician, wire.url, doctor));

  // A password that is mistyped, and the recovery code.
  await page.getByRole("button", { name: /Unlocked here/ }).click();
  await heading(page, "Locked");
  await page.getByLabel("Password", { exact: true }).fill(plant("mistyped password"));
  await page.getByRole("button", { name: "Unlock", exact: true }).click();
  await page.getByText("Your vault stays locked.").waitFor();
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await heading(page, "Sign in");
  await page.getByRole("link", { name: "Forgot your password?" }).click();
  await page.getByLabel("E-mail", { exact: true }).fill(who.email);
  await page.getByLabel("Recovery code").fill(kit.join(" "));
  const renewed = plant("new password");
  await page.getByLabel("New password", { exact: true }).fill(renewed);
  await page.locator(".meter:not([data-level='0'])").waitFor();
  await page.getByRole("button", { name: "Set the new password" }).click();
  await page.waitForURL("**/home");

  // Files: their names, their contents, and what is said about them.
  const content = (field) => `${plant(field)}\n`;
  const files = [
    { name: `${plantPlain("text's file name")} ${(secret["text's file name, foreign"] = foreignCanary())}.txt`, content: Buffer.from(content("text").repeat(200)) },
    { name: `${plantPlain("document's file name")}.pdf`, content: pdf({ pages: [plantPlain("document")], title: plantPlain("document's title") }) },
    { name: `${plantPlain("picture's file name")}.png`, content: png({ text: plantPlain("picture's comment") }) },
  ];
  await follow(page, "Add");
  await heading(page, "Add records");
  await choose(page, files);
  const titles = [];
  for (const [index, { name }] of files.entries()) {
    const card = pickCard(page, name);
    titles.push(plant(`title ${index}`));
    await card.getByLabel("Title").fill(titles.at(-1));
    await card.getByLabel("Notes").fill(plant(`notes ${index}`));
  }
  await addChosen(page, titles);
  // One that is chosen and never added.
  await choose(page, [{ name: `${plantPlain("name of a file that is not added")}.txt`, content: Buffer.from(content("text that is not added")) }]);
  await page.getByRole("button", { name: "Add none of them" }).click();

  // Searching, editing, opening, saving.
  await follow(page, "Records");
  await page.getByLabel("Search your records").fill(plant("search"));
  await page.getByText("No record found").first().waitFor();
  await page.getByRole("button", { name: "Show every record" }).click();
  for (const title of titles) {
    await follow(page, "Records");
    await openFromList(page, title);
    if (title === titles[0]) await page.locator("pre").getByText(secret["text, plain"]).first().waitFor();
    else await drawn(page);
  }
  await saveCopy(page);
  await page.getByRole("link", { name: "Edit", exact: true }).click();
  await page.getByLabel("Title").waitFor();
  const edited = plant("edited title");
  await page.getByLabel("Title").fill(edited);
  await page.getByLabel("Notes").fill(plant("edited notes"));
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await heading(page, edited);

  // Sharing, seeing, stopping.
  await shareOpen(page, doctor.email);
  await go(physician, `${wire.url}/patients`);
  await physician.page.getByLabel("Search your patients").fill(plant("search of patients"));
  await physician.page.getByText("No patient found").waitFor();
  await physician.page.getByLabel("Search your patients").fill("");
  await physician.page.getByRole("main").getByRole("link", { name: who.name }).click();
  await openFromList(physician.page, edited);
  await drawn(physician.page);
  await saveCopy(physician.page);
  await go(patient, `${wire.url}/sharing`);
  await page.getByRole("button", { name: /^Stop sharing/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Stop sharing", exact: true }).click();
  await page.getByText("resealed", { exact: true }).waitFor();

  // The same on the command line.
  const healthbridge = async (...words) => {
    const { stdout } = await run(join(binaries, "healthbridge"), ["--server", wire.url, "--home", join(folder, "home"), "--json", ...words], {
      env: { ...process.env, HEALTHBRIDGE_PASSWORD: renewed },
    });
    return stdout.trim() ? JSON.parse(stdout) : undefined;
  };
  const path = join(folder, `${plantPlain("uploaded file name")}-${(secret["uploaded file name, foreign"] = foreignCanary())}.txt`);
  await writeFile(path, content("uploaded text"));
  await healthbridge("login", "--email", who.email);
  const [uploaded] = await healthbridge("upload", path, "--title", plant("uploaded title"));
  await healthbridge("edit", uploaded.id, "--title", plant("title of the command line"), "--notes", plant("notes of the command line"));
  await healthbridge("share", "--record", uploaded.id, "--with", doctor.email, "--until", "7d");
  const listed = await healthbridge("list");
  assert.ok(listed.some(({ title }) => title.includes(secret["title of the command line, plain"])), "the command line sees what it wrote");

  await leak({ page, secret, wire });

  // The physician sees what the command line shared; then everything is closed and the server is stopped.
  await go(physician, `${wire.url}/patients`);
  await physician.page.getByRole("main").getByRole("link", { name: who.name }).waitFor();
  await until(() => patient.requests.length > 0 && physician.requests.length > 0, "requests were captured");
  await patient.context.close();
  await physician.context.close();
  await server.kill();
  const requests = [...patient.requests, ...physician.requests];
  return { secret, open, folder: await everyFile(server.data), log: Buffer.from(server.log()), requests, sent: wire.sent() };
}

/** Everything that was found where nothing may be. */
function leaks({ secret, open, folder, log, requests, sent }) {
  const everywhere = { ...folder, "the log": log, ...named("request", requests), ...named("connection", sent) };
  const lines = named("line", sent.flatMap((bytes) => bytes.toString("latin1").match(/^(GET|PUT|POST|DELETE|PATCH|HEAD) \S* HTTP\/1\.1/gm) ?? []).map((line) => Buffer.from(line, "latin1")));
  return [
    ...searcher(secret)(everywhere),
    // Names and addresses of people: neither in the log nor in addresses of pages.
    ...searcher(open)({ "the log": log, ...named("address", addresses(requests)), ...lines }),
  ];
}

test("nothing of what people fill in is found at the server", async (t) => {
  const all = await plantEverywhere(t);
  assert.ok(Object.keys(all.folder).some((name) => name.endsWith(".db")), "there is a database to search");
  assert.ok(Object.keys(all.folder).some((name) => name.startsWith("blobs/")), "there are blobs to search");
  assert.ok(all.log.includes("/api/v1/"), "there is a log to search");
  assert.ok(all.requests.length > 50 && all.sent.length > 1, "there are requests to search");
  // The search would find what is there: the server knows who has an account.
  for (const [name, text] of Object.entries(all.open)) {
    assert.notDeepEqual(searcher({ [name]: text })(all.folder), [], `${name} is in the database`);
    assert.notDeepEqual(searcher({ [name]: text })(named("connection", all.sent)), [], `${name} went over the wire`);
  }
  assert.deepEqual(leaks(all), []);
});

test("a page that leaks on purpose is caught by the same check", async (t) => {
  const all = await plantEverywhere(t, {
    leak: ({ page, secret }) =>
      page.evaluate(async (text) => {
        const bytes = new TextEncoder().encode(`-${text}`);
        await fetch(`/healthz?seen=${btoa(String.fromCharCode(...bytes))}`);
      }, secret["search, foreign"]),
  });
  const found = leaks(all);
  assert.ok(found.some((one) => /^search, foreign as UTF-8 in base64 at 1 in request/.test(one)), "it is found among the requests");
  assert.ok(found.some((one) => /^search, foreign as UTF-8 in base64 at 1 in connection/.test(one)), "it is found on the wire");
  assert.ok(found.every((one) => one.startsWith("search, foreign as")), `nothing else is found: ${found}`);
});
