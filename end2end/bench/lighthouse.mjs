// Lighthouse, on its mobile profile: the landing page, sign-in, and the list of records of somebody who is unlocked.
// Each three times, each time in a browser of its own as Lighthouse's own command would; what counts is the one in the
// middle.
//   node lighthouse.mjs URL EMAIL PASSWORD
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import lighthouse from "lighthouse";
import { chromium } from "playwright-core";
import { executablePath } from "../support/browser.mjs";
import { freePort } from "../support/server.mjs";
import { row, table } from "./report.mjs";

const [url, email, password] = process.argv.slice(2);
const TIMES = 3;
const categories = ["performance", "accessibility", "best-practices"];
const score = ({ score }) => (score === null ? "?" : String(Math.round(score * 100)));

/** What Lighthouse says of a page in a new browser, after `prepare`. */
async function look(path, prepare) {
  const profile = await mkdtemp(join(tmpdir(), "healthbridge-lighthouse-"));
  const port = await freePort();
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: executablePath(),
    args: ["--no-sandbox", "--disable-gpu", `--remote-debugging-port=${port}`],
  });
  try {
    await prepare?.(browser);
    const { lhr } = await lighthouse(`${url}${path}`, { port, onlyCategories: categories, disableStorageReset: Boolean(prepare), logLevel: "error" });
    return lhr;
  } finally {
    await browser.close();
    await rm(profile, { recursive: true, force: true });
  }
}

async function measure(name, path, prepare) {
  const looks = [];
  for (let time = 0; time < TIMES; time++) looks.push(await look(path, prepare));
  looks.sort((a, b) => a.categories.performance.score - b.categories.performance.score);
  const { audits, categories: found } = looks[Math.floor(TIMES / 2)];
  const shown = ["first-contentful-paint", "largest-contentful-paint", "total-blocking-time", "cumulative-layout-shift", "total-byte-weight"];
  const all = looks.map((look) => score(look.categories.performance)).join(", ");
  row(name, `${score(found.performance)} (of ${all})`, score(found.accessibility), score(found["best-practices"]), ...shown.map((audit) => audits[audit].displayValue.replace("Total size was ", "")));
  const failed = categories.flatMap((category) => found[category].auditRefs.map(({ id }) => audits[id]).filter((audit) => audit.score !== null && audit.score < 0.9).map((audit) => `${audit.id} ${audit.displayValue ?? ""}`));
  if (failed.length) console.error(`${name}: ${failed.join("; ")}`);
}

/** Signs in. The session and what the device keeps stay; what browsers keep of the site goes, as for the other pages. */
async function signIn(browser) {
  const page = await browser.newPage();
  await page.goto(`${url}/sign-in`);
  await page.getByLabel("E-mail", { exact: true }).fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("heading", { level: 1, name: /Somebody/ }).waitFor();
  const session = await browser.newCDPSession(page);
  await session.send("Network.clearBrowserCache");
  await page.close();
}

table("Lighthouse, mobile profile", "page", "performance", "accessibility", "best practices", "first paint", "largest paint", "blocked", "shift", "bytes");
await measure("landing", "/");
await measure("sign-in", "/sign-in");
await measure("records", "/records", signIn);
