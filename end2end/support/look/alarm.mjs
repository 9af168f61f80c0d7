// The alarm: what a person sees of a server that lies, and what is left of the pages behind it.
import { password } from "../command.mjs";
import { isEmpty } from "../liar.mjs";
import { CHUNK, READ_LOG, find, link, startLying } from "../lied.mjs";
import { follow, go, heading, openFromList, signIn, until } from "../people.mjs";

export async function lookAtAlarms({ look }) {
  const lying = await startLying();
  const { liar } = lying;
  const alarm = ({ page }) => page.getByRole("alert").first().waitFor();
  try {
    const ito = await lying.physician("Dr Kenji Ito");
    const maya = await lying.patient("Letter", "Plan");
    await maya.json("share", "--record", maya.ids.Letter, "--with", ito.email, "--until", "7d");
    const someone = await lying.device(maya);
    const { page } = someone;

    // A file that is not what was sealed.
    liar.lie(CHUNK, { answer: (body) => Buffer.from(body).fill(7, body.length - 20) });
    await follow(page, "Records");
    await openFromList(page, "Letter");
    await alarm(someone);
    await look(someone, "alarm-record");
    await page.getByRole("button", { name: "I have read this" }).click();
    liar.beHonest();
    await follow(page, "Records");

    // An older history than this page has seen.
    const doctor = await lying.newDevice();
    await signIn(doctor, liar.url, { email: ito.email, password });
    await link(doctor.page, maya.name).waitFor();
    await until(() => isEmpty(liar.newest(READ_LOG).body), "the history was read to its end");
    const older = liar.newest(READ_LOG).body;
    await maya.add("Scan");
    await link(page, "Scan").waitFor();
    // Only who has come to a share before can go back to it.
    await follow(page, "Sharing");
    await page.getByRole("link", { name: "Share", exact: true }).first().click();
    await heading(page, "Share");
    await follow(page, "Records");
    await link(page, "Scan").waitFor();
    liar.lie(READ_LOG, { answer: () => older });
    await maya.add("Report");
    await alarm(someone);
    await look(someone, "alarm-records");
    await alarm(doctor);
    await look(doctor, "alarm-patients");
    await follow(page, "Sharing");
    await heading(page, "Who can see what");
    await page.getByRole("main").getByRole("link", { name: "Share", exact: true }).waitFor({ state: "detached" });
    await look(someone, "alarm-sharing");
    await page.goBack();
    await page.goBack();
    await heading(page, "Share");
    await find(page, ito.email);
    for (const step of ["Go on", "A kind of record", "Go on", "Go on"]) {
      const pressed = step === "Go on" ? page.getByRole("button", { name: step }) : page.getByText(step, { exact: true });
      await pressed.click();
    }
    await page.getByRole("main").getByRole("button", { name: "Share", exact: true }).click();
    await page.getByText("Nothing was shared, and what you chose is still here.").waitFor();
    await look(someone, "alarm-share");
    await page.getByRole("button", { name: "I have read this" }).click();
    for (const [tab, title] of [["Home", /Maya/], ["Records", "Records"], ["Activity", "Activity"]]) {
      await follow(page, tab);
      await heading(page, title);
      await page.waitForFunction(() => !document.querySelector("main .skeleton"));
      await look(someone, `alarm-read-${tab.toLowerCase()}`);
    }
    await go(someone, `${liar.url}/records`);
    await heading(page, "Locked");
    await alarm(someone);
    await look(someone, "alarm-locked");
    const other = await lying.newDevice();
    liar.lie(READ_LOG, { answer: (body) => body.subarray(0, body.length / 2) });
    await signIn(other, liar.url, { email: maya.email, password });
    await alarm(other);
    await look(other, "alarm-sign-in");
  } finally {
    await lying.endPeople();
    await lying.stop();
  }
}
