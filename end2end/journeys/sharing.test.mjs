// Who can see what, until when: by person and by record, searched, stopped, and as long as nothing is known.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { person, startBrowser, widths } from "../support/browser.mjs";
import { commandLine, password } from "../support/command.mjs";
import { assertQuiet, checkPage, follow, go, heading, signIn, until } from "../support/people.mjs";
import { startServer } from "../support/server.mjs";

const ito = { name: "Dr Kenji Ito", email: "ito@example.org", specialty: "Cardiology" };
const vogt = { name: "Lena Vogt", email: "vogt@example.org", specialty: "Nursing" };

let browser;
let server;
let work;
const ends = [];
/** Those with whom something is shared, by name. */
const team = {};
before(async () => {
  server = await startServer();
  browser = await startBrowser();
  work = await mkdtemp(join(tmpdir(), "healthbridge-sharing-"));
  await writeFile(join(work, "result.txt"), "This is a result.");
  for (const { name, email, specialty } of [ito, vogt]) {
    const someone = await commandLine(server.url);
    ends.push(someone);
    team[name] = someone;
    await someone.json("signup", "--email", email, "--name", name, "--as", "provider", "--specialty", specialty);
  }
});
after(async () => {
  await browser?.close();
  for (const someone of ends) await someone.end();
  await server?.stop();
  if (work) await rm(work, { recursive: true, force: true });
});

/** A patient with records by title and kind. */
async function patient(email, records) {
  const maya = await commandLine(server.url);
  ends.push(maya);
  await maya.json("signup", "--email", email, "--name", "Maya Berg", "--as", "patient");
  const ids = {};
  for (const [title, kind] of records) {
    const [{ id }] = await maya.json("upload", join(work, "result.txt"), "--again", "--title", title, "--category", kind, "--date", "2025-11-12");
    ids[title] = id;
  }
  return { ...maya, ids, email };
}

async function page(viewport, { email }) {
  const someone = await person(browser, viewport);
  await signIn(someone, server.url, { email, password });
  await heading(someone.page, /Maya/);
  return someone;
}

/** The blocks of the list: each with its heading, its second line and the people in it, line by line. */
const blocks = (page) =>
  page.locator(".reached > .item").evaluateAll((items) =>
    items.map((item) => ({
      name: item.querySelector("h2").textContent,
      about: item.querySelector(".item-words > .soft").textContent,
      people: [...item.querySelectorAll(".share")].map((share) => [
        share.querySelector(".name").textContent,
        [...share.querySelectorAll("p.soft")].map((words) => words.textContent).join(" "),
        share.querySelector(".share-acts > .stop").textContent.trim(),
      ]),
    })),
  );

const focused = (page, words) => page.waitForFunction((words) => document.activeElement?.textContent === words, words);

for (const [width, viewport] of Object.entries(widths)) {
  test(`who can see what stands by person and by record, and each share can be stopped in both (${width})`, async () => {
    const others = Array.from({ length: 7 }, (_, number) => [`Letter ${number + 1}`, "visit-notes"]);
    const maya = await patient(`maya.${width}@example.org`, [["CT of the chest", "imaging"], ["X-ray of the hand", "imaging"], ["Blood count", "laboratory"], ...others]);
    const ct = maya.ids["CT of the chest"];
    await maya.json("share", "--record", ct, "--with", ito.email, "--until", "3d");
    await maya.json("share", "--category", "imaging", "--with", ito.email, "--until", "30d");
    const { phrase } = await maya.json("safety-phrase", vogt.email);
    const wrong = await maya.run("safety-phrase", vogt.email, "--compared", `${phrase} more`);
    assert.deepEqual([wrong.code, wrong.err.includes("nothing was noted")], [1, true]);
    await maya.json("safety-phrase", vogt.email, "--compared", phrase);
    await maya.json("share", "--all", "--with", vogt.email, "--until", "none");

    const someone = await page(viewport, maya);
    const { page: at } = someone;
    await go(someone, `${server.url}/sharing`);
    await at.getByText("2 people can see something. One share ends this week.").waitFor();
    assert.deepEqual(await at.locator("main .item h2").allTextContents(), [ito.name, vogt.name], "what ends first is on top");
    await checkPage(someone, `sharing, by person (${width})`);

    await at.getByRole("button", { name: "By record", exact: true }).click();
    await at.waitForURL("**/sharing?by=record");
    await at.getByRole("heading", { name: "CT of the chest" }).waitFor();
    const everything = [vogt.name, "because you share everything", `Stop sharing everything with ${vogt.name}`];
    assert.deepEqual(await blocks(at), [
      { name: "Everything", about: "10 records, and what you add later", people: [[vogt.name, "", `Stop sharing everything with ${vogt.name}`]] },
      { name: "Imaging", about: "2 records, and what you add later", people: [[ito.name, "", `Stop sharing imaging with ${ito.name}`], everything] },
      {
        name: "CT of the chest",
        about: "12 November 2025 · Imaging",
        people: [
          [ito.name, "", `Stop sharing CT of the chest with ${ito.name}`],
          [ito.name, "because you share imaging", `Stop sharing imaging with ${ito.name}`],
          everything,
        ],
      },
    ]);
    await checkPage(someone, `sharing, by record (${width})`);

    // Any record can be asked for, and the address keeps the order.
    await go(someone, `${server.url}/sharing?by=record`);
    const search = at.getByRole("searchbox", { name: "Search your records" });
    await search.fill("hand");
    await at.getByText("1 record found").waitFor();
    assert.deepEqual((await blocks(at)).map(({ name, people }) => [name, people.map(([who]) => who)]), [["X-ray of the hand", [ito.name, vogt.name]]]);
    await search.fill("nothing like this");
    await at.getByText("No record found").first().waitFor();
    await checkPage(someone, `sharing, none found (${width})`);
    await search.fill("");

    // A record that a kind reaches too: the question says so, and what is left stays.
    const stop = (name) => at.getByRole("button", { name, exact: true }).first();
    await stop(`Stop sharing CT of the chest with ${ito.name}`).click();
    const question = at.getByRole("dialog");
    await question.getByText(`Stop sharing CT of the chest with ${ito.name}?`).waitFor();
    await question.getByText(/^Dr Kenji Ito can still see it, because you also share imaging until \d+ \w+( \d+)?\.$/).waitFor();
    await question.getByText("has opened nothing since you shared it").waitFor();
    await checkPage(someone, `sharing, stop a record (${width})`);
    await question.getByRole("button", { name: "Stop sharing", exact: true }).click();
    await at.getByRole("status").getByText(`You stopped sharing CT of the chest with ${ito.name}. They still see it through another share.`).waitFor();
    // Its block goes away; whoever was in it is back at the top of the page.
    await at.getByRole("heading", { name: "CT of the chest", level: 2, exact: true }).waitFor({ state: "detached" });
    await focused(at, "Who can see what");

    await stop(`Stop sharing imaging with ${ito.name}`).click();
    await question.getByText(`Stop sharing imaging with ${ito.name}?`).waitFor();
    await question.getByText("Dr Kenji Ito can open none of your 2 imaging records any more. To leave out a single record, stop this and share the others one by one.").waitFor();
    await question.getByRole("button", { name: "Keep sharing" }).click();
    await at.getByRole("button", { name: "By person", exact: true }).click();
    await at.waitForURL("**/sharing");
    await at.getByRole("heading", { name: ito.name, level: 2, exact: true }).waitFor();

    // Somebody who has another share stays, and their heading takes the focus.
    await maya.json("share", "--record", maya.ids["Blood count"], "--with", ito.email, "--until", "9d");
    await stop(`Stop sharing Blood count with ${ito.name}`).waitFor();
    // What they opened by the other share has no part in the question about this one.
    const opened = await team[ito.name].run("open", maya.ids["Blood count"], "--output", join(work, `opened-${width}`));
    assert.equal(opened.code, 0, opened.err);
    await at.getByText(/^Opened Blood count today/).waitFor();
    await stop(`Stop sharing imaging with ${ito.name}`).click();
    await question.getByText("Dr Kenji Ito has opened nothing since you shared it.").waitFor();
    await question.getByRole("button", { name: "Stop sharing", exact: true }).click();
    await at.getByRole("status").getByText(`You stopped sharing imaging with ${ito.name}.`).waitFor();
    await stop(`Stop sharing imaging with ${ito.name}`).waitFor({ state: "detached" });
    await focused(at, ito.name);

    // Only what was stopped is over, and a search leaves of the ends those that it concerns.
    await go(someone, `${server.url}/sharing?by=record`);
    const over = (what) => at.getByRole("heading", { name: `Ended today: ${what}, with ${ito.name}`, exact: true });
    await over("CT of the chest").waitFor();
    await search.fill("ray");
    await at.getByText("1 record found").waitFor();
    assert.deepEqual((await blocks(at))[0].people, [everything]);
    await over("CT of the chest").waitFor({ state: "detached" });
    await over("imaging").waitFor();
    await maya.json("revoke", (await maya.json("grants")).find(({ scope }) => scope === "all").id);
    await at.getByText("Only you", { exact: true }).waitFor();
    await checkPage(someone, `sharing, only you (${width})`);
    assert.equal(await at.getByRole("link", { name: "Share X-ray of the hand" }).getAttribute("href"), `/sharing/new?record=${maya.ids["X-ray of the hand"]}`);
    await someone.context.close();
  });
}

test("a share is given another end where it is said to end, and everybody concerned is told", async () => {
  const maya = await patient("longer@example.org", [["CT of the chest", "imaging"]]);
  await maya.json("share", "--record", maya.ids["CT of the chest"], "--with", ito.email, "--until", "3d");
  const someone = await page(widths.phone, maya);
  const { page: at } = someone;
  const question = at.getByRole("dialog", { name: `Until when may ${ito.name} see CT of the chest?` });
  const change = question.getByRole("button", { name: "Change the end" });
  const giveMore = question.getByRole("button", { name: "Give more time" });
  // The buttons of a dialog lie over what is not in sight.
  const isInSight = (part) => part.evaluate((part) => {
    const box = part.getBoundingClientRect();
    return box.top >= 0 && box.bottom <= part.closest("dialog").querySelector(".dialog-body > .actions").getBoundingClientRect().top;
  });

  // Home says what ends, and more time is two presses away.
  const more = at.getByRole("button", { name: `Give more time for ${ito.name} to see CT of the chest` });
  await more.click();
  await question.getByText(/^So far: .*3 days left\.$/).waitFor();
  // Nothing is offered that is no more time, and the least that is more is chosen.
  assert.equal(await question.getByRole("radio", { name: /^1 day$/ }).count(), 0);
  assert.ok(await question.getByRole("radio", { name: /^7 days/ }).isChecked());
  await checkPage(someone, "more time");
  await question.getByRole("radio", { name: /^Until a day that I choose/ }).check();
  const lastDay = question.getByLabel("Last day");
  await until(() => isInSight(lastDay), "the field that a choice brings up is in sight");
  await giveMore.click();
  const missing = question.getByText("Choose the last day.");
  await until(() => isInSight(missing), "what is missing is in sight");
  await until(() => lastDay.evaluate((field) => field === document.activeElement), "the field has the focus");
  await checkPage(someone, "more time, without a day");
  await lastDay.fill(new Date().toISOString().slice(0, 10));
  await giveMore.click();
  await question.getByText(/^Choose a day after \d+ \w+( \d+)?\.$/).waitFor();
  await at.keyboard.press("Escape");
  await question.waitFor({ state: "hidden" });
  assert.ok(await more.evaluate((button) => button === document.activeElement), "whoever leaves it is back where they were");
  await more.click();
  await question.getByRole("radio", { name: /^90 days/ }).check();
  await giveMore.click();
  await at.getByRole("status").getByText(/^Dr Kenji Ito can see CT of the chest until \d+ \w+( \d+)?\.$/).waitFor();
  await at.getByText("Ends this week").waitFor({ state: "detached" });

  // It is the same share, and it says so in the list and in the history.
  await go(someone, `${server.url}/sharing`);
  await at.getByText("One person can see something.").waitFor();
  await at.getByText(/^until .* left$/).first().waitFor();
  const [grant, ...others] = await maya.json("grants");
  assert.equal(others.length, 0);
  await at.getByRole("button", { name: `Change the end of sharing CT of the chest with ${ito.name}` }).click();
  assert.ok(await question.getByRole("radio", { name: /^30 days/ }).isChecked());
  await question.getByRole("radio", { name: /^1 day$/ }).waitFor();
  await question.getByRole("radio", { name: /^No end/ }).check();
  const warning = question.locator(".alert", { hasText: "This share has no end." });
  await until(() => isInSight(warning), "the warning that a choice brings up is in sight");
  await checkPage(someone, "a share that is to have no end");
  await change.click();
  await at.getByRole("status").getByText(`Dr Kenji Ito can see CT of the chest until you stop it.`).waitFor();
  const [still] = await maya.json("grants");
  assert.deepEqual([still.id, still.until], [grant.id, null]);
  await go(someone, `${server.url}/activity`);
  await at.getByText(`You changed until when CT of the chest is shared with ${ito.name}`).first().waitFor();
  await checkPage(someone, "activity after another end");
  await someone.context.close();

  const physician = await person(browser, widths.wide);
  await signIn(physician, server.url, { email: ito.email, password });
  await physician.page.waitForURL("**/patients");
  await go(physician, `${server.url}/notices`);
  await physician.page.getByText("Sharing with Maya Berg has no end any more").waitFor();
  await physician.page.getByText(/^Sharing with Maya Berg now ends on \d+ \w+( \d+)?$/).waitFor();
  await checkPage(physician, "notices of another end");
  await physician.context.close();
});

test("a change leaves the row, the focus and the words of a search where they are", async () => {
  const maya = await patient("still@example.org", Array.from({ length: 9 }, (_, number) => [`Letter ${number + 1}`, "visit-notes"]));
  await maya.json("share", "--category", "visit-notes", "--with", ito.email);
  const someone = await page(widths.wide, maya);
  const { page: at } = someone;
  await go(someone, `${server.url}/sharing?by=record`);
  await at.getByRole("searchbox", { name: "Search your records" }).fill("letter 4");
  await at.getByText("1 record found").waitFor();
  const stop = at.getByRole("button", { name: `Stop sharing visit notes with ${ito.name}` });
  await stop.focus();
  await maya.json("share", "--record", maya.ids["Letter 4"], "--with", vogt.email);
  await at.getByText(vogt.name, { exact: true }).waitFor();
  assert.ok(await stop.evaluate((button) => button === document.activeElement), "the button that had the focus still has it");
  assert.equal(await at.getByRole("searchbox", { name: "Search your records" }).inputValue(), "letter 4");
  assertQuiet(someone, "a change");
  await someone.context.close();
});

test("the six words are compared where somebody stands who can see something", async () => {
  const maya = await patient("compared@example.org", [["Letter", "visit-notes"]]);
  for (const { email } of [ito, vogt]) await maya.json("share", "--record", maya.ids.Letter, "--with", email);
  const { phrase } = await team[ito.name].json("safety-phrase");
  const someone = await page(widths.phone, maya);
  const { page: at } = someone;
  await go(someone, `${server.url}/sharing`);
  const compare = at.getByRole("button", { name: `Compare the six words of ${ito.name}` });
  const question = at.getByRole("dialog", { name: `Is this really ${ito.name}?` });
  await compare.click();
  const words = question.getByRole("list", { name: "Safety phrase" }).locator("li > span:last-child");
  await words.first().waitFor();
  assert.equal((await words.allTextContents()).join(" "), phrase, "they are the words that the other one sees");
  await checkPage(someone, "comparing the six words");
  await question.getByRole("button", { name: "Not now" }).click();
  await question.waitFor({ state: "hidden" });
  assert.ok(await compare.evaluate((button) => button === document.activeElement), "whoever leaves it is back where they were");
  assert.equal(await at.getByText("six words not compared").count(), 2);
  await compare.click();
  await question.getByRole("button", { name: "The six words are the same" }).click();
  await at.getByRole("status").getByText(`You compared the six words of ${ito.name}.`).waitFor();
  await at.getByText("verified in person").waitFor();
  await compare.waitFor({ state: "detached" });
  await focused(at, ito.name);
  assert.equal(await at.getByText("six words not compared").count(), 1, "of the other one nothing is known");
  await checkPage(someone, "sharing with somebody who was compared");
  await go(someone, `${server.url}/sharing?by=record`);
  await at.getByText("verified in person").waitFor();
  await someone.context.close();
});

test("whoever leaves the question hears all the same that stopping failed", async () => {
  const maya = await patient("left@example.org", [["Letter", "visit-notes"]]);
  await maya.json("share", "--record", maya.ids.Letter, "--with", ito.email);
  const someone = await page(widths.phone, maya);
  const { page: at, context } = someone;
  await go(someone, `${server.url}/sharing`);
  const log = /\/api\/v1\/vaults\/[^/]+\/log$/;
  const held = [];
  await at.getByRole("button", { name: new RegExp(`^Stop .*${ito.name}`) }).click();
  const question = at.getByRole("dialog");
  await context.route(log, (route) => (route.request().method() === "POST" ? void held.push(route) : route.continue()));
  await question.getByRole("button", { name: "Stop sharing" }).click();
  await until(() => held.length > 0, "the stop is on its way");
  await at.keyboard.press("Escape");
  await question.waitFor({ state: "hidden" });
  await at.getByRole("link", { name: "Records" }).first().click();
  await heading(at, "Records");
  // `api-error` of the kind `internal`, in CBOR.
  const refused = { status: 500, body: Buffer.from([0x82, 0x08, 0x80]) };
  await context.route(log, (route) => (route.request().method() === "POST" ? route.fulfill(refused) : route.continue()));
  for (const route of held.splice(0)) await route.fulfill(refused);
  await at.getByRole("status").getByText(`Stopping what ${ito.name} can see did not work.`).waitFor();
  await checkPage(someone, "a stop that failed out of sight");
  await context.unroute(log);
  await go(someone, `${server.url}/sharing`);
  await at.getByText("One person can see something.").waitFor();
  await someone.context.close();
});

test("ends are folded to three", async () => {
  const maya = await patient("ended@example.org", [["Letter", "visit-notes"]]);
  for (const kind of ["imaging", "laboratory", "visit-notes", "procedures", "other"]) {
    const { id } = await maya.json("share", "--category", kind, "--with", ito.email);
    await maya.json("revoke", id);
  }
  const someone = await page(widths.phone, maya);
  const { page: at } = someone;
  await go(someone, `${server.url}/sharing`);
  await at.getByText("Nobody else can see your records").waitFor();
  const ended = at.getByRole("heading", { name: new RegExp(`^Ended today: .*, with ${ito.name}$`) });
  await ended.first().waitFor();
  assert.equal(await ended.count(), 3);
  await checkPage(someone, "shares that have ended");
  await at.getByRole("button", { name: "Show 2 more" }).click();
  await at.waitForFunction(() => document.querySelectorAll(".card.sunken").length === 5);
  await someone.context.close();
});

test("nothing is claimed before it is known, and parts that fail say so and can be tried again", async () => {
  const maya = await patient("unknown@example.org", [["Letter", "visit-notes"]]);
  await maya.json("share", "--record", maya.ids.Letter, "--with", ito.email);
  const someone = await page(widths.phone, maya);
  const { page: at, context } = someone;
  // Who people are is asked of the server: what is shared with them, and what they did, is not known without.
  const people = "**/api/v1/people/**";
  const held = [];
  await context.route(people, (route) => held.push(route));
  await go(someone, `${server.url}/records/${maya.ids.Letter}`);
  await heading(at, "Letter");
  await at.getByText("Getting who can see it").waitFor({ state: "attached" });
  await at.getByText("Checking the history on this device").waitFor({ state: "attached" });
  for (const claim of ["Only you", "Nobody but you"]) assert.equal(await at.getByText(claim).count(), 0, claim);
  await context.route(people, (route) => route.abort());
  await Promise.all(held.splice(0).map((route) => route.abort()));
  // One server that is away breaks both parts, and is said once.
  await at.getByRole("alert").getByRole("button", { name: "Try again" }).waitFor();
  await at.getByText("This is not known just now.").waitFor();
  for (const claim of ["Only you", "Nobody but you"]) assert.equal(await at.getByText(claim).count(), 0, claim);
  await checkPage(someone, "a record of which little is known");

  // Home shows the records all the same, and waits for nothing.
  await go(someone, `${server.url}/home`);
  await at.getByRole("link", { name: "Letter" }).waitFor();
  await at.getByRole("alert").waitFor();
  await at.waitForFunction(() => !document.querySelector(".skeleton"));
  await checkPage(someone, "home without shares");
  await go(someone, `${server.url}/sharing`);
  await at.getByRole("alert").waitFor();
  assert.equal(await at.getByText("Nobody else can see your records").count(), 0);
  await checkPage(someone, "sharing that cannot be read");
  // What the page asks by itself from here on waits too: the button is there until it was pressed.
  let isHeld = true;
  await context.route(people, (route) => (isHeld ? void held.push(route) : route.continue()));
  await at.getByRole("button", { name: "Try again" }).click();
  await until(() => held.length > 0, "the page asks once more");
  isHeld = false;
  for (const route of held.splice(0)) await route.continue();
  await at.getByText("One person can see something.").waitFor();
  await at.getByRole("alert").waitFor({ state: "detached" });
  await someone.context.close();
});
