// For whoever needs large letters: every page zoomed to twice and to four times its size, and with letters of twice
// their size in the browser's own settings.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { person, startBrowser, widths } from "../support/browser.mjs";
import { commandLine, password } from "../support/command.mjs";
import { alive, checkPage, go, heading, signIn } from "../support/people.mjs";
import { startServer } from "../support/server.mjs";

const email = "maya@example.org";

let browser;
let server;
let work;
const ends = [];
let record;
before(async () => {
  server = await startServer();
  browser = await startBrowser();
  work = await mkdtemp(join(tmpdir(), "healthbridge-zoom-"));
  await writeFile(join(work, "result.txt"), "Potassium 4.2 mmol/L");
  const [maya, ito] = await Promise.all([commandLine(server.url), commandLine(server.url)]);
  ends.push(maya, ito);
  await maya.json("signup", "--email", email, "--name", "Maya Berg", "--as", "patient");
  await ito.json("signup", "--email", "ito@example.org", "--name", "Dr Ito", "--as", "provider", "--specialty", "Cardiologist");
  const title = "Blood count and electrolytes before the operation";
  [{ id: record }] = await maya.json("upload", join(work, "result.txt"), "--title", title, "--category", "laboratory", "--date", "2025-11-12");
  await maya.json("share", "--record", record, "--with", "ito@example.org", "--until", "7d");
});
after(async () => {
  await browser?.close();
  for (const someone of ends) await someone.end();
  await server?.stop();
  if (work) await rm(work, { recursive: true, force: true });
});

/** What is broader than the window shows it, other than what is meant to be moved sideways. */
const tooBroad = (page) =>
  page.evaluate(() => {
    const scrolling = [document.documentElement, document.querySelector("main")].filter(({ clientWidth, scrollWidth }) => scrollWidth > clientWidth);
    if (scrolling.length === 0) return [];
    const shown = document.documentElement.clientWidth;
    const broad = [...document.querySelectorAll("body *")].filter((element) => element.getBoundingClientRect().right > shown + 1 && !element.closest(".scroll-x, .filters"));
    return [...scrolling.map(({ tagName, clientWidth, scrollWidth }) => `${tagName}: ${scrollWidth} in ${clientWidth}`), ...broad.map((element) => element.outerHTML.slice(0, 120))];
  });

/** Words that are cut off where their box ends. */
const cutOff = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll("main *, nav *, header *")]
      .filter((element) => {
        const { overflowX, overflowY } = getComputedStyle(element);
        const hides = [overflowX, overflowY].some((value) => value === "hidden" || value === "clip");
        const isCut = element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 1;
        const isForEars = (element) => element && (getComputedStyle(element).clipPath !== "none" || isForEars(element.parentElement));
        return hides && isCut && element.textContent.trim() && !isForEars(element);
      })
      .map((element) => element.outerHTML.slice(0, 120)),
  );

const open = [
  ["/", "Your health records, in your hands"],
  ["/sign-in", "Sign in"],
  ["/sign-up", "Sign up"],
  ["/forgot", /./],
  ["/help", "Help"],
  ["/security", "How your records are protected"],
  ["/style", "Every part, in every state"],
];
const inside = () => [
  ["/home", /Maya/],
  ["/records", "Records"],
  [`/records/${record}`, /Blood count/],
  [`/records/${record}/edit`, /./],
  ["/records/add", /Add/],
  ["/sharing", "Who can see what"],
  ["/sharing/new", "Share"],
  ["/activity", "Activity"],
  ["/notices", /./],
  ["/account", "Your account"],
  ["/account/password", /./],
];

const ways = [
  ["zoomed to twice its size", { width: 640, height: 400 }, 16],
  ["zoomed to four times its size", { width: 320, height: 256 }, 16],
  ["with letters of twice their size", widths.phone, 32],
  ["with letters of twice their size under a finger", widths.phone, 32, { touch: true }],
];
for (const [way, viewport, letters, options] of ways) {
  test(`every page can be read and used ${way}`, async () => {
    const someone = await person(browser, viewport, options);
    const { page } = someone;
    const session = await page.context().newCDPSession(page);
    await session.send("Page.setFontSizes", { fontSizes: { standard: letters, fixed: letters } });
    const look = async (path, name) => {
      await heading(page, name);
      assert.deepEqual(await tooBroad(page), [], `${path} ${way}`);
      assert.deepEqual(await cutOff(page), [], `${path} ${way}`);
      await checkPage(someone, `${path} ${way}`);
    };
    for (const [path, name] of open) {
      await page.goto(`${server.url}${path}`);
      if (path.startsWith("/sign")) await alive(page);
      await look(path, name);
    }
    await signIn(someone, server.url, { email, password });
    await heading(page, /Maya/);
    for (const [path, name] of inside()) {
      await go(someone, `${server.url}${path}`);
      await heading(page, name);
      await page.locator("main .skeleton").first().waitFor({ state: "detached" });
      await look(path, name);
    }
    await go(someone, `${server.url}/account`);
    await page.getByRole("button", { name: "Lock now", exact: true }).click();
    await look("locked", "Locked");
    await page.getByRole("button", { name: "Sign out", exact: true }).click();
    await heading(page, "Sign in");

    await signIn(someone, server.url, { email: "ito@example.org", password });
    await page.waitForURL("**/patients");
    await page.getByRole("main").getByRole("link", { name: "Maya Berg" }).waitFor();
    await look("/patients", "Patients");
    await page.getByRole("main").getByRole("link", { name: "Maya Berg" }).click();
    await page.getByRole("link", { name: /Blood count/ }).first().waitFor();
    await look("one patient", /Maya/);
    await someone.context.close();
  });
}
