// What a device does by itself: it locks, it prints the kit, and it says when the server's history was changed.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { person, startBrowser, widths } from "../support/browser.mjs";
import { addChosen, assertQuiet, checkPage, choose, fillSignUp, follow, go, heading, passwords, rated, signIn, signUp } from "../support/people.mjs";
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

test("a vault that nobody touches for half an hour locks, and opens again by its password", async () => {
  const maya = await person(browser, widths.phone);
  const { page } = maya;
  await page.clock.install();
  const who = { name: "Maya Sørensen", email: "maya.idle@example.org", password: passwords.patient };
  await signUp(maya, server.url, who);
  await page.clock.runFor("29:00");
  await page.getByRole("button", { name: /Unlocked here/ }).waitFor();
  await page.keyboard.press("Tab");
  await page.clock.runFor("29:00");
  await page.getByRole("button", { name: /Unlocked here/ }).waitFor();
  await page.clock.runFor("02:00");
  await heading(page, "Locked");
  await page.getByLabel("Password", { exact: true }).fill("not the password at all");
  await page.getByRole("button", { name: "Unlock", exact: true }).click();
  const alert = await page.getByRole("alert").innerText();
  assert.match(alert, /This is not the password of this account/);
  assert.doesNotMatch(alert, /e-mail/i, "nothing but the password was asked for");
  await checkPage(maya, "locked, with a wrong password");
  await page.getByLabel("Password", { exact: true }).fill(who.password);
  await page.getByRole("button", { name: "Unlock", exact: true }).click();
  await heading(page, /Maya/);
  await maya.context.close();
});

test("the recovery kit is printed, alone on its page", async () => {
  const maya = await person(browser, widths.wide);
  const { page } = maya;
  await page.addInitScript(() => {
    window.print = () => { window.printed = true; };
  });
  await fillSignUp(maya, server.url, { name: "Maya Sørensen", email: "maya.kit@example.org", password: passwords.patient });
  await rated(page);
  await page.getByRole("button", { name: "Make my vault" }).click();
  await heading(page, "Your recovery kit");
  await page.getByRole("button", { name: "Print the kit" }).click();
  assert.ok(await page.evaluate(() => window.printed), "the browser was asked to print");
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.getByRole("list", { name: "Recovery code" }).locator("li").count(), 14);
  for (const group of await page.getByRole("list", { name: "Recovery code" }).locator("li").all()) assert.ok(await group.isVisible());
  await page.getByText("HealthBridge recovery kit").waitFor();
  for (const other of [page.getByRole("button", { name: "Print the kit" }), page.getByLabel(/^Group \d+$/).first(), page.getByRole("link", { name: "HealthBridge" }).first()]) {
    assert.ok(!(await other.isVisible()), "what is not the kit is not printed");
  }
  const paper = await page.pdf({ format: "A4" });
  assert.equal(paper.toString("latin1").match(/\/Type\s*\/Page\b/g).length, 1, "it fits on one page");
  assertQuiet(maya, "printing the kit");
  await maya.context.close();
});

const VAULT_OF = "(SELECT vault FROM entries ORDER BY received DESC LIMIT 1)";
for (const [what, said, statements] of [
  ["changed", "an entry is not properly signed", [`UPDATE entries SET bytes = CAST(substr(bytes, 1, length(bytes) - 20) || x'00' || substr(bytes, length(bytes) - 18) AS BLOB) WHERE vault = ${VAULT_OF} AND seq = 6`]],
  ["missing", "an entry is missing, doubled or out of order", [`DELETE FROM entries WHERE vault = ${VAULT_OF} AND seq = 6`]],
  ["reordered", "an entry is missing, doubled or out of order", [
    `UPDATE entries SET seq = seq + 1000 WHERE vault = ${VAULT_OF} AND seq IN (6, 7)`,
    `UPDATE entries SET seq = 1013 - seq WHERE vault = ${VAULT_OF} AND seq > 1000`,
  ]],
]) {
  test(`an entry that was ${what} in the database raises an alarm`, async () => {
    const own = await startServer();
    const maya = await person(browser, widths.phone);
    try {
      const { page } = maya;
      await signUp(maya, own.url, { name: "Maya Sørensen", email: "maya@example.org", password: passwords.patient });
      await follow(page, "Add");
      await heading(page, "Add records");
      await choose(page, [{ name: "letter.txt", content: Buffer.from("Dear Maya") }]);
      await addChosen(page, ["Letter"]);
      await own.halt();
      await own.tamper(...statements);
      await own.start();
      // This device has kept what it verified, and is not deceived. One that reads the log anew says it.
      await go(maya, `${own.url}/records`);
      await page.getByRole("main").getByRole("link", { name: "Letter" }).waitFor();
      const other = await person(browser, widths.phone);
      await signIn(other, own.url, { email: "maya@example.org", password: passwords.patient });
      const alarm = other.page.getByRole("alert");
      await alarm.getByText(`The history on the server was changed: ${said}`).waitFor();
      await alarm.getByText("Your vault was not opened.").waitFor();
      await checkPage(other, `the alarm, ${what}`);
      await other.context.close();
    } finally {
      await maya.context.close();
      await own.stop();
    }
  });
}
