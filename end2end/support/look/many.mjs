// Much of everything: a long list of records, a long history, and many who can see something.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { person, widths } from "../browser.mjs";
import { commandLine, password } from "../command.mjs";
import { go, heading, signIn } from "../people.mjs";

const team = [
  ["Dr Kenji Ito", "Cardiology", "St. Anna Hospital"],
  ["Lena Vogt", "Nursing", "Home care North"],
  ["Dr Amara Okonkwo-Lindström", "Diagnostic radiology", "Radiology at the Market"],
  ["Pharmacy at the Bridge", "Pharmacy", ""],
  ["Dr Piet de Vries", "General practice", "Practice de Vries and Partners"],
  ["Sara Lind", "Physiotherapy", "Moving Well"],
];
const kinds = ["imaging", "laboratory", "visit-notes", "medications", "other"];

export async function lookAtMany({ browser, server, wire, look }) {
  const folder = await mkdtemp(join(tmpdir(), "healthbridge-look-"));
  const everybody = [];
  async function signUp(name, ...more) {
    const someone = await commandLine(server.url);
    everybody.push(someone);
    const email = `${name.split(" ").at(-1).toLowerCase()}@example.org`;
    await someone.json("signup", "--email", email, "--name", name, ...more);
    return { ...someone, email };
  }
  try {
    const ann = await signUp("Ann Berg", "--as", "patient");
    const doctors = [];
    for (const [name, specialty, organisation] of team) {
      doctors.push(await signUp(name, "--as", "provider", "--specialty", specialty, "--organisation", organisation));
    }
    for (let number = 1; number <= 110; number++) {
      const day = `2026-${String((number % 5) + 1).padStart(2, "0")}-${String((number % 28) + 1).padStart(2, "0")}`;
      await writeFile(join(folder, `${day} Letter ${number}.txt`), `Letter ${number}`);
    }
    const records = await ann.json("upload", folder);
    const own = [];
    for (const [index, kind] of kinds.entries()) {
      const title = ["CT of the chest, with and without contrast", "Blood count", "Letter to the cardiologist", "List of tablets", "Sleep recording"][index];
      await ann.json("edit", records[index].id, "--category", kind, "--title", title);
      own.push(records[index].id);
    }
    // Twelve shares of six people, of records and of kinds, that end soon, later and never; and one that has ended.
    const shares = [
      [0, "--record", own[0], "5d"], [0, "--category", "laboratory", "30d"], [0, "--category", "imaging", "90d"],
      [1, "--category", "medications", "7d"], [1, "--record", own[2], "1d"],
      [2, "--category", "imaging", "none"],
      [3, "--category", "medications", "90d"], [3, "--record", own[3], "30d"],
      [4, "--category", "visit-notes", "none"], [4, "--category", "laboratory", "90d"], [4, "--record", own[4], "30d"],
      [5, "--record", own[4], "7d"],
    ];
    for (const [who, ...what] of shares) {
      const until = what.pop();
      await ann.json("share", ...what, "--with", doctors[who].email, "--until", until);
    }
    const { id: ended } = await ann.json("share", "--record", own[1], "--with", doctors[5].email);
    for (const [who, record] of [[0, 0], [0, 1], [3, 3], [4, 4]]) {
      await doctors[who].run("open", own[record], "--output", join(folder, `of-${who}-${record}`));
    }
    await ann.json("revoke", ended);

    const long = await person(browser, widths.wide);
    const { page } = long;
    await signIn(long, wire.url, { email: ann.email, password });
    await heading(page, /Ann/);
    await page.getByText("Ends this week").waitFor();
    await page.getByText("What others did").waitFor();
    await look(long, "many-home");
    await page.getByRole("button", { name: "Give more time" }).first().click();
    await page.getByRole("dialog").getByText("So far:").waitFor();
    await look(long, "many-give-more-time");
    await go(long, `${wire.url}/records`);
    await page.locator(".long li").first().waitFor();
    await look(long, "many-records");
    for (const [path, name] of [["/sharing", "many-sharing"], ["/sharing?by=record", "many-sharing-by-record"]]) {
      await go(long, `${wire.url}${path}`);
      await page.getByRole("button", { name: /^Stop sharing/ }).first().waitFor();
      await look(long, name);
    }
    await page.getByRole("searchbox").fill("letter 50");
    await page.getByText("1 record found").waitFor();
    await look(long, "many-sharing-searched");
    await go(long, `${wire.url}/sharing`);
    await page.getByRole("button", { name: /^Change the end/ }).first().click();
    await page.getByRole("dialog").getByText("So far:").waitFor();
    await look(long, "many-change-end");
    await page.getByText("No end", { exact: true }).click();
    await page.getByText("This share has no end.").waitFor();
    await look(long, "many-change-end-none");
    await page.getByRole("button", { name: "Leave it as it is" }).click();
    await page.getByRole("button", { name: /^Stop sharing imaging/ }).first().click();
    await page.getByRole("dialog").getByText(/^Stop sharing/).first().waitFor();
    await look(long, "many-stop");
    await go(long, `${wire.url}/activity`);
    await page.getByRole("button", { name: "Show more" }).waitFor();
    await look(long, "many-activity");
    await go(long, `${wire.url}/records/add`);
    await page.getByLabel("Choose files, or drop them here").setInputFiles(Array.from({ length: 24 }, (_, number) => ({ name: `page ${number + 1}.txt`, mimeType: "text/plain", buffer: Buffer.from(`Page ${number + 1}`) })));
    await page.getByRole("button", { name: "Add 24 records" }).waitFor();
    await look(long, "many-add");
    await long.context.close();
  } finally {
    for (const someone of everybody) await someone.end();
    await rm(folder, { recursive: true, force: true });
  }
}
