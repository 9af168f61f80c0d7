// What a person meets who was away: a session that ended over a file, and a server that was brought back from a backup.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { person, widths } from "../browser.mjs";
import { noise } from "../files.mjs";
import { addChosen, choose, follow, go, heading, passwords, signIn, signUp, until, uploadRow } from "../people.mjs";

export async function lookAfterwards({ browser, server, wire, look }) {
  const folder = await mkdtemp(join(tmpdir(), "healthbridge-look-"));
  const maya = await person(browser, widths.wide);
  const { page } = maya;
  const patient = { name: "Maya Sørensen", email: "maya@example.org", password: passwords.patient };
  const letter = (title) => ({ name: `${title}.txt`, content: Buffer.from(`${title}, dear colleague`) });
  try {
    await signUp(maya, wire.url, patient);
    await follow(page, "Add");
    await choose(page, [letter("Letter")]);
    await addChosen(page, ["Letter"]);
    await server.backup(join(folder, "backup"));

    await choose(page, [{ name: "long-scan.bin", content: noise(40 << 20) }]);
    wire.holdAfter(20 << 20);
    await page.getByRole("button", { name: "Add 1 record" }).click();
    await until(wire.isHolding, "a part has arrived");
    await uploadRow(page, "Long scan").getByRole("button", { name: "Pause" }).click();
    wire.release();
    const other = await person(browser, widths.phone);
    await signIn(other, wire.url, patient);
    await heading(other.page, /Maya/);
    await go(other, `${wire.url}/account`);
    await other.page.getByRole("button", { name: "Sign out everywhere else" }).click();
    await page.getByText("You are signed out here.").waitFor();
    await other.context.close();
    await look(maya, "after-signed-out");

    await page.getByLabel("E-mail").fill(patient.email);
    await page.getByLabel("Password", { exact: true }).fill(patient.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await uploadRow(page, "Long scan").getByText("Safe in your vault").waitFor();
    await server.halt();
    await server.restore(join(folder, "backup"));
    await server.start();
    await signIn(maya, wire.url, patient);
    await page.getByText("What was newest is gone from the server").waitFor();
    await page.waitForFunction(() => !document.querySelector("main .skeleton"));
    await look(maya, "after-restore");
    await follow(page, "Activity");
    await page.getByText("You made your vault").waitFor();
    await look(maya, "after-restore-activity");
  } finally {
    await maya.context.close();
    await rm(folder, { recursive: true, force: true });
  }
}
