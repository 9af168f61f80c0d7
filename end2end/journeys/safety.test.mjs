// What somebody does who fears for their account: sign out everywhere else, and choose a new password.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { person, startBrowser, widths } from "../support/browser.mjs";
import { commandLine, password } from "../support/command.mjs";
import { assertQuiet, checkPage, go, heading, passwords, rated, signIn, signUp } from "../support/people.mjs";
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

test("signing out everywhere else ends every other session, and this one goes on", async (t) => {
  const who = { name: "Maya Sørensen", email: "maya@example.org", password };
  const here = await person(browser, widths.phone);
  const there = await person(browser, widths.wide);
  const command = await commandLine(server.url);
  t.after(() => command.end());
  await signUp(here, server.url, who);
  await signIn(there, server.url, who);
  await heading(there.page, /Maya/);
  await command.json("login", "--email", who.email);

  await go(here, `${server.url}/account`);
  // Tall enough that nothing lies behind the bar at the bottom, which axe takes for a smaller target.
  await here.page.setViewportSize({ ...widths.phone, height: 2400 });
  await checkPage(here, "the account");
  await here.page.setViewportSize(widths.phone);
  await here.page.getByRole("button", { name: "Sign out everywhere else" }).click();
  await here.page.getByText("You are signed out everywhere else.").waitFor();
  await heading(there.page, "Sign in");
  assert.equal((await command.run("whoami")).code, 1);
  await go(here, `${server.url}/account`);
  await here.page.getByRole("button", { name: /Unlocked here/ }).waitFor();

  // The command line does the same.
  await command.json("login", "--email", who.email);
  await command.run("logout", "--everywhere-else");
  assert.equal((await command.run("whoami")).code, 0);
  await heading(here.page, "Sign in");
  for (const someone of [here, there]) {
    assertQuiet(someone, "signing out elsewhere");
    await someone.context.close();
  }
});

test("a new password takes the one before, and signs out everywhere else", async () => {
  const who = { name: "Ann Berg", email: "ann@example.org", password: passwords.patient };
  const chosen = "seven winters over a quiet bridge";
  const here = await person(browser, widths.phone);
  const there = await person(browser, widths.wide);
  await signUp(here, server.url, who);
  await signIn(there, server.url, who);
  await heading(there.page, /Ann/);

  const { page } = here;
  await go(here, `${server.url}/account`);
  await page.getByRole("link", { name: "Choose a new password" }).click();
  await heading(page, "New password");
  const height = () => page.locator("form").evaluate((form) => form.getBoundingClientRect().height);
  const before = await height();
  await page.getByLabel("New password", { exact: true }).fill("s");
  await page.locator(".meter").getByText("Not accepted yet").waitFor();
  await page.getByLabel("New password", { exact: true }).fill(chosen);
  await rated(page);
  assert.equal(await height(), before, "nothing moves when the meter speaks");
  const set = page.getByRole("button", { name: "Set the new password" });
  await page.getByLabel("Password that you have now", { exact: true }).fill("not my password at all");
  await set.click();
  await page.getByText("This is not the password of this account.").waitFor();
  await checkPage(here, "a new password, with the wrong one before");
  await page.getByLabel("Password that you have now", { exact: true }).fill(who.password);
  await set.click();
  await heading(page, "Your account");
  await page.getByText("Your new password is set, and everywhere else you are signed out.").waitFor();
  await heading(there.page, "Sign in");
  // This device stays unlocked, after a reload too.
  await go(here, `${server.url}/account`);
  await page.getByRole("button", { name: /Unlocked here/ }).waitFor();

  await signIn(there, server.url, who);
  await there.page.getByRole("alert").waitFor();
  await signIn(there, server.url, { ...who, password: chosen });
  await heading(there.page, /Ann/);
  for (const someone of [here, there]) {
    assertQuiet(someone, "a new password");
    await someone.context.close();
  }
});
