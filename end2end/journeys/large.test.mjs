// Many records: the list draws only what is in sight, keeps its place and its words, and a device that was here before
// reads only what is new. A large copy goes through a file.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { assertAccessible, assertAccessibleAsItStands, frame, person, privateFiles, startBrowser, widths } from "../support/browser.mjs";
import { commandLine, password } from "../support/command.mjs";
import { assertQuiet, go, heading, signIn, until } from "../support/people.mjs";
import { startServer } from "../support/server.mjs";

const RECORDS = 150;
const email = "maya@example.org";

let browser;
let server;
let maya;
let work;
before(async () => {
  server = await startServer();
  browser = await startBrowser();
  maya = await commandLine(server.url);
  work = await mkdtemp(join(tmpdir(), "healthbridge-large-"));
  await mkdir(join(work, "letters"));
  for (let number = 1; number <= RECORDS; number++) {
    const date = `2026-${String((number % 9) + 1).padStart(2, "0")}-${String((number % 28) + 1).padStart(2, "0")}`;
    await writeFile(join(work, "letters", `${date} Letter ${number}.txt`), `This is letter ${number}.`);
  }
  await maya.json("signup", "--email", email, "--name", "Maya Berg", "--as", "patient");
  await maya.json("upload", join(work, "letters"));
});
after(async () => {
  await browser?.close();
  await maya?.end();
  await server?.stop();
  if (work) await rm(work, { recursive: true, force: true });
});

/** How many records there are, whatever other tests have added. */
const count = async () => (await maya.json("list")).length;

/** The rows that are drawn: their number, their place in their month, and where they lie. */
const rows = (page) =>
  page.locator(".long li").evaluateAll((items) =>
    items.map((item) => {
      const { top, bottom, height } = item.getBoundingClientRect();
      const position = Number(item.getAttribute("aria-posinset"));
      return { row: Number(item.dataset.row), position, of: Number(item.getAttribute("aria-setsize")), top, bottom, height };
    }),
  );

/** Somebody at the list of records, and how many are in it. */
async function atList(viewport, options) {
  const someone = await person(browser, viewport, options);
  const records = await count();
  await signIn(someone, server.url, { email, password });
  await heading(someone.page, /Maya/);
  await go(someone, `${server.url}/records`);
  await someone.page.getByText(`${records} records. Your search`).waitFor();
  await frame(someone.page);
  return { someone, records };
}

/** The names of copies on their way. */
const copies = (page) => privateFiles(page, "copies");

for (const [width, viewport] of Object.entries(widths)) {
  test(`a long list scrolls from end to end (${width})`, async () => {
    const { someone, records } = await atList(viewport);
    const { page } = someone;
    await assertAccessible(page, `a long list (${width})`);

    const height = await page.locator(".long").evaluate((list) => list.getBoundingClientRect().height);
    const met = new Map();
    for (let at = 0; ; at += viewport.height / 2) {
      await page.evaluate((at) => scrollTo(0, at), at);
      await frame(page);
      const drawn = await rows(page);
      assert.ok(drawn.length < 60, `${drawn.length} rows are drawn`);
      for (const [before, after] of drawn.slice(1).map((row, index) => [drawn[index], row])) {
        assert.ok(after.row > before.row && after.top >= before.bottom - 1, "rows follow each other and never overlap");
      }
      const covered = await page.evaluate(() => {
        const { left, top, bottom } = document.querySelector(".long").getBoundingClientRect();
        const sides = [Math.max(top, 0) + 2, Math.min(bottom, innerHeight) - 2];
        const inner = (y) => document.elementsFromPoint(left + 20, y).some((element) => element.closest(".long li, .long .month"));
        return sides[1] - sides[0] < 10 || sides.every(inner);
      });
      assert.ok(covered, `nothing is missing in sight at ${at}`);
      for (const row of drawn) met.set(row.row, row);
      if (await page.evaluate(() => scrollY + innerHeight >= document.documentElement.scrollHeight - 1)) break;
    }
    assert.equal(met.size, records, "every record was met");
    const months = [...met.values()].filter((row) => row.position === 1);
    assert.equal(months.reduce((sum, row) => sum + row.of, 0), records, "every month says how many it has");
    const headings = await page.getByRole("heading", { level: 2 }).allTextContents();
    const said = headings.map((heading) => Number(heading.match(/, (\d+) records?$/)?.[1]));
    assert.deepEqual(said, months.map((row) => row.of), "every month has its heading, wherever the page is scrolled to");
    assert.equal(await page.locator(".long").evaluate((list) => list.getBoundingClientRect().height), height, "nothing moved");
    assert.equal(await page.locator(".long [style*='top'], .long [style*='height']").count(), 0);

    await page.evaluate(() => scrollTo(0, 0));
    await frame(page);
    await page.locator(".long li a").first().focus();
    const named = [];
    for (let presses = 0; presses < 40; presses++) {
      named.push(await page.evaluate(() => Number(document.activeElement.closest("li")?.dataset.row)));
      await page.keyboard.press("Tab");
      await frame(page);
    }
    assert.deepEqual(named, [...named.keys()], "Tab goes from row to row, past those that were drawn at first");
    await page.evaluate(() => scrollTo(0, 0));
    await frame(page);
    const focused = () => page.evaluate(() => Number(document.activeElement.closest("li")?.dataset.row));
    assert.equal(await focused(), 40, "the focus stays");
    await page.keyboard.press("Tab");
    await frame(page);
    assert.equal(await focused(), 41, "Tab goes on from where the focus was, though that was out of sight");

    const search = page.getByRole("searchbox", { name: "Search your records" });
    await search.fill("letter 14");
    await page.getByText(/^\d+ records found/).waitFor();
    assert.equal(await page.locator(".long").count(), 0, "few records are drawn whole");
    await search.fill("");
    await page.getByText(`${records} records. Your search`).waitFor();
    await page.locator(".long li").first().waitFor();
    assertQuiet(someone, `a long list (${width})`);
    await someone.context.close();
  });
}

test("under a finger a long list scrolls between the bars of the page, and none lies over it", async () => {
  const { someone, records } = await atList(widths.phone, { touch: true });
  const { page } = someone;
  const met = new Set();
  for (let screens = 0; ; screens++) {
    for (const { row } of await rows(page)) met.add(row);
    // What a finger would meet all along the rows' beginnings is rows, from the bar above to the bar below.
    const strangers = await page.evaluate(() => {
      const [inner, list] = [document.querySelector("main"), document.querySelector(".long")].map((element) => element.getBoundingClientRect());
      const found = [];
      for (let y = Math.max(inner.top, list.top) + 2; y < Math.min(inner.bottom, list.bottom) - 2; y += 8) {
        const met = document.elementFromPoint(list.left + 20, y);
        if (!met.closest(".long li, .long .month")) found.push(`${y}: ${met.outerHTML.slice(0, 80)}`);
      }
      return found;
    });
    assert.deepEqual(strangers, [], `after ${screens} screens`);
    if (screens < 3) await assertAccessibleAsItStands(page, `a long list under a finger, after ${screens} screens`);
    const end = await page.locator("main").evaluate((main) => {
      const before = main.scrollTop;
      main.scrollBy(0, main.clientHeight - 50);
      return main.scrollTop === before;
    });
    await frame(page);
    if (end) break;
  }
  assert.equal(met.size, records, "every record was met");
  assert.equal(await page.evaluate(() => scrollY), 0, "the window itself stays");
  assertQuiet(someone, "a long list under a finger");
  await someone.context.close();
});

test("under a finger the keys of a keyboard scroll the page, though nothing in it was touched", async () => {
  const { someone, records } = await atList(widths.phone, { touch: true });
  const { page } = someone;
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "BODY", "nothing has the focus");
  await page.keyboard.press("PageDown");
  await page.waitForFunction(() => document.querySelector("main").scrollTop > 200);
  await page.keyboard.press("End");
  await page.locator(`[data-row='${records - 1}']`).waitFor();
  await frame(page);
  // The browser takes no key while it is still moving the page.
  for (let tries = 0; tries < 50 && (await page.evaluate(() => document.querySelector("main").scrollTop)) > 0; tries++) {
    await page.keyboard.press("Home");
    await page.waitForTimeout(100);
  }
  await page.locator("[data-row='0']").waitFor();
  assert.equal(await page.evaluate(() => document.querySelector("main").scrollTop), 0, "at the beginning again");
  assertQuiet(someone, "a long list under a finger with a keyboard");
  await someone.context.close();
});

test("a record that comes or changes leaves every other row as it is, the one in use too", async () => {
  const { someone, records: before } = await atList(widths.wide);
  const { page } = someone;
  // A row far down, in another month than the newest.
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight / 2));
  await frame(page);
  const row = await page.evaluate(() => {
    const rows = [...document.querySelectorAll(".long li")];
    const middle = rows[Math.floor(rows.length / 2)];
    middle.querySelector("a").focus({ preventScroll: true });
    middle.marked = true;
    return Number(middle.dataset.row);
  });
  const now = () =>
    page.evaluate(() => {
      const row = document.activeElement.closest(".long li");
      return row && { number: Number(row.dataset.row), isMarked: row.marked === true };
    });
  await writeFile(join(work, "2026-10-05 Newest of all.txt"), "This came while the list was open.");
  const [{ id }] = await maya.json("upload", join(work, "2026-10-05 Newest of all.txt"));
  await page.getByText(`${before + 1} records. Your search`).waitFor();
  await frame(page);
  assert.deepEqual(await now(), { number: row + 1, isMarked: true }, "the row in use is the same, one further down");

  // Two changes within a minute, which is all that a time in minutes tells apart.
  await page.evaluate(() => scrollTo(0, 0));
  for (const title of ["Changed once", "Changed twice"]) {
    await maya.json("edit", id, "--title", title);
    await page.locator(".long").getByRole("link", { name: title, exact: true }).waitFor();
  }
  assert.deepEqual(await now(), { number: row + 1, isMarked: true });
  assertQuiet(someone, "a list that changes");
  await someone.context.close();
});

test("a large copy goes through a file, which does not stay", async (t) => {
  const content = randomBytes(40 << 20);
  await writeFile(join(work, "large.bin"), content);
  const ann = await commandLine(server.url);
  t.after(() => ann.end());
  await ann.json("signup", "--email", "ann@example.org", "--name", "Ann Berg", "--as", "patient");
  const [{ id }] = await ann.json("upload", join(work, "large.bin"));
  const someone = await person(browser, widths.wide);
  const { page } = someone;
  await signIn(someone, server.url, { email: "ann@example.org", password });
  await heading(page, /Ann/);
  await go(someone, `${server.url}/records/${id}`);
  const downloading = page.waitForEvent("download", { timeout: 60_000 });
  await page.getByRole("button", { name: "Save a copy" }).first().click();
  const saved = await readFile(await (await downloading).path());
  assert.ok(saved.equals(content), "the copy is the file");
  assert.equal((await copies(page)).length, 1);
  await page.getByRole("button", { name: /Lock now/ }).first().click();
  await until(async () => (await copies(page)).length === 0, "locking takes the copy away");
  assertQuiet(someone, "a large copy");
  await someone.context.close();
});

test("a copy that is still being made when the vault locks, or the session ends, leaves nothing behind", async () => {
  await writeFile(join(work, "large.bin"), randomBytes(40 << 20));
  const [{ id }] = await maya.json("upload", join(work, "large.bin"));
  const someone = await person(browser, widths.wide);
  const { context, page } = someone;
  await signIn(someone, server.url, { email, password });
  await heading(page, /Maya/);
  await go(someone, `${server.url}/records/${id}`);
  const save = page.getByRole("button", { name: "Save a copy" }).first();

  // The last chunk waits; the vault locks; then it comes.
  const held = [];
  let holds = true;
  await context.route(/\/chunks\/4$/, (route) => (holds ? held.push(route) : route.continue()));
  await save.click();
  await until(() => held.length > 0, "all but the last chunk have come");
  assert.equal((await copies(page)).length, 1);
  await page.getByRole("button", { name: /Lock now/ }).first().click();
  await heading(page, "Locked");
  holds = false;
  for (const route of held) await route.continue();
  await until(async () => (await copies(page)).length === 0, "what was being saved is given up");
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Unlock", exact: true }).click();

  // A copy that is whole goes with a session that has ended.
  const downloading = page.waitForEvent("download", { timeout: 60_000 });
  await save.click();
  await (await downloading).path();
  assert.equal((await copies(page)).length, 1);
  await context.clearCookies();
  await save.click();
  await heading(page, "Sign in");
  await until(async () => (await copies(page)).length === 0, "the end of the session takes the copy away");
  await context.close();
  await maya.json("delete", id);
});

test("a copy that took long to make is still there to be saved", async () => {
  const records = await count();
  const someone = await person(browser, widths.wide);
  const { page } = someone;
  await signIn(someone, server.url, { email, password });
  await heading(page, /Maya/);
  // Begun long ago, by its name, and written just now.
  await page.evaluate(async () => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("copies", { create: true });
    const writing = await (await folder.getFileHandle("1000-1", { create: true })).createWritable();
    await writing.write("a copy");
    await writing.close();
  });
  await go(someone, `${server.url}/records`);
  await page.getByText(`${records} records. Your search`).waitFor();
  assert.deepEqual(await copies(page), ["1000-1"], "the sweep at the start spares it");
  await page.getByRole("button", { name: /Lock now/ }).first().click();
  await until(async () => (await copies(page)).length === 0, "locking takes it away");
  await someone.context.close();
});

test("a device that was here before reads only what is new", async () => {
  const records = await count();
  const someone = await person(browser, widths.wide);
  const { page } = someone;
  const asked = [];
  page.context().on("request", (request) => {
    const after = request.url().match(/\/log\?after=(\d+)$/);
    if (after) asked.push(Number(after[1]));
  });
  await signIn(someone, server.url, { email, password });
  await heading(page, /Maya/);
  assert.equal(asked[0], 0, "the first time reads everything");
  asked.length = 0;
  await go(someone, `${server.url}/records`);
  await page.getByText(`${records} records. Your search`).waitFor();
  assert.ok(asked.length > 0 && asked.every((after) => after > RECORDS), `a reload asked from ${asked}`);

  await writeFile(join(work, "one more.txt"), "This is one more.");
  await maya.json("upload", join(work, "one more.txt"));
  await go(someone, `${server.url}/records`);
  await page.getByText(`${records + 1} records. Your search`).waitFor();

  const pages = () =>
    page.evaluate(
      () =>
        new Promise((done, failed) => {
          const opening = indexedDB.open("healthbridge");
          opening.onerror = failed;
          opening.onsuccess = () => {
            const counting = opening.result.transaction("logs").objectStore("logs").count();
            counting.onerror = failed;
            counting.onsuccess = () => {
              opening.result.close();
              done(counting.result);
            };
          };
        }),
    );
  assert.equal(await pages(), 1);
  await go(someone, `${server.url}/account`);
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await heading(page, "Sign in");
  await until(async () => (await pages()) === 0, "signing out takes it away");
  await someone.context.close();
});
