// Lighthouse, on its mobile profile: the landing page, sign-in, and the list of records of somebody who is unlocked.
//   node lighthouse.mjs URL EMAIL PASSWORD
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import lighthouse from "lighthouse";
import { chromium } from "playwright-core";
import { executablePath } from "../support/browser.mjs";

const [url, email, password] = process.argv.slice(2);
const socket = createServer().listen(0, "127.0.0.1");
await once(socket, "listening");
const { port } = socket.address();
socket.close();
await once(socket, "close");

const profile = await mkdtemp(join(tmpdir(), "healthbridge-lighthouse-"));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: executablePath(),
  args: ["--no-sandbox", "--disable-gpu", `--remote-debugging-port=${port}`],
});
const categories = ["performance", "accessibility", "best-practices"];
const score = (result) => (result.score === null ? "?" : String(Math.round(result.score * 100)));

async function measure(name, path, { disableStorageReset = false } = {}) {
  const { lhr } = await lighthouse(`${url}${path}`, { port, onlyCategories: categories, disableStorageReset, logLevel: "error" });
  const shown = ["first-contentful-paint", "largest-contentful-paint", "total-blocking-time", "cumulative-layout-shift", "total-byte-weight"];
  console.log(`| ${name} | ${categories.map((category) => score(lhr.categories[category])).join(" | ")} | ${shown.map((audit) => lhr.audits[audit].displayValue.replace("Total size was ", "")).join(" | ")} |`);
  const failed = categories.flatMap((category) => lhr.categories[category].auditRefs.map(({ id }) => lhr.audits[id]).filter((audit) => audit.score !== null && audit.score < 0.9).map((audit) => `${audit.id} ${audit.displayValue ?? ""}`));
  if (failed.length) console.error(`${name}: ${failed.join("; ")}`);
}

try {
  console.log("\n### Lighthouse, mobile profile\n");
  console.log("| page | performance | accessibility | best practices | first paint | largest paint | blocked | shift | bytes |");
  console.log("|---|---|---|---|---|---|---|---|---|");
  await measure("landing", "/");
  await measure("sign-in", "/sign-in");
  const page = await browser.newPage();
  await page.goto(`${url}/sign-in`);
  await page.getByLabel("E-mail", { exact: true }).fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("heading", { level: 1, name: /Somebody/ }).waitFor();
  // The session and what the device keeps stay, so that the page is the one of somebody who is signed in; what browsers
  // keep of the site goes, as for the other pages.
  const session = await browser.newCDPSession(page);
  await session.send("Network.clearBrowserCache");
  await page.close();
  await measure("records", "/records", { disableStorageReset: true });
} finally {
  await browser.close();
  await rm(profile, { recursive: true, force: true });
}
