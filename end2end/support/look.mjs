// Writes pictures of every page in its main states into results/, to be looked at: `npm run look`, or
// `npm run look -- notices account` for those whose names begin so. Those in look/ are quick to have alone: `alarm`,
// `many`, `waiting`.
import { mkdir, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { person, startBrowser, widths } from "./browser.mjs";
import { noise, pdf, png } from "./files.mjs";
import { lookAfterwards } from "./look/after.mjs";
import { lookAtAlarms } from "./look/alarm.mjs";
import { startCamera } from "./look/camera.mjs";
import { lookAtMany } from "./look/many.mjs";
import { lookAtWaiting } from "./look/waiting.mjs";
import { addChosen, choose, drawn, fillSignUp, follow, go, heading, openFromList, passwords, pickCard, saveCopy, share, signIn, signUp, until, uploadRow } from "./people.mjs";
import { startServer } from "./server.mjs";
import { startWire } from "./wire.mjs";

const wanted = process.argv.slice(2);
const results = resolve(import.meta.dirname, "../results");
await rm(results, { recursive: true, force: true });
await mkdir(results, { recursive: true });

const browser = await startBrowser();
const wire = await startWire();
const camera = startCamera(results, wanted);
const { look } = camera;
const lookWithoutPeople = (someone, path, name) => camera.lookWithoutPeople(someone, `${wire.url}${path}`, name);

/** What the names of pictures begin with that are taken beside the story of one patient and one doctor. */
const asides = { after: lookAfterwards, alarm: lookAtAlarms, many: lookAtMany, waiting: lookAtWaiting };

/** Gives each a server that holds nothing yet: the same people are in several. */
async function onItsOwn(take) {
  const server = await startServer({ environment: { HEALTHBRIDGE_PUBLIC_URL: wire.url, HEALTHBRIDGE_SIGN_UPS_PER_HOUR: "100" } });
  try {
    wire.lead(Number(new URL(server.url).port));
    await take(server);
  } finally {
    await server.stop();
  }
}

async function tellStory() {
  const maya = await person(browser, widths.wide);
  const ito = await person(browser, widths.wide);
  const { page } = maya;
  const patient = { name: "Maya Sørensen", email: "maya@example.org", password: passwords.patient };
  const doctor = { name: "Dr Kenji Ito", email: "ito@example.org", password: passwords.provider, specialty: "Cardiology", organisation: "St. Anna Hospital" };

  for (const [path, name] of [["", "landing"], ["sign-in", "sign-in"], ["forgot", "forgot"], ["security", "security"], ["help", "help"], ["nowhere", "not-found"], ["style", "style"]]) {
    await page.goto(`${wire.url}/${path}`, { waitUntil: "networkidle" });
    await look(maya, name);
  }
  await go(maya, `${wire.url}/sign-in`);
  await page.getByLabel("E-mail", { exact: true }).fill("maya@example.org");
  await page.getByLabel("Password", { exact: true }).fill("not the password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").waitFor();
  await look(maya, "sign-in-error");
  await go(maya, `${wire.url}/forgot`);
  await page.getByLabel("E-mail", { exact: true }).fill("maya@example.org");
  await page.getByRole("button", { name: "Set the new password" }).click();
  await page.locator("[aria-invalid=true]").first().waitFor();
  await look(maya, "forgot-error");
  await fillSignUp(maya, wire.url, { ...patient, email: "maya", password: "password1234", specialty: "Cardiology", organisation: "" });
  await page.locator(".meter").getByText("too easy to guess").waitFor();
  await page.getByRole("button", { name: "Make my vault" }).click();
  await page.getByText("Write it like name@example.org.").waitFor();
  await look(maya, "sign-up-errors");
  await signUp(maya, wire.url, patient, { check: (what) => look(maya, what.replaceAll(" ", "-")) });
  await look(maya, "home-empty");
  await go(maya, `${wire.url}/home`);
  for (const [tab, name] of [["Records", "records-empty"], ["Add", "add-empty"], ["Sharing", "sharing-empty"], ["Activity", "activity-new"]]) {
    await follow(page, tab);
    await page.waitForLoadState();
    await page.locator(".skeleton").first().waitFor({ state: "detached" });
    await look(maya, name);
  }
  await go(maya, `${wire.url}/account`);
  await page.getByRole("list", { name: "Safety phrase" }).waitFor();
  await look(maya, "account");
  await go(maya, `${wire.url}/notices`);
  await page.getByText("Nothing to tell").waitFor();
  await page.getByText("Always, here and by e-mail").waitFor();
  await look(maya, "notices-empty");

  const held = [];
  await page.route("**/api/pages/*", (route) => void held.push(route));
  await go(maya, `${wire.url}/notices`);
  await until(() => held.length >= 2, "the page asks");
  await look(maya, "notices-loading");
  for (const route of held) await route.abort();
  await page.getByText("This is not known just now.").waitFor();
  await page.getByRole("alert").getByRole("button", { name: "Try again" }).waitFor();
  await look(maya, "notices-error");
  await page.unroute("**/api/pages/*");
  await page.route("**/api/pages/choose-notices", (route) => route.abort());
  await go(maya, `${wire.url}/notices`);
  await page.getByRole("group", { name: "Your records are opened" }).getByRole("switch", { name: "By e-mail" }).click();
  await page.getByText("What you chose was not saved").waitFor();
  await look(maya, "notices-choice-not-saved");
  await page.unroute("**/api/pages/choose-notices");

  await go(maya, `${wire.url}/account/password`);
  await heading(page, "New password");
  await look(maya, "account-password");
  await page.getByLabel("New password", { exact: true }).fill("short");
  await page.getByRole("button", { name: "Set the new password" }).click();
  await page.getByText("Enter the password that you have now.").waitFor();
  await look(maya, "account-password-errors");

  const files = [
    { name: "arm.png", content: png({ width: 640, height: 480 }) },
    { name: "2025-11-03 blood count.pdf", content: pdf({ pages: ["Blood count", "Second page"], title: "Blood count" }) },
    { name: "letter.txt", content: Buffer.from("Dear colleague,\n\nthank you for seeing this patient.\n") },
    { name: "sleep.bin", content: noise(3000) },
  ];
  await follow(page, "Add");
  await choose(page, files);
  await pickCard(page, "arm.png").getByLabel("Title").fill("");
  await page.getByRole("button", { name: /^Add \d/ }).click();
  await look(maya, "add-chosen-error");
  const titles = ["Rash on the arm", "Blood count", "Letter to the cardiologist", "Sleep recording"];
  for (const [index, { name }] of files.entries()) await pickCard(page, name).getByLabel("Title").fill(titles[index]);
  await pickCard(page, "letter.txt").getByLabel("Notes").fill("Keep an eye on potassium.");
  await addChosen(page, titles);
  await look(maya, "add-done");
  await choose(page, [{ name: "long-scan.bin", content: noise(40 << 20) }]);
  wire.holdAfter(20 << 20);
  await page.getByRole("button", { name: "Add 1 record" }).click();
  await until(wire.isHolding, "a part has arrived");
  await look(maya, "add-sending");
  wire.cut();
  await uploadRow(page, "Long scan").getByText("No answer from the server yet.").waitFor();
  await look(maya, "add-offline");
  await uploadRow(page, "Long scan").getByRole("button", { name: "Stop sending" }).click();
  await uploadRow(page, "Long scan").waitFor({ state: "detached" });
  wire.release();
  wire.mend();

  await go(maya, `${wire.url}/home`);
  await page.getByText("Recent records").waitFor();
  await follow(page, "Records");
  await page.getByRole("main").getByRole("link", { name: titles[0] }).waitFor();
  await look(maya, "records");
  await page.getByLabel("Search your records").fill("nothing like this");
  await page.getByText("No record found").first().waitFor();
  await look(maya, "records-none-found");
  await page.getByRole("button", { name: "Show every record" }).click();
  for (const [index, title] of titles.entries()) {
    await follow(page, "Records");
    await openFromList(page, title);
    if (index < 2) await drawn(page);
    else await page.getByText(index === 2 ? "Dear colleague" : "cannot be shown here").first().waitFor();
    await look(maya, ["record-picture", "record-document", "record-text", "record-not-shown"][index]);
  }
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByRole("dialog").getByText(/^Delete /).first().waitFor();
  await look(maya, "record-delete");
  await page.getByRole("button", { name: "Keep it" }).click();
  await page.getByRole("button", { name: "Replace the file" }).first().click();
  await page.getByRole("dialog").getByText("Choose the newer file").waitFor();
  await look(maya, "record-replace");
  await page.getByRole("button", { name: "Keep the file as it is" }).click();
  await page.getByRole("link", { name: "Edit", exact: true }).click();
  await page.getByLabel("Title").waitFor();
  await look(maya, "record-edit");
  await go(maya, `${wire.url}/records/00000000000000000000000000000000`);
  await heading(page, "Not here");
  await look(maya, "record-not-here");

  await signUp(ito, wire.url, doctor);
  await look(ito, "patients-empty");
  await go(ito, `${wire.url}/notices`);
  await ito.page.getByText("Always, here and by e-mail").waitFor();
  await look(ito, "notices-of-a-care-team");
  await go(ito, `${wire.url}/account`);
  await heading(ito.page, "Your account");
  await look(ito, "account-of-a-care-team");
  await go(maya, `${wire.url}/sharing/new`);
  await page.getByLabel("E-mail address of the doctor or care team").fill(doctor.email);
  await page.getByRole("button", { name: "Find", exact: true }).click();
  await page.getByRole("list", { name: "Safety phrase" }).waitFor();
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByRole("list", { name: "Records to choose from" }).waitFor();
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByText("Choose the record to share.").waitFor();
  await look(maya, "share-which");
  await page.getByRole("searchbox", { name: "Search your records" }).fill("nothing like this");
  await page.getByText("No record found").first().waitFor();
  await look(maya, "share-which-none-found");
  await follow(page, "Records");
  await openFromList(page, titles[0]);
  await page.getByRole("link", { name: "Share", exact: true }).click();
  await page.getByLabel("E-mail address of the doctor or care team").fill("nobody@example.org");
  await page.getByRole("button", { name: "Find", exact: true }).click();
  await page.getByRole("alert").waitFor();
  await look(maya, "share-nobody");
  await page.getByLabel("E-mail address of the doctor or care team").fill(doctor.email);
  await page.getByRole("button", { name: "Find", exact: true }).click();
  await page.getByRole("list", { name: "Safety phrase" }).waitFor();
  await look(maya, "share-with-whom");
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByText("What do you share?").waitFor();
  await look(maya, "share-what");
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByText("No end", { exact: true }).click();
  await look(maya, "share-until-when");
  await page.getByText("1 day", { exact: true }).click();
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByRole("heading", { name: /may open and save copies of/ }).waitFor();
  await look(maya, "share-check");
  await page.getByRole("main").getByRole("button", { name: "Share", exact: true }).click();
  await heading(page, "Who can see what");
  await page.getByRole("button", { name: /^Stop sharing/ }).waitFor();
  await look(maya, "sharing");
  await page.getByRole("button", { name: /^Compare the six words/ }).click();
  await page.getByRole("dialog").getByRole("list", { name: "Safety phrase" }).waitFor();
  await look(maya, "sharing-compare");
  await page.getByRole("button", { name: "Not now" }).click();
  await page.getByRole("button", { name: /^Change the end/ }).click();
  await page.getByRole("dialog").getByText("So far:").waitFor();
  await page.getByText("Until a day that I choose", { exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Change the end" }).click();
  await page.getByText("Choose the last day.").waitFor();
  await look(maya, "sharing-change-end");
  await page.getByRole("button", { name: "Leave it as it is" }).click();
  // A second share, of a kind, by which the same record is reached once more.
  await go(maya, `${wire.url}/sharing/new`);
  await share(page, doctor.email, {
    length: "30 days",
    what: async () => {
      await page.getByText("A kind of record", { exact: true }).click();
      await page.getByLabel("Kind of record", { exact: true }).selectOption("other");
    },
  });
  await page.getByRole("button", { name: /^Stop sharing records/ }).waitFor();
  await look(maya, "sharing-two");
  await page.goto(page.url());
  await follow(page, "Add");
  await choose(page, [files[2]]);
  await pickCard(page, "letter.txt").getByLabel("Kind of record").selectOption("other");
  await page.getByText("will see it, because").waitFor();
  await look(maya, "add-will-be-seen");
  await go(maya, `${wire.url}/sharing?by=record`);
  await page.getByRole("heading", { name: "Other", exact: true }).waitFor();
  await look(maya, "sharing-by-record");
  await page.getByRole("button", { name: /^Stop sharing records/ }).first().click();
  await page.getByRole("dialog").getByText(/Stop sharing records filed under Other with/).waitFor();
  await look(maya, "sharing-stop-kind");
  await page.getByRole("button", { name: "Keep sharing" }).click();
  for (const [path, name] of [["/home", "home"], ["/sharing", "sharing"], ["/activity", "activity"]]) await lookWithoutPeople(maya, path, name);
  await go(maya, `${wire.url}/records`);
  await openFromList(page, titles[0]);
  await lookWithoutPeople(maya, new URL(page.url()).pathname, "record");

  await go(ito, `${wire.url}/patients`);
  await ito.page.getByRole("main").getByRole("link", { name: patient.name }).waitFor();
  await look(ito, "patients");
  await ito.page.getByRole("main").getByRole("link", { name: patient.name }).click();
  await ito.page.getByRole("link", { name: titles[0] }).waitFor();
  await look(ito, "patient");
  await lookWithoutPeople(ito, new URL(ito.page.url()).pathname, "patient");
  await go(ito, `${wire.url}/patients`);
  await ito.page.getByRole("main").getByRole("link", { name: patient.name }).click();
  await ito.page.getByRole("link", { name: titles[0] }).waitFor();
  await openFromList(ito.page, titles[0]);
  await drawn(ito.page);
  await look(ito, "patient-record");
  await saveCopy(ito.page);
  await go(maya, `${wire.url}/home`);
  await page.getByText(`${doctor.name} opened`).first().waitFor();
  await look(maya, "home");
  await follow(page, "Activity");
  await page.getByText("You made your vault").waitFor();
  await look(maya, "activity");
  await page.getByRole("button", { name: "One record", exact: true }).click();
  await page.getByRole("list", { name: "Records to choose from" }).waitFor();
  await look(maya, "activity-which");
  await page.getByRole("list", { name: "Records to choose from" }).getByRole("button", { name: titles[0] }).click();
  await page.getByText("You made your vault").waitFor({ state: "detached" });
  await look(maya, "activity-one");
  await go(maya, `${wire.url}/notices`);
  await page.getByText(/opened/).first().waitFor();
  const other = await person(browser, widths.phone);
  await signIn(other, wire.url, patient);
  await page.getByText(/^New sign-in to your account/).first().waitFor();
  await look(maya, "notices");
  await other.context.close();
  await follow(page, "Sharing");
  await page.getByRole("button", { name: new RegExp(`^Stop sharing ${titles[0]}`) }).click();
  await page.getByRole("dialog").getByText(`Stop sharing ${titles[0]} with ${doctor.name}?`).waitFor();
  await look(maya, "sharing-stop");
  await page.getByRole("dialog").getByRole("button", { name: "Stop sharing", exact: true }).click();
  await page.getByText("resealed", { exact: true }).waitFor();
  await look(maya, "sharing-ended");
  await go(maya, `${wire.url}/records`);
  await page.getByRole("button", { name: /Unlocked here/ }).click();
  await heading(page, "Locked");
  await look(maya, "locked");
  await page.getByLabel("Password", { exact: true }).fill("not the password");
  await page.getByRole("button", { name: "Unlock", exact: true }).click();
  await page.getByText("Your vault stays locked.").waitFor();
  await look(maya, "locked-error");
  await maya.context.route("**/api/v1/signout", (route) => route.abort());
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await page.getByText("you may still be signed in").waitFor();
  await look(maya, "locked-still-signed-in");
  await maya.context.unroute("**/api/v1/signout");

  for (const [who, { errors }] of Object.entries({ patient: maya, physician: ito })) if (errors.length) console.error(who, errors);
}

try {
  const isAside = (start) => Object.keys(asides).some((name) => start.startsWith(name));
  if (wanted.length === 0 || !wanted.every(isAside)) await onItsOwn(tellStory);
  for (const [name, takeThem] of Object.entries(asides)) {
    if (wanted.length > 0 && !wanted.some((start) => start.startsWith(name))) continue;
    await onItsOwn((server) => takeThem({ ...camera, browser, server, wire }));
  }
} finally {
  await browser.close();
  await wire.stop();
}
console.log(`${camera.taken()} pictures are in ${results}`);
