// The people whom a server lies to, what they do, and what they are told.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { person, startBrowser, widths } from "./browser.mjs";
import { commandLine, password } from "./command.mjs";
import { isEmpty, startLiar } from "./liar.mjs";
import { checkPage, heading, signIn, until } from "./people.mjs";
import { startServer } from "./server.mjs";

/** What is asked of a server. */
export const READ_LOG = /^GET \S+\/log\?after=/;
export const APPEND = /^POST \S+\/log$/;
export const SESSION = /^GET \/api\/v1\/session$/;
export const SIGN_IN = /^POST \/api\/v1\/signin\/finish$/;
export const FIND = /^POST \/api\/v1\/people\/find$/;
export const PERSON = /^GET \/api\/v1\/people\/[0-9a-f]{32}$/;
export const CHUNK = /^GET \S+\/chunks\/0$/;

/**
 * What is advised where the alarm stands above every page, where something failed and none stands above, where nothing else
 * is shown there, and in all of them.
 */
export const ABOVE = "Look closely at what you see here, and do not rely on it. Tell the people who run this server, and the people you share with.";
export const BESIDE = "Do not rely on what this page shows. Tell the people who run this server.";
export const ALONE = "So nothing is shown here. Tell the people who run this server.";
export const ANYWHERE = "Tell the people who run this server";
/** What something that failed says below the alarm, which alone says why. */
const SAID_ABOVE = "The warning at the top of this page says why.";

/** A liar before a server, and a browser. Everybody's end comes with `endPeople`. */
export async function startLying() {
  const liar = await startLiar();
  const server = await startServer({ environment: { HEALTHBRIDGE_PUBLIC_URL: liar.url, HEALTHBRIDGE_SIGN_UPS_PER_HOUR: "1000" } });
  liar.lead(Number(new URL(server.url).port));
  const browser = await startBrowser();
  const work = await mkdtemp(join(tmpdir(), "healthbridge-lying-"));
  let people = 0;
  const ends = [];

  /** Somebody's command line asks the honest server itself: it is the other device. */
  async function signUp(name, ...as) {
    const someone = await commandLine(server.url);
    ends.push(someone.end);
    const email = `person.${++people}@example.org`;
    await someone.json("signup", "--email", email, "--name", name, "--as", ...as);
    return { ...someone, name, email };
  }

  async function newDevice() {
    const someone = await person(browser, widths.wide);
    ends.push(() => someone.context.close());
    return someone;
  }

  return {
    liar,
    newDevice,
    physician: (name) => signUp(name, "provider", "--specialty", "Cardiology"),
    /** A patient with records. */
    async patient(...titles) {
      const maya = await signUp("Maya Berg", "patient");
      const add = async (title) => {
        const file = join(work, `${title}.txt`);
        await writeFile(file, words(title));
        const [{ id }] = await maya.json("upload", file, "--again", "--title", title, "--category", "visit-notes", "--date", "2025-11-12");
        return id;
      };
      const ids = {};
      for (const title of titles) ids[title] = await add(title);
      return { ...maya, ids, add };
    },
    /** A patient's browser, as long as the liar is honest: it has read all of the history. */
    async device(maya) {
      const someone = await newDevice();
      await signIn(someone, liar.url, { email: maya.email, password });
      await heading(someone.page, /Maya/);
      await link(someone.page, "Letter").waitFor();
      await until(() => isEmpty(liar.newest(READ_LOG).body), "the history was read to its end");
      return someone;
    },
    /** What was written since, into any log, and be it in vain. */
    writing() {
      const before = liar.heard(APPEND).length;
      return () => liar.heard(APPEND).slice(before).map(({ line }) => line);
    },
    async endPeople() {
      liar.beHonest();
      for (const end of ends.splice(0)) await end();
    },
    async stop() {
      await browser.close();
      await liar.stop();
      await server.stop();
      await rm(work, { recursive: true, force: true });
    },
  };
}

/** What is in a record. All have the same length, and so have their sealed files. */
export const words = (title) => `What is written in the ${title}`.padEnd(60, ".");

export const link = (page, name) => page.getByRole("main").getByRole("link", { name });

/** Waits until the person is told, word for word, in this place, and nowhere else on the page. */
export async function told(someone, happened, next = ABOVE) {
  const alert = someone.page.getByRole("alert").filter({ hasText: happened }).filter({ hasText: next }).first();
  await alert.waitFor();
  assert.equal(await alert.locator("p.name").innerText(), happened);
  await checkPage(someone, happened);
  assert.ok(await alert.isVisible(), "it stays until it was read");
  const all = await someone.page.locator("body").innerText();
  assert.equal(all.split(happened).length - 1, 1, `it is said once: ${happened}`);
}

/** Waits until something says that it failed, and leads to the alarm above, which alone says what happened. */
export async function toldBelow(someone, happened) {
  await someone.page.getByRole("alert").filter({ hasText: SAID_ABOVE }).first().waitFor();
  await told(someone, happened);
}

/** Fails where the page says any of this. */
export async function saysNot(page, ...claims) {
  const all = await page.locator("body").innerText();
  assert.deepEqual(claims.filter((claim) => all.includes(claim)), []);
}

/** Fails on what a page claims that has read nothing it can believe, once it shows what it is going to show. */
export async function claimsNothing(page, ...claims) {
  await page.waitForFunction(() => !document.querySelector("main .skeleton"));
  await saysNot(page, "There is no such vault here", ...claims);
}

/** Looks for somebody to share with. */
export async function find(page, email) {
  await page.getByLabel("E-mail address of the doctor or care team").fill(email);
  await page.getByRole("button", { name: "Find", exact: true }).click();
}

/** Goes through the rest of a share, which is stopped at its end. */
export async function shareInVain(page, what) {
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByText("What do you share?").waitFor();
  await saysNot(page, "Every record in your vault");
  if (what) await page.getByText(what, { exact: true }).click();
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByText("How long may it be seen?").waitFor();
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByRole("main").getByRole("button", { name: "Share", exact: true }).click();
  await page.getByText("Nothing was shared, and what you chose is still here.").waitFor();
}
