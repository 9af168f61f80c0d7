// Signing up, in and out, locking, and the ways back in.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { person, startBrowser, widths } from "../support/browser.mjs";
import { assertQuiet, checkPage, fillSignUp, follow, go, heading, passwords, rated, signIn, signUp, until } from "../support/people.mjs";
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

const cookies = async ({ context }) => (await context.cookies()).filter(({ name }) => name.startsWith("__Host-"));

test("lock, unlock, reload, sign out and in, and a forgotten password", async () => {
  const maya = await person(browser, widths.phone);
  const { page } = maya;
  const who = { name: "Maya Sørensen", email: "maya@example.org", password: passwords.patient };
  const kit = await signUp(maya, server.url, who);

  // The session's cookie.
  const [session] = await cookies(maya);
  assert.ok(session, "there is a cookie with the prefix __Host-");
  assert.deepEqual(
    { httpOnly: session.httpOnly, secure: session.secure, sameSite: session.sameSite, path: session.path, domain: session.domain },
    { httpOnly: true, secure: true, sameSite: "Strict", path: "/", domain: "localhost" },
  );
  // And that this device was here, so that nobody who guesses passwords keeps it out.
  const all = await maya.context.cookies();
  assert.equal(all.length, 2, "there is no third cookie");
  const known = all.find(({ name }) => name === "__Secure-healthbridge-devices");
  assert.deepEqual(
    { httpOnly: known?.httpOnly, secure: known?.secure, sameSite: known?.sameSite, path: known?.path },
    { httpOnly: true, secure: true, sameSite: "Strict", path: "/api/v1" },
  );

  // A reload stays unlocked, on any page.
  await go(maya, `${server.url}/account`);
  await page.getByRole("heading", { name: "Your safety phrase" }).waitFor();
  await checkPage(maya, "account");
  await page.reload();
  const phrase = page.getByRole("list", { name: "Safety phrase" }).locator("li > span:last-child");
  await phrase.first().waitFor();
  assert.equal(await phrase.count(), 6);

  // Lock; a reload stays locked; a wrong password says so; the right one opens.
  await page.getByRole("button", { name: "Lock now", exact: true }).click();
  await heading(page, "Locked");
  await checkPage(maya, "locked");
  await page.reload();
  await heading(page, "Locked");
  await page.getByLabel("Password", { exact: true }).fill("not the password at all");
  await page.getByRole("button", { name: "Unlock", exact: true }).click();
  await page.getByRole("alert").getByText(/password/i).first().waitFor();
  await page.getByText("Your vault stays locked.").waitFor();
  await checkPage(maya, "locked, with a wrong password");
  await page.getByLabel("Password", { exact: true }).fill(who.password);
  await page.getByRole("button", { name: "Unlock", exact: true }).click();
  await heading(page, "Your account");

  // A server that does not answer keeps nothing open, and is told of. Pressed again, it says so where the button is.
  const signOut = page.getByRole("button", { name: "Sign out", exact: true });
  const mayBeSignedIn = page.getByText("you may still be signed in");
  const held = [];
  await maya.context.route("**/api/v1/signout", (route) => held.push(route));
  const givenUp = maya.context.waitForEvent("requestfailed", (request) => request.url().endsWith("/api/v1/signout"));
  await signOut.click();
  await heading(page, "Locked");
  await mayBeSignedIn.waitFor();
  await checkPage(maya, "signed out while the server does not answer");
  // Nobody waits for that answer any more, so it ends no session that began since.
  await givenUp;
  held.length = 0;
  await page.getByRole("button", { name: "I have read this" }).click();
  await maya.context.unroute("**/api/v1/signout");
  await maya.context.route("**/api/v1/signout", (route) => route.abort());
  await signOut.click();
  await mayBeSignedIn.waitFor();
  assert.equal((await cookies(maya)).length, 1);
  await maya.context.unroute("**/api/v1/signout");

  // Whoever signs out while the vault is being unlocked is out: the session that then begins ends at once.
  let signOuts = 0;
  maya.context.on("requestfinished", (request) => (signOuts += request.url().endsWith("/api/v1/signout")));
  await maya.context.route("**/api/v1/signin/start", (route) => held.push(route));
  await page.getByLabel("Password", { exact: true }).fill(who.password);
  await page.getByRole("button", { name: "Unlock", exact: true }).click();
  await until(() => held.length === 1, "it is being unlocked");
  await signOut.click();
  await heading(page, "Sign in");
  for (const route of held.splice(0)) await route.continue();
  await maya.context.unroute("**/api/v1/signin/start");
  await until(() => signOuts === 2, "the session that began has ended");
  await until(async () => (await cookies(maya)).length === 0, "its cookie is gone");
  await heading(page, "Sign in");
  await signIn(maya, server.url, who);
  await page.waitForURL("**/home");
  await go(maya, `${server.url}/account`);
  await heading(page, "Your account");

  // Sign out: once a page says so, the session has ended, and the address of a page leads to sign-in, and from there back.
  await signOut.click();
  await heading(page, "Sign in");
  assert.deepEqual(await cookies(maya), []);
  await go(maya, `${server.url}/records`);
  await heading(page, "Sign in");
  await checkPage(maya, "sign-in");
  await page.getByLabel("E-mail", { exact: true }).fill(who.email);
  await page.getByLabel("Password", { exact: true }).fill("not the password at all");
  await page.getByRole("button", { name: "Sign in" }).click();
  const refused = await page.getByRole("alert").innerText();
  await checkPage(maya, "sign-in, with a wrong password");
  await page.getByLabel("Password", { exact: true }).fill(who.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await heading(page, "Records");
  const [next] = await cookies(maya);
  assert.notEqual(next.value, session.value, "the session is a new one");

  // Nobody learns who has an account.
  const stranger = await person(browser, widths.phone);
  await signIn(stranger, server.url, { email: "nobody@example.org", password: "not the password at all" });
  assert.equal(await stranger.page.getByRole("alert").innerText(), refused);
  assertQuiet(stranger, "sign-in of somebody unknown");
  await stranger.context.close();

  // The recovery kit, typed in small letters without its dashes, sets another password.
  await go(maya, `${server.url}/account`);
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await heading(page, "Sign in");
  await page.getByRole("link", { name: "Forgot your password?" }).click();
  await heading(page, "Forgot your password?");
  await page.getByLabel("E-mail", { exact: true }).fill(who.email);
  await page.getByLabel("New password", { exact: true }).fill("nine lamps below the harbour wall");
  await rated(page);
  // One letter is wrong.
  const wrong = kit.join("").toLowerCase().replace(/.$/, (last) => (last === "k" ? "m" : "k"));
  await page.getByLabel("Recovery code").fill(wrong);
  await page.getByRole("button", { name: "Set the new password" }).click();
  await page.getByRole("alert").first().waitFor();
  await page.getByText("What you typed is still here").waitFor();
  await checkPage(maya, "forgotten, with a wrong code");
  await page.getByLabel("Recovery code").fill(kit.join(" ").toLowerCase());
  await page.getByText("All fourteen groups are there.").waitFor();
  await page.getByRole("button", { name: "Set the new password" }).click();
  await page.waitForURL("**/home");
  await heading(page, /Maya/);
  await follow(page, "Records");
  await heading(page, "Records");

  // The old password no longer opens, the new one does.
  const other = await person(browser, widths.wide);
  await signIn(other, server.url, who);
  await other.page.getByRole("alert").waitFor();
  await other.page.getByLabel("Password", { exact: true }).fill("nine lamps below the harbour wall");
  await other.page.getByRole("button", { name: "Sign in" }).click();
  await heading(other.page, /Maya/);
  assertQuiet(other, "sign-in on another device");
  await other.context.close();
  await maya.context.close();
});

test("weak passwords are refused with advice, and pasting works", async () => {
  const someone = await person(browser, widths.wide);
  const { page } = someone;
  const who = { name: "Åsa Berg", email: "asa@example.org", password: "short" };
  await fillSignUp(someone, server.url, who);
  const password = page.getByLabel("Password", { exact: true });
  const make = page.getByRole("button", { name: "Make my vault" });
  await make.click();
  await page.getByText("This password is too short. Add another word.").waitFor();
  assert.equal(await page.getByText("more characters needed").count(), 0, "what is wrong is said once");
  assert.equal(await password.getAttribute("aria-invalid"), "true");
  await checkPage(someone, "sign-up, with a short password");

  for (const common of ["password1234", "123456789012", "qwertyuiop12", "aaaaaaaaaaaaaa", "asa@example.org"]) {
    await password.fill("");
    await page.locator(".meter").getByText("too easy to guess").waitFor({ state: "detached" });
    await password.fill(common);
    await page.locator(".meter").getByText("too easy to guess").waitFor();
    await make.click();
    await page.getByText("This password is one of the first that a thief would try. Choose another.").waitFor();
    assert.equal(await page.locator(".meter").getAttribute("data-level"), "0", common);
  }
  await checkPage(someone, "sign-up, with a common password");

  // What is missing is said at its field.
  await page.getByLabel("Your name").fill("");
  await page.getByLabel("E-mail", { exact: true }).fill("asa@example");
  await make.click();
  await page.getByText("Enter your name, as the people you share with know it.").waitFor();
  await page.getByText("Write it like name@example.org.").waitFor();

  // A pasted pass-phrase is taken as it is, and can be looked at.
  await page.getByLabel("Your name").fill(who.name);
  await page.getByLabel("E-mail", { exact: true }).fill(who.email);
  await password.fill("");
  await someone.context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.evaluate((text) => navigator.clipboard.writeText(text), "långa vägen över ån är vacker");
  await password.focus();
  await page.keyboard.press("Control+V");
  await rated(page);
  await page.getByRole("button", { name: "Show password" }).click();
  assert.equal(await password.inputValue(), "långa vägen över ån är vacker");
  await make.click();
  await heading(page, "Your recovery kit");

  // Nobody leaves the kit by accident: wrong groups are refused, and a link asks first.
  for (const field of await page.getByLabel(/^Group \d+$/).all()) await field.fill("0000");
  await page.getByRole("button", { name: "Go on to my vault" }).click();
  await page.getByText(/This is not group \d+/).first().waitFor();
  await checkPage(someone, "the recovery kit, with wrong groups");
  await page.getByRole("link", { name: "HealthBridge" }).first().click();
  await page.getByRole("dialog").getByText("Leave without the recovery kit?").waitFor();
  await page.getByRole("button", { name: "Stay here" }).click();
  await heading(page, "Your recovery kit");

  // An address has one account.
  const twin = await person(browser, widths.wide);
  await fillSignUp(twin, server.url, { ...who, password: passwords.provider });
  await rated(twin.page);
  await twin.page.getByRole("button", { name: "Make my vault" }).click();
  await twin.page.getByRole("alert").waitFor();
  await twin.page.getByText("No account was made").waitFor();
  await checkPage(twin, "sign-up with an address that is taken");
  await twin.context.close();
  await someone.context.close();
});

test("a password that is sent as soon as it is typed is judged by itself, not by what stood there before", async () => {
  const someone = await person(browser, widths.phone);
  const { page } = someone;
  await go(someone, `${server.url}/sign-up`);
  await page.getByLabel("Your name").fill("Tove Holm");
  await page.getByLabel("E-mail", { exact: true }).fill("tove@example.org");
  // A weak one is refused by the vault itself where the page does not know yet.
  const password = page.getByLabel("Password", { exact: true });
  await password.fill("password1234");
  await password.press("Enter");
  await page.getByText(/too easy to guess|a thief would try/).first().waitFor();
  await password.fill(passwords.patient);
  await password.press("Enter");
  await heading(page, "Your recovery kit");
  assert.ok(!page.url().includes("password"), "no form was sent by the browser itself");
  await page.getByLabel(/^Group \d+$/).first().waitFor();
  assertQuiet(someone, "a hasty sign-up");
  await someone.context.close();
});
