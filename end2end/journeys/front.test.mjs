// What everybody may read, without a vault; and a vault that takes long to open.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertAccessible, person, startBrowser, widths } from "../support/browser.mjs";
import { commandLine, password } from "../support/command.mjs";
import { alive, assertQuiet, checkPage, follow, heading, loseVault, signIn, turn, until } from "../support/people.mjs";
import { startServer } from "../support/server.mjs";

const patient = { email: "maya@example.org", password };

let browser;
let server;
let maya;
before(async () => {
  server = await startServer();
  browser = await startBrowser({ withWindows: true });
  maya = await commandLine(server.url);
  await maya.json("signup", "--email", patient.email, "--name", "Maya Berg", "--as", "patient");
});
after(async () => {
  await browser?.close();
  await maya?.end();
  await server?.stop();
});

const pages = [
  ["/", "Your health records, in your hands"],
  ["/help", "Help"],
  ["/security", "How your records are protected"],
  ["/nowhere", "No such page"],
  ["/style", "Every part, in every state"],
];

for (const [width, viewport] of Object.entries(widths)) {
  test(`what everybody may read is for everybody (${width})`, async () => {
    const someone = await person(browser, viewport);
    const { page } = someone;
    for (const [path, name] of pages) {
      await page.goto(`${server.url}${path}`);
      await heading(page, name);
      for (const colorScheme of ["light", "dark"]) {
        await turn(page, colorScheme);
        await checkPage(someone, `${path}, ${colorScheme}`);
      }
      const [shown, all] = await page.evaluate(() => [document.documentElement.clientWidth, document.documentElement.scrollWidth]);
      assert.ok(all <= shown, `${path} is ${all - shown} pixels too broad`);
    }
    await page.getByRole("table").getByText("recovery kit, safety phrase").waitFor();
    assertQuiet(someone, "what everybody may read");
    await someone.context.close();
  });
}

test("whoever only reads loads no vault, and whoever begins to type does", async () => {
  const someone = await person(browser, widths.phone, { capture: true });
  const { page } = someone;
  await page.goto(`${server.url}/`, { waitUntil: "networkidle" });
  // Links that are followed without leaving the document: it is alive.
  await page.evaluate(() => (globalThis.mark = "the same document"));
  await page.getByRole("link", { name: "Help" }).click();
  await heading(page, "Help");
  await page.getByRole("main").click({ position: { x: 5, y: 5 } });
  await page.getByRole("link", { name: "How it is protected" }).click();
  await heading(page, "How your records are protected");
  await page.goBack();
  await page.goBack();
  await page.getByRole("link", { name: "Sign in" }).click();
  await alive(page);
  await page.waitForLoadState("networkidle");
  assert.equal(await page.evaluate(() => globalThis.mark), "the same document");
  assert.equal(page.workers().length, 0);
  assert.ok(!someone.requests.some((request) => request.includes("/worker.js") || request.includes("/api/")), "nothing was asked");
  await page.getByLabel("E-mail", { exact: true }).click();
  await until(() => page.workers().length === 1, "the vault's worker starts");
  assertQuiet(someone, "the sign-in");
  await someone.context.close();
});

test("a vault that cannot be loaded at first is loaded later", async () => {
  const someone = await person(browser, widths.phone);
  const { context, page } = someone;
  let refused = 0;
  await context.route("**/worker.js", (route) => {
    refused += 1;
    return route.abort();
  });
  await page.goto(`${server.url}/sign-in`);
  await alive(page);
  await page.getByLabel("E-mail", { exact: true }).fill(patient.email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  // It goes on by itself, but somebody who waits at a form is told.
  await page.getByText("HealthBridge cannot be reached just now.").waitFor();
  assert.ok(refused > 1, "it is asked for again");
  await context.unroute("**/worker.js");
  await page.getByRole("button", { name: "Sign in" }).click();
  await heading(page, /Maya/);
  assertQuiet(someone, "a vault that came late");
  await context.close();
});

test("a vault that does not open for a while says so, and opens when it can", async () => {
  const someone = await person(browser, widths.phone);
  const { context, page } = someone;
  await signIn(someone, server.url, patient);
  await heading(page, /Maya/);
  const held = [];
  await context.route("**/api/v1/**", (route) => void held.push(route));
  await page.goto(`${server.url}/records`);
  await page.getByText("Your vault is not open yet.").waitFor();
  await checkPage(someone, "a vault that is not open yet");
  await context.unroute("**/api/v1/**");
  // Those of the page before are gone with it.
  for (const route of held) await route.abort().catch(() => {});
  await page.getByRole("searchbox", { name: "Search your records" }).or(page.getByRole("link", { name: "Add records" })).first().waitFor();
  assert.equal(await page.getByText("Your vault is not open yet.").count(), 0);
  assertQuiet(someone, "a vault that opened late");
  await context.close();
});

test("a page that lost its vault says so, and waits for nothing", async () => {
  const someone = await person(browser, widths.phone);
  const { context, page, errors } = someone;
  await signIn(someone, server.url, patient);
  await heading(page, /Maya/);
  await loseVault(someone, `${server.url}/records`);
  assert.equal(await page.getByText("Opening your vault.").count(), 0);
  assert.ok(errors.every((error) => error.includes("broken by the test")), `the console: ${errors}`);
  await assertAccessible(page, "a vault that is lost");
  await page.getByText("Your vault is closed on this page.").waitFor();
  await follow(page, "Activity");
  await heading(page, "Activity");
  await page.getByText("Your vault is closed on this page.").waitFor();
  assert.equal(await page.getByText("Opening your vault.").count(), 0, "nothing that will not come is waited for");
  await assertAccessible(page, "a vault that is lost, on another page");
  // What helps is offered once.
  await context.unroute("**/api/v1/**");
  await page.getByRole("button", { name: "Load this page again" }).click();
  await page.getByText("Your vault is closed on this page.").waitFor({ state: "detached" });
  await page.getByRole("button", { name: /Unlocked here/ }).waitFor();
  await heading(page, "Activity");
  await context.close();
});
