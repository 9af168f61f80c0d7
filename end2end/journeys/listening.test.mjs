// Being told over a connection that breaks, by pages that nobody looks at, and what is chosen when nothing can be saved.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { frame, person, startBrowser, widths } from "../support/browser.mjs";
import { commandLine, password } from "../support/command.mjs";
import { assertQuiet, checkPage, go, heading, signUp, until } from "../support/people.mjs";
import { startServer } from "../support/server.mjs";
import { startWire } from "../support/wire.mjs";

let browser;
let wire;
let server;
before(async () => {
  browser = await startBrowser();
  wire = await startWire();
  server = await startServer({ environment: { HEALTHBRIDGE_PUBLIC_URL: wire.url } });
  wire.lead(Number(new URL(server.url).port));
});
after(async () => {
  await browser?.close();
  await wire?.stop();
  await server?.stop();
});

let maya;
let email;
let devices = [];
let people = 0;
beforeEach(async () => {
  wire.mend();
  people += 1;
  email = `maya${people}@example.org`;
  maya = await person(browser, widths.phone);
  await signUp(maya, wire.url, { name: "Maya Sørensen", email, password });
  await bell(0).waitFor();
});
afterEach(async () => {
  await maya.context.close();
  await Promise.all(devices.map((device) => device.end()));
  devices = [];
});

function bell(count) {
  return maya.page.getByRole("link", { name: count ? `Notices, ${count} new` : "Notices, none new", exact: true });
}

/** Another device signs in, which concerns whoever is signed in here. */
async function signInElsewhere() {
  const device = await commandLine(server.url);
  devices.push(device);
  await device.json("login", "--email", email);
}

/** Puts the page behind others, or in front again. */
async function hide(page, hidden) {
  await page.evaluate((hidden) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
  }, hidden);
}

test("a server that was just away is listened to again", async () => {
  wire.refuseOnce("/api/v1/events");
  wire.cut();
  wire.mend();
  await until(wire.hasRefused, "the page was refused once");
  await signInElsewhere();
  await bell(1).waitFor();
  assertQuiet(maya, "a refusal");
});

test("a phone that slept listens anew when it wakes", async () => {
  const { page } = maya;
  // The connection is there and nothing comes over it any more: neither side is told.
  assert.equal(wire.freeze("GET /api/v1/events"), 1);
  await signInElsewhere();
  const anew = maya.context.waitForEvent("request", (request) => request.url().endsWith("/api/v1/events"));
  await page.evaluate(() => window.dispatchEvent(new Event("online")));
  await anew;
  await bell(1).waitFor();
  assertQuiet(maya, "a phone that wakes");
});

test("a notice is new until somebody looks at the page", async () => {
  const { page } = maya;
  await go(maya, `${wire.url}/notices`);
  await page.getByText("Nothing to tell").waitFor();
  await hide(page, true);
  await signInElsewhere();
  await bell(1).waitFor();
  await page.getByText(/^New sign-in to your account/).waitFor();
  await signInElsewhere();
  await bell(2).waitFor();
  await hide(page, false);
  await bell(0).waitFor();
  assert.equal(await page.getByText("new", { exact: true }).count(), 2, "they stay marked until the page is left");
  assertQuiet(maya, "a page behind others");
});

test("an answer that was under way when the vault was locked tells nobody anything", async () => {
  const { page } = maya;
  let held;
  await page.route("**/api/pages/notices", (route) => {
    if (held) return route.continue();
    held = route;
  });
  await signInElsewhere();
  await until(() => held, "the page asks");
  await page.getByRole("button", { name: /Unlocked here/ }).click();
  await heading(page, "Locked");
  const arrived = page.waitForResponse("**/api/pages/notices");
  await held.continue();
  await (await arrived).finished();
  await frame(page);
  assert.ok(await bell(0).isVisible(), "the bell says nothing");
  assertQuiet(maya, "a late answer");
});

test("a choice that cannot be saved goes back, is said once, and can be made again", async () => {
  const { page } = maya;
  await go(maya, `${wire.url}/notices`);
  const mail = page.getByRole("group", { name: "Your records are opened" }).getByRole("switch", { name: "By e-mail" });
  await mail.waitFor();
  let tries = 0;
  page.on("request", (request) => {
    if (request.url().endsWith("/api/pages/choose-notices")) tries += 1;
  });
  wire.cut();
  await mail.click();
  await page.getByText("What you chose was not saved").waitFor();
  await frame(page);
  assert.ok(await mail.isChecked(), "the switch is where it was");
  assert.equal(tries, 1);
  await checkPage(maya, "a choice that was not saved");
  wire.mend();
  const answered = page.waitForResponse((response) => response.url().endsWith("/api/pages/choose-notices"));
  // The list may say for itself that the server was away.
  await page.locator("#choices").getByRole("button", { name: "Try again" }).click();
  assert.equal((await answered).status(), 200);
  await page.getByText("What you chose was not saved").waitFor({ state: "detached" });
  assert.ok(!(await mail.isChecked()));
  assert.equal(tries, 2, "nothing was sent but what somebody asked for");
  await go(maya, `${wire.url}/notices`);
  await mail.waitFor();
  assert.ok(!(await mail.isChecked()), "it is kept");
  assertQuiet(maya, "a choice without a connection");
});

test("choices are saved one after another, in the order in which they were made", async () => {
  const { page } = maya;
  await go(maya, `${wire.url}/notices`);
  const opened = page.getByRole("group", { name: "Your records are opened" });
  await opened.waitFor();
  const sent = [];
  let held;
  await page.route("**/api/pages/choose-notices", (route) => {
    sent.push(new URLSearchParams(route.request().postData()));
    if (held) return route.continue();
    held = route;
  });
  await opened.getByRole("switch", { name: "Here" }).click();
  await until(() => held, "the first is on its way");
  await opened.getByRole("switch", { name: "By e-mail" }).click();
  await frame(page);
  assert.equal(sent.length, 1, "the second waits");
  await held.continue();
  await until(() => sent.length === 2, "the second follows");
  const said = sent.map((body) => [body.get("choice[in_app]"), body.get("choice[by_mail]")]);
  assert.deepEqual(said, [["false", "true"], ["false", "false"]]);
  assertQuiet(maya, "two choices");
});
