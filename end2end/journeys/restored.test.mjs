// A server that was brought back from a backup says so, and people are told what is gone.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { person, startBrowser, widths } from "../support/browser.mjs";
import { addChosen, assertQuiet, checkPage, choose, follow, go, heading, passwords, signUp, unlock } from "../support/people.mjs";
import { startServer } from "../support/server.mjs";

let browser;
let folder;
let server;
before(async () => {
  [browser, server] = await Promise.all([startBrowser(), startServer()]);
  folder = await mkdtemp(join(tmpdir(), "healthbridge-end2end-"));
});
after(async () => {
  await browser?.close();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function add(page, title) {
  await follow(page, "Add");
  await choose(page, [{ name: `${title}.txt`, content: Buffer.from(`Dear Maya, ${title}`) }]);
  await addChosen(page, [title]);
}

test("whoever comes back to a server that was restored is told once what is gone, and goes on", async () => {
  const maya = await person(browser, widths.phone);
  const { page } = maya;
  await signUp(maya, server.url, { name: "Maya Sørensen", email: "maya@example.org", password: passwords.patient });
  await add(page, "Letter");
  await server.backup(join(folder, "backup"));
  await add(page, "Later letter");
  await server.halt();
  await server.restore(join(folder, "backup"));
  await server.start();

  // What unlocks a device is in no backup.
  await unlock(maya, server.url, { password: passwords.patient });
  const alert = page.getByRole("alert");
  await alert.getByText("What was newest is gone from the server").waitFor();
  await alert.getByText("The server was brought back from an older copy. At least 1 change is gone, and with it the file of 1 record.").waitFor();
  await checkPage(maya, "after a restore");
  await alert.getByRole("button", { name: "I have read this" }).click();
  await alert.waitFor({ state: "detached" });
  await follow(page, "Records");
  await page.getByRole("main").getByRole("link", { name: "Letter" }).waitFor();
  await go(maya, `${server.url}/activity`);
  await page.getByText("The server was brought back from an older copy, which lacked at least 1 change").waitFor();
  assert.equal(await alert.count(), 0, "it was told");
  await add(page, "Next letter");
  assertQuiet(maya, "a restore");
  await maya.context.close();
});
