// How a page arrives: it can be read before the WebAssembly is there, says "Locked" until it is alive and "Opening…" until
// its vault is open, and stays where it stands when it comes alive. Nothing moves by itself for whoever asked for that, and
// whoever has JavaScript switched off is told what it is needed for.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { assertAccessibleAsItStands, frame, person, startBrowser, widths } from "../support/browser.mjs";
import { commandLine, password } from "../support/command.mjs";
import { assertQuiet, checkPage, follow, heading, openFromList, passwords, signIn, signUp, until } from "../support/people.mjs";
import { startServer } from "../support/server.mjs";

const patient = { email: "maya@example.org", password };
const doctor = { email: "ito@example.org", password };
const title = "Blood count before the operation";
/** What lies in the vault: its title, its notes, its name and content, and with whom it is shared. */
const sealed = [title, "Keep an eye on it", "result.txt", "Potassium", "Dr Ito"];

let browser;
let server;
let work;
const ends = [];
let record;
let ofMaya;
before(async () => {
  server = await startServer();
  browser = await startBrowser();
  work = await mkdtemp(join(tmpdir(), "healthbridge-arriving-"));
  await writeFile(join(work, "result.txt"), "Potassium 4.2 mmol/L");
  const [maya, ito] = await Promise.all([commandLine(server.url), commandLine(server.url)]);
  ends.push(maya, ito);
  await maya.json("signup", "--email", patient.email, "--name", "Maya Berg", "--as", "patient");
  await ito.json("signup", "--email", doctor.email, "--name", "Dr Ito", "--as", "provider", "--specialty", "Cardiologist");
  [{ id: record }] = await maya.json("upload", join(work, "result.txt"), "--title", title, "--category", "laboratory", "--date", "2025-11-12");
  await maya.json("edit", record, "--notes", "Keep an eye on it");
  await maya.json("share", "--record", record, "--with", doctor.email, "--until", "30d");
  const someone = await person(browser, widths.phone);
  await signIn(someone, server.url, doctor);
  ofMaya = await someone.page.getByRole("main").getByRole("link", { name: "Maya Berg" }).first().getAttribute("href");
  await someone.context.close();
});
after(async () => {
  await browser?.close();
  for (const someone of ends) await someone.end();
  await server?.stop();
  if (work) await rm(work, { recursive: true, force: true });
});

/** Runs in a page before anything else does, and notes in `arriving` how the page arrives. */
function watch() {
  const seen = { isAlive: false, isOver: false, moved: [], locks: [], motions: [] };
  window.arriving = seen;

  // What moves although nobody touched it, until the page is there.
  const start = (node) => (node?.outerHTML ?? node?.parentElement?.outerHTML ?? "something that is gone").slice(0, 120);
  const note = (entries) => {
    for (const { value, hadRecentInput, sources } of entries) {
      if (!hadRecentInput) seen.moved.push({ value, what: sources.map(({ node }) => start(node)) });
    }
  };
  const shifts = new PerformanceObserver((list) => note(list.getEntries()));
  shifts.observe({ type: "layout-shift", buffered: true });
  seen.begin = () => void (shifts.takeRecords(), (seen.moved.length = 0));

  // What the frame says of the lock, word after word; and when the page is there: alive, and waiting for no vault. What
  // comes out of the vault after that comes each in its time.
  let isEnding = false;
  const look = () => {
    if (document.readyState === "loading") return;
    const lock = document.querySelector(".lock-state")?.textContent.trim();
    if (lock && lock !== seen.locks.at(-1)) seen.locks.push(lock);
    if (isEnding || !seen.isAlive || document.querySelector("main")?.textContent.includes("Opening your vault.")) return;
    isEnding = true;
    // What has just changed is drawn with the next frame; what that moved is known with the one after.
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        note(shifts.takeRecords());
        shifts.disconnect();
        seen.isOver = true;
      }),
    );
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true, characterData: true });

  // Nothing on the page says that it has come alive. But from then on it listens whether somebody is there.
  const { addEventListener } = window;
  window.addEventListener = (kind, ...rest) => {
    addEventListener.call(window, kind, ...rest);
    if (kind !== "wheel") return;
    seen.isAlive = true;
    look();
  };

  for (const kind of ["animationstart", "transitionrun"]) {
    document.addEventListener(kind, ({ animationName, propertyName }) => seen.motions.push(animationName ?? propertyName), true);
  }
}

/** A person on whose page is noted how it arrives. */
async function watched(viewport, options) {
  const someone = await person(browser, viewport, options);
  await someone.page.addInitScript(watch);
  return someone;
}

/** What has moved by itself since the page was loaded, and what does now. */
const motions = (page) =>
  page.evaluate(() => [...window.arriving.motions, ...document.getAnimations().map((motion) => motion.animationName ?? motion.transitionProperty)]);

/**
 * Loads a page whose WebAssembly does not come until somebody had a `look` at what the server sent. Fails if anything
 * moves when the page comes alive. Gives what the frame said of the lock meanwhile.
 */
async function arrive(someone, path, what, look) {
  const { context, page } = someone;
  const held = [];
  let isHeld = true;
  const hold = (route) => (isHeld ? void held.push(route) : route.continue());
  await context.route("**/*.wasm", hold);
  const answer = await page.goto(`${server.url}${path}`);
  await until(() => held.length > 0, `the WebAssembly of ${what} is asked for`);
  await look(await answer.text());
  await assertAccessibleAsItStands(page, `${what}, before it is alive`);
  // The typeface that stands in for the letters until they come may not be on this machine, and then they move the page.
  await page.evaluate(() => document.fonts.ready.then(() => {}));
  await frame(page);
  assert.equal(await page.evaluate(() => window.arriving.isAlive), false, `${what} is not alive yet`);
  await page.evaluate(() => window.arriving.begin());
  isHeld = false;
  for (const route of held) await route.continue();
  await page.waitForFunction(() => window.arriving.isOver);
  await context.unroute("**/*.wasm", hold);
  const { moved, locks } = await page.evaluate(() => ({ moved: window.arriving.moved, locks: window.arriving.locks }));
  const sum = moved.reduce((sum, { value }) => sum + value, 0);
  // Less is nothing that an eye would see.
  assert.ok(sum < 0.01, `${what} moves by ${sum} when it comes alive: ${JSON.stringify(moved)}`);
  return locks;
}

const open = [
  ["/", "Your health records, in your hands"],
  ["/sign-in", "Sign in"],
  ["/sign-up", "Sign up"],
  ["/forgot", "Forgot your password?"],
  ["/help", "Help"],
  ["/security", "How your records are protected"],
  ["/nowhere", "No such page"],
];
/** Each with its heading while the vault is being opened, and with the one that it has then, where that is another. */
const ofPatients = () => [
  ["/home", "Home", /Maya/],
  ["/records", "Records"],
  [`/records/${record}`, "Record", title],
  [`/records/${record}/edit`, "Edit the record"],
  ["/records/add", "Add records"],
  ["/sharing", "Who can see what"],
  ["/sharing/new", "Share"],
  ["/activity", "Activity"],
  ["/notices", "Notices"],
  ["/account", "Your account"],
  ["/account/password", "New password"],
];
const ofCareTeams = () => [
  ["/patients", "Patients"],
  [ofMaya, "Patient", "Maya Berg"],
  [`/records/${record}`, "Record", title],
  ["/notices", "Notices"],
  ["/account", "Your account"],
];

for (const [width, viewport] of Object.entries(widths)) {
  test(`what everybody may read can be read before it is alive, and stays where it stands (${width})`, async () => {
    const someone = await watched(viewport);
    for (const [path, name] of open) {
      const what = `${path} (${width})`;
      await arrive(someone, path, what, async () => {
        await heading(someone.page, name);
        // The browser would send it, with the password in its address.
        assert.equal(await someone.page.locator("button[type=submit]:enabled").count(), 0, `nothing can be sent from ${what}`);
      });
      assertQuiet(someone, what);
    }
    await someone.context.close();
  });

  for (const [state, who, first, inside] of [
    ["locked", patient, /Maya/, ofPatients],
    ["open", patient, /Maya/, ofPatients],
    ["a care team's, open", doctor, "Patients", ofCareTeams],
  ]) {
    test(`a page says "Locked" and holds nothing until its vault is open, and stays where it stands (${state}, ${width})`, async () => {
      const someone = await watched(viewport);
      const { page } = someone;
      await signIn(someone, server.url, who);
      await heading(page, first);
      if (state === "locked") {
        await page.getByRole("button", { name: /Unlocked here/ }).click();
        await heading(page, "Locked");
      }
      for (const [path, waiting, name = waiting] of inside()) {
        const what = `${path} (${state}, ${width})`;
        const locks = await arrive(someone, path, what, async (html) => {
          await heading(page, waiting);
          await page.locator(".lock-state").getByText("Locked", { exact: true }).waitFor();
          await page.getByText("Opening your vault.").waitFor();
          for (const secret of [...sealed, "Maya", patient.email, doctor.email]) assert.ok(!html.includes(secret), `the server sent ${secret} with ${what}`);
        });
        await heading(page, state === "locked" ? "Locked" : name);
        const last = state === "locked" ? "Locked" : "Unlocked here Lock now";
        assert.deepEqual(locks, ["Locked", "Opening…", last], `what ${what} says of the lock`);
        if (state === "locked") {
          const shown = await page.content();
          for (const secret of sealed) assert.ok(!shown.includes(secret), `${what} holds ${secret}`);
        } else {
          // What is still to come moves what is below it, and perhaps under the bar at the bottom.
          await page.waitForFunction(() => !document.querySelector("main .skeleton"));
          await checkPage(someone, what);
        }
        assertQuiet(someone, what);
      }
      await someone.context.close();
    });
  }
}

test("nothing moves by itself for whoever asked for that", async () => {
  const someone = await watched(widths.phone);
  const { page } = someone;
  await signIn(someone, server.url, patient);
  await heading(page, /Maya/);
  assert.deepEqual(await motions(page), [], "while somebody signs in");
  await arrive(someone, "/account", "the account", async () => {
    await page.locator("main .skeleton .bone").first().waitFor();
    assert.deepEqual(await motions(page), [], "while a page is awaited");
  });
  await page.getByRole("button", { name: "Sign out everywhere else" }).click();
  await page.getByText("You are signed out everywhere else.").waitFor();
  assert.deepEqual(await motions(page), [], "when something is said");
  await follow(page, "Records");
  await openFromList(page, title);
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByRole("dialog").getByText(/^Delete /).first().waitFor();
  await frame(page);
  assert.deepEqual(await motions(page), [], "when something is asked");
  assertQuiet(someone, "what does not move");
  await someone.context.close();
});

test("what moves for everybody else gets in nobody's way", async () => {
  const someone = await watched(widths.phone, { motion: "no-preference" });
  const { page } = someone;
  await signUp(someone, server.url, { name: "Åsa Lund", email: "asa@example.org", password: passwords.patient });
  await page.getByText("Your vault is ready").waitFor();
  await arrive(someone, "/home", "a home that moves", async () => {
    await until(async () => (await motions(page)).includes("breathe"), "the grey bars breathe");
  });
  await page.getByText("Your vault is ready").waitFor();
  assertQuiet(someone, "what moves");
  await someone.context.close();
});

test("whoever has JavaScript switched off is told what it is needed for", async () => {
  const { context, page } = await person(browser, widths.phone, { javaScript: false });
  for (const [path, name] of [["/", "Your health records, in your hands"], ["/sign-in", "Sign in"]]) {
    await page.goto(`${server.url}${path}`);
    await heading(page, name);
    // Playwright switches it off for programs, and not for how a page is parsed: these words are not drawn here.
    const words = await page.locator("noscript").last().textContent();
    assert.match(words, /HealthBridge seals and opens your records on this device, and needs JavaScript for that\. Please switch it on\./, path);
    assert.equal(await page.locator("button[type=submit]:enabled").count(), 0, `nothing can be sent from ${path}`);
  }
  await context.close();
});
