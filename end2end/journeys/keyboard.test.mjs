// Without a mouse: signing up, adding a record, opening it and locking.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { person, startBrowser, widths } from "../support/browser.mjs";
import { png } from "../support/files.mjs";
import { tabTo } from "../support/keyboard.mjs";
import { alive, assertQuiet, drawn, go, heading, kept, passwords, pickCard, rated } from "../support/people.mjs";
import { startServer } from "../support/server.mjs";

let browser;
let server;
before(async () => {
  browser = await startBrowser();
  server = await startServer();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

test("everything works with the keyboard alone", async () => {
  const someone = await person(browser, widths.wide);
  const { page } = someone;
  const press = (key) => page.keyboard.press(key);
  await page.goto(`${server.url}/`);
  await tabTo(page, "link", "Sign up");
  await press("Enter");
  await heading(page, "Sign up");
  await alive(page);
  await tabTo(page, "radio", "A patient");
  await press("ArrowDown");
  await page.getByLabel("What you do").waitFor();
  await press("ArrowUp");
  await page.getByLabel("What you do").waitFor({ state: "detached" });
  await tabTo(page, "textbox", "Your name");
  await page.keyboard.type("Maya Berg");
  await press("Tab");
  await page.keyboard.type("maya@example.org");
  await press("Tab");
  await page.keyboard.type(passwords.patient);
  await rated(page);
  await press("Enter");
  await heading(page, "Your recovery kit");
  const kit = await page.getByRole("list", { name: "Recovery code" }).locator("li > span:last-child").allTextContents();
  for (const field of await page.getByLabel(/^Group \d+$/).all()) {
    const label = await field.evaluate((input) => input.labels[0].textContent.trim());
    await tabTo(page, "textbox", label);
    await page.keyboard.type(kit[Number(label.match(/\d+/)[0]) - 1]);
  }
  await press("Enter");
  await heading(page, /Maya/);

  // The first thing that Tab reaches on a page leads past the menu.
  await go(someone, `${server.url}/home`);
  await page.getByText("Your vault is ready").waitFor();
  await press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the page");
  await tabTo(page, "link", "Add");
  await page.evaluate(() => {
    window.focused = [];
    addEventListener("focusin", ({ target }) => window.focused.push(target.textContent));
  });
  await press("Enter");
  await heading(page, "Add records");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Add records", "the focus is on the new page's heading");
  assert.equal((await page.evaluate(() => window.focused))[0], "Add records", "and it was nowhere else before");
  await page.getByLabel("Choose files, or drop them here").setInputFiles([{ name: "arm.png", mimeType: "image/png", buffer: png() }]);
  await pickCard(page, "arm.png").getByLabel("Title").waitFor();
  await tabTo(page, "textbox", "Title");
  await press("Control+A");
  await page.keyboard.type("Rash on the arm");
  await tabTo(page, "button", "Add 1 record");
  await press("Space");
  await kept(page, "Rash on the arm");
  await tabTo(page, "link", "Open Rash on the arm");
  await press("Enter");
  await heading(page, "Rash on the arm");
  await drawn(page);
  await tabTo(page, "group", /Arrow keys move it/);
  await press("+");
  await page.getByText("150 %").waitFor();
  await press("0");
  await page.getByText("100 %").waitFor();
  await go(someone, `${server.url}/records`);
  await page.getByRole("main").getByRole("link", { name: "Rash on the arm" }).waitFor();
  await tabTo(page, "button", /Unlocked here/);
  await press("Enter");
  await heading(page, "Locked");
  await tabTo(page, "textbox", "Password");
  await page.keyboard.type(passwords.patient);
  await press("Enter");
  await heading(page, "Records");
  assertQuiet(someone, "the keyboard");
  await someone.context.close();
});
