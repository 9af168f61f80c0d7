// Being told: at once on open pages, in a list, and by mail that says no more than that something happened.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { person, startBrowser, widths } from "../support/browser.mjs";
import { startMailbox } from "../support/mailbox.mjs";
import {
  addChosen, assertQuiet, checkPage, choose, follow, go, heading, openFromList, passwords, pickCard, shareOpen, signIn, signUp, until,
} from "../support/people.mjs";
import { startServer } from "../support/server.mjs";

let browser;
let mailbox;
let server;
before(async () => {
  browser = await startBrowser();
  mailbox = await startMailbox();
  server = await startServer({ environment: mailbox.environment });
});
after(async () => {
  await browser?.close();
  await server?.stop();
  await mailbox?.stop();
});

const patient = { name: "Maya Sørensen", email: "maya@example.org", password: passwords.patient };
const doctor = { name: "Dr Kenji Ito", email: "ito@example.org", password: passwords.provider, specialty: "Cardiology", organisation: "St. Anna Hospital" };

function bell(page, count) {
  return page.getByRole("link", { name: count ? `Notices, ${count} new` : "Notices, none new", exact: true });
}

/** Does something that changes a choice, and waits until the server has it. */
async function saved(page, act) {
  const answered = page.waitForResponse((response) => response.url().endsWith("/api/pages/choose-notices"));
  await act();
  assert.equal((await answered).status(), 200);
}

test("a share and an opening are told at once, in the list and by mail", async () => {
  const maya = await person(browser, widths.phone);
  const ito = await person(browser, widths.wide);
  await signUp(ito, server.url, doctor);
  await signUp(maya, server.url, patient);
  await bell(ito.page, 0).waitFor();
  await follow(maya.page, "Add");
  await heading(maya.page, "Add records");
  await choose(maya.page, [{ name: "scan.txt", content: Buffer.from("Nothing unusual.") }]);
  await pickCard(maya.page, "scan.txt").getByLabel("Title").fill("Scan of the knee");
  await addChosen(maya.page, ["Scan of the knee"]);
  await follow(maya.page, "Records");
  await openFromList(maya.page, "Scan of the knee");
  await shareOpen(maya.page, doctor.email);

  // The physician's open page hears of it without being loaded anew, and shows the patient too.
  await bell(ito.page, 1).waitFor();
  await ito.page.getByRole("main").getByRole("link", { name: patient.name }).waitFor();
  await bell(ito.page, 1).click();
  await heading(ito.page, "Notices");
  await ito.page.getByText(/^Maya Sørensen shares with you until/).waitFor();
  await ito.page.getByText("new", { exact: true }).waitFor();
  await bell(ito.page, 0).waitFor();
  await checkPage(ito, "notices of a physician");
  await until(() => mailbox.mails.some(({ to }) => to.includes(doctor.email)), "the mail has arrived");
  const mail = mailbox.mails.find(({ to }) => to.includes(doctor.email));
  assert.equal(mail.subject, "Records are shared with you");
  assert.ok(mail.secure, "it came encrypted");
  for (const secret of ["Maya", "Sørensen", "S=C3=B8rensen", "Scan", "knee", "maya@"]) assert.ok(!mail.text.includes(secret), secret);

  // A restart of the server is survived, and what happened after it is told.
  await server.halt();
  await server.start();
  await go(ito, `${server.url}/patients`);
  await ito.page.getByRole("main").getByRole("link", { name: patient.name }).click();
  await openFromList(ito.page, "Scan of the knee");
  await bell(maya.page, 1).waitFor();
  await bell(maya.page, 1).click();
  await maya.page.getByText(`${doctor.name} opened Scan of the knee`).waitFor();
  await checkPage(maya, "notices of a patient");

  // What one is told is one's own choice, but for what is security.
  const opened = maya.page.getByRole("group", { name: "Your records are opened" });
  await saved(maya.page, () => opened.getByRole("switch", { name: "By e-mail" }).click());
  await maya.page.reload();
  await opened.waitFor();
  assert.ok(!(await opened.getByRole("switch", { name: "By e-mail" }).isChecked()), "the choice is kept");
  assert.ok(await opened.getByRole("switch", { name: "Here" }).isChecked(), "and nothing else was changed");
  const asked = (page) => page.getByRole("group").locator("legend").allTextContents();
  assert.ok(!(await asked(maya.page)).includes("Somebody shares with you"), "a patient is not asked about what happens to care teams");
  await go(ito, `${server.url}/notices`);
  await ito.page.getByRole("group", { name: "Somebody shares with you" }).waitFor();
  for (const other of ["Somebody adds to your vault", "Your records are opened"]) assert.ok(!(await asked(ito.page)).includes(other), other);

  // Another device signs in, and this one hears of it.
  const other = await person(browser, widths.wide);
  await signIn(other, server.url, patient);
  await heading(other.page, /Maya/);
  await maya.page.getByRole("link", { name: "New sign-in to your account: Chrome", exact: true }).first().waitFor();
  await maya.page.getByText("If this was not you: sign out everywhere else, and choose a new password.").first().waitFor();
  await until(() => mailbox.mails.some(({ subject }) => subject === "A new sign-in to your account"), "the mail about it has arrived");
  for (const someone of [maya, ito, other]) {
    assertQuiet(someone, "notices");
    await someone.context.close();
  }
});
