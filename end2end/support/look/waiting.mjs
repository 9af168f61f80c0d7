// What does not come: pages that wait, a connection that is gone, a server that fails.
import { person, widths } from "../browser.mjs";
import { commandLine, password } from "../command.mjs";
import { noise } from "../files.mjs";
import {
  addChosen, choose, follow, go, heading, loseVault, openFromList, passwords, shareOpen, signIn, signUp, until, uploadRow,
} from "../people.mjs";
import { startServer } from "../server.mjs";
import { startWire } from "../wire.mjs";

/** From the next page on, the worker is not asked for the records, which never come: `Command::Records`, in CBOR. */
const withoutRecords = (page) =>
  page.addInitScript(() => {
    const { postMessage } = Worker.prototype;
    Worker.prototype.postMessage = function (message, ...rest) {
      if (message?.[1]?.[1] !== 7) postMessage.call(this, message, ...rest);
    };
  });

/** What a browser does that is short of room: sealed chunks that wait are gone. */
const forgetOutbox = (page) =>
  page.evaluate(
    () =>
      new Promise((done) => {
        indexedDB.open("healthbridge").onsuccess = ({ target }) => {
          target.result.transaction("chunks", "readwrite").objectStore("chunks").clear().onsuccess = done;
          target.result.close();
        };
      }),
  );

/** Waits until the page has said what it has to say: that something failed, that nothing is there, or what is. */
const said = (page) => page.locator("main :is(.alert, .empty, a.name)").first().waitFor();

export async function lookAtWaiting({ browser, look, lookWithoutPeople }) {
  const wire = await startWire();
  const server = await startServer({ environment: { HEALTHBRIDGE_PUBLIC_URL: wire.url, HEALTHBRIDGE_SIGN_UPS_PER_HOUR: "100" } });
  wire.lead(Number(new URL(server.url).port));
  const [maya, ito] = [await person(browser, widths.wide), await person(browser, widths.wide)];
  const { context, page } = maya;
  const patient = { name: "Maya Sørensen", email: "maya@example.org", password: passwords.patient };
  const doctor = { name: "Dr Kenji Ito", email: "ito@example.org", password: passwords.provider, specialty: "Cardiology", organisation: "St. Anna Hospital" };
  const log = /\/api\/v1\/vaults\/[^/]+\/log/;
  const others = [];
  try {
    await signUp(ito, wire.url, doctor);
    await signUp(maya, wire.url, patient);
    await follow(page, "Add");
    await choose(page, [{ name: "letter.txt", content: Buffer.from("Dear colleague,\n\nthank you for seeing this patient.\n") }, { name: "plan.txt", content: Buffer.from("The plan") }]);
    await addChosen(page, ["Letter", "Plan"]);

    // Uploads that do not get through.
    await choose(page, [{ name: "result.txt", content: Buffer.from("Potassium 4.2 mmol/L") }]);
    const fails = (route) => (route.request().method() === "POST" ? route.fulfill({ status: 500, body: Buffer.from([0x82, 0x08, 0x80]) }) : route.continue());
    await context.route(log, fails);
    await page.getByRole("button", { name: "Add 1 record" }).click();
    await uploadRow(page, "Result").getByRole("button", { name: /^Try again/ }).waitFor();
    await look(maya, "waiting-add-interrupted");
    await follow(page, "Home");
    await heading(page, /Maya/);
    await page.getByText("Recent records").waitFor();
    await look(maya, "waiting-home-interrupted");
    await context.unroute(log, fails);
    await page.getByRole("button", { name: /^Try again/ }).click();
    await uploadRow(page, "Result").waitFor({ state: "detached" });
    await follow(page, "Add");
    await choose(page, [{ name: "long-scan.bin", content: noise(40 << 20) }]);
    wire.holdAfter(20 << 20);
    await page.getByRole("button", { name: "Add 1 record" }).click();
    await until(wire.isHolding, "a part has arrived");
    await uploadRow(page, "Long scan").getByRole("button", { name: "Pause" }).click();
    await uploadRow(page, "Long scan").getByText("Paused", { exact: true }).waitFor();
    await look(maya, "waiting-add-paused");
    await uploadRow(page, "Long scan").getByRole("button", { name: "Go on" }).click();
    await forgetOutbox(page);
    await page.reload();
    wire.release();
    await uploadRow(page, "Long scan").getByText("Choose the same file again to go on").waitFor();
    await look(maya, "waiting-add-needs-file");
    await uploadRow(page, "Long scan").getByRole("button", { name: "Take away" }).click();
    await uploadRow(page, "Long scan").waitFor({ state: "detached" });

    // Without a connection, on pages that are there.
    await follow(page, "Records");
    await openFromList(page, "Plan");
    await page.getByText("The plan").waitFor();
    await page.getByRole("link", { name: "Share", exact: true }).click();
    await page.getByLabel("E-mail address of the doctor or care team").fill(doctor.email);
    wire.cut();
    await page.getByRole("button", { name: "Find", exact: true }).click();
    await said(page);
    await look(maya, "waiting-offline-share");
    await follow(page, "Records");
    await openFromList(page, "Letter");
    await said(page);
    await look(maya, "waiting-offline-record");
    await page.getByRole("button", { name: "Save a copy" }).click();
    await page.getByText("no copy was saved").waitFor();
    await look(maya, "waiting-offline-save");
    await page.getByRole("link", { name: "Edit", exact: true }).click();
    await page.getByLabel("Title").fill("Letter of the clinic");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await said(page);
    await look(maya, "waiting-offline-edit");
    await follow(page, "Records");
    await page.getByRole("main").getByRole("link", { name: "Letter" }).waitFor();
    await look(maya, "waiting-offline-records");
    await page.getByRole("button", { name: /Unlocked here/ }).click();
    await heading(page, "Locked");
    await page.getByLabel("Password", { exact: true }).fill(patient.password);
    await page.getByRole("button", { name: "Unlock", exact: true }).click();
    await page.getByRole("alert").waitFor();
    await look(maya, "waiting-offline-unlock");
    wire.mend();
    await page.getByRole("button", { name: "Unlock", exact: true }).click();
    await heading(page, "Records");

    const other = await person(browser, widths.wide);
    others.push(other);
    // Once it has asked for something, the page has all that it needs.
    await signIn(other, wire.url, { ...patient, password: "not the password" });
    await other.page.getByRole("alert").waitFor();
    wire.cut();
    await other.page.getByLabel("Password", { exact: true }).fill(patient.password);
    await other.page.getByRole("button", { name: "Sign in" }).click();
    await other.page.getByRole("alert").getByText("connection").first().waitFor();
    await look(other, "waiting-offline-sign-in");
    wire.mend();

    // The vault that opens, and what is then asked of it.
    await context.route("**/api/v1/**", () => {});
    await page.goto(`${wire.url}/home`);
    await page.getByText("Opening your vault.").waitFor();
    await look(maya, "waiting-home-opening");
    await page.goto(`${wire.url}/records`);
    await page.getByText("Your vault is not open yet.").waitFor();
    await look(maya, "waiting-long");
    await context.unroute("**/api/v1/**");
    const slow = { ...maya, page: await context.newPage() };
    await withoutRecords(slow.page);
    await go(slow, `${wire.url}/records`);
    await slow.page.getByText("Getting your records").waitFor({ state: "attached" });
    await look(slow, "waiting-records-loading");
    await follow(slow.page, "Home");
    await heading(slow.page, /Maya/);
    await look(slow, "waiting-home-loading");
    await go(slow, `${wire.url}/records/${"0".repeat(32)}/edit`);
    await heading(slow.page, "Edit the record");
    await look(slow, "waiting-edit-loading");
    await go(slow, `${wire.url}/sharing/new`);
    await slow.page.locator("main .skeleton, main form").first().waitFor();
    await look(slow, "waiting-share-loading");
    await loseVault(slow, `${wire.url}/records`);
    await look(slow, "waiting-lost");
    await slow.page.close();
    await context.unroute("**/api/v1/**");

    // A care team whose patients do not come.
    const ann = await commandLine(server.url);
    try {
      await ann.json("signup", "--email", "ann@example.org", "--name", "Ann Berg", "--as", "patient");
      await ann.json("share", "--category", "imaging", "--with", doctor.email, "--until", "30d");
      await go(maya, `${wire.url}/records`);
      await openFromList(page, "Letter");
      await shareOpen(page, doctor.email);
      await go(ito, `${wire.url}/patients`);
      const patients = ito.page.getByRole("main").getByRole("link");
      await patients.filter({ hasText: patient.name }).waitFor();
      const missing = await patients.filter({ hasText: "Ann Berg" }).getAttribute("href");
      await lookWithoutPeople(ito, `${wire.url}/patients`, "waiting-patients");
      const without = await person(browser, widths.wide);
      others.push(without);
      await without.context.route(new RegExp(`${missing.split("/").at(-1)}/log`), (route) => route.abort());
      await signIn(without, wire.url, doctor);
      await without.page.getByRole("main").getByRole("link", { name: patient.name }).waitFor();
      await look(without, "waiting-patients-one-not-come");
      await go(without, `${wire.url}${missing}`);
      await said(without.page);
      await look(without, "waiting-patient-not-come");
      await go(without, `${wire.url}/records/${"0".repeat(32)}`);
      await said(without.page);
      await look(without, "waiting-record-not-come");
      const all = await person(browser, widths.wide);
      others.push(all);
      await all.context.route(log, (route) => route.abort());
      await signIn(all, wire.url, doctor);
      await heading(all.page, "Patients");
      await said(all.page);
      await look(all, "waiting-patients-not-come");
    } finally {
      await ann.end();
    }
  } finally {
    for (const { context } of [maya, ito, ...others]) await context.close();
    await wire.stop();
    await server.stop();
  }
}
