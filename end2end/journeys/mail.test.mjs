// Mail, as mail servers take it, put it off and refuse it: never in the open, not lost, not twice, and in words that say nothing.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { assertAccessibleAsItStands, person, startBrowser, widths } from "../support/browser.mjs";
import { plainCanary, searcher } from "../support/canary.mjs";
import { commandLine } from "../support/command.mjs";
import { partsOf, startMailbox } from "../support/mailbox.mjs";
import { assertQuiet, turn, until } from "../support/people.mjs";
import { startServer } from "../support/server.mjs";
import { startWire } from "../support/wire.mjs";

const ann = "ann@example.org";
const ito = "ito@example.org";
const vogt = "vogt@example.org";
const shared = "Records are shared with you";
const signedIn = "A new sign-in to your account";

/** What a mail server may want to hear first. Half of these letters mean something else in an address. */
const login = { name: "healthbridge@example.org", password: "tar/boats:float? 7%@#" };

/** A mail server, and a server that sends its mail there or by another `port`, with the right `password` or a wrong one. Both
 * go with the test. What is changed in `environment` counts from the next start on. */
async function startBoth(t, how, { password, port } = {}) {
  const mailbox = await startMailbox(how);
  t.after(() => mailbox.stop());
  const environment = { ...mailbox.environment, HEALTHBRIDGE_MAIL: mailbox.address({ password, port }) };
  const server = await startServer({ environment });
  t.after(() => server.stop());
  return { mailbox, server, environment };
}

/** The same with a wire in between, which keeps every byte that the mail server is sent. */
async function startWired(t, how) {
  const wire = await startWire();
  t.after(() => wire.stop());
  const both = await startBoth(t, how, { port: wire.port });
  wire.lead(both.mailbox.port);
  return { ...both, wire };
}

async function terminal(t, server) {
  const someone = await commandLine(server.url);
  t.after(() => someone.end());
  return someone;
}

/** Somebody who signs up at a command line of their own: a patient, or a care team with a `specialty`. */
async function signUp(t, server, email, { name = "Somebody", specialty } = {}) {
  const someone = await terminal(t, server);
  const as = specialty ? ["provider", "--specialty", specialty] : ["patient"];
  await someone.json("signup", "--email", email, "--name", name, "--as", ...as);
  return someone;
}

/** Signs in on one more computer, of which a mail tells. */
async function signInElsewhere(t, server, email) {
  await (await terminal(t, server)).json("login", "--email", email);
}

/** A patient who shares with each of these care teams, of which a mail tells them. */
async function shareWith(t, server, ...emails) {
  const patient = await signUp(t, server, ann);
  for (const email of emails) {
    await signUp(t, server, email, { specialty: "Cardiology" });
    await patient.json("share", "--category", "imaging", "--with", email);
  }
}

const mailsTo = (mailbox, email, subject) => mailbox.mails.filter((mail) => mail.to.includes(email) && mail.subject === subject);

async function arrived(mailbox, email, subject) {
  await until(() => mailsTo(mailbox, email, subject).length > 0, `a mail has arrived for ${email}: ${subject}`);
}

/** The lines of a server's log in which something is said. */
const said = (server, words) => server.log().split("\n").filter((line) => line.includes(words));

/** Waits until a mail could not be sent so many times, and gives what the log says last. None may have been given up. */
async function waits(server, times = 1) {
  await until(() => said(server, "a mail wa").length >= times, "the log says what became of the mail");
  assert.deepEqual(said(server, "a mail was given up"), [], "what may go later is not given up");
  return said(server, "a mail waits").at(-1);
}

/** Waits until a server that was asked to stop takes no connection any more. */
async function turnedAway(server) {
  await until(() => fetch(`${server.url}/healthz`).then(() => false, () => true), "nobody is let in any more");
}

function assertNoPassword(server) {
  const search = searcher({ password: login.password, "wrong password": `not ${login.password}` });
  assert.deepEqual(search({ log: Buffer.from(server.log()) }), [], "no password is in the log");
}

test("mail goes over TLS from the first byte on, after a login", async (t) => {
  const { mailbox, server } = await startBoth(t, { tls: "implicit", login });
  await shareWith(t, server, ito);
  await signInElsewhere(t, server, ann);
  await arrived(mailbox, ito, shared);
  await arrived(mailbox, ann, signedIn);
  for (const { secure, user } of mailbox.mails) assert.deepEqual({ secure, user }, { secure: true, user: login.name });
  assertNoPassword(server);
});

test("with a wrong password nothing arrives, and what waited goes once it is put right", async (t) => {
  const { mailbox, server, environment } = await startBoth(t, { tls: "implicit", login }, { password: `not ${login.password}` });
  await signUp(t, server, ann);
  await signInElsewhere(t, server, ann);
  await waits(server);
  assert.deepEqual([mailbox.mails, mailbox.asked], [[], []]);
  assertNoPassword(server);

  environment.HEALTHBRIDGE_MAIL = mailbox.address();
  await server.halt();
  await server.start({ passed: "+2h" });
  await arrived(mailbox, ann, signedIn);
  assertNoPassword(server);
});

// What is sent before the certificate is seen, and what TLS begins with.
for (const [tls, opening] of [["starttls", /^EHLO \S+\r\nSTARTTLS\r\n\x16\x03/], ["implicit", /^\x16\x03/]]) {
  test(`a certificate that is not trusted is sent nothing (${tls})`, async (t) => {
    const { mailbox, server, wire } = await startWired(t, { tls, login, trusted: false });
    await signUp(t, server, ann);
    await signInElsewhere(t, server, ann);
    assert.match(await waits(server), /certificate/, "the log says why");
    assert.notEqual(wire.sent().length, 0);
    for (const sent of wire.sent()) {
      const bytes = sent.toString("latin1");
      assert.match(bytes, opening);
      for (const words of ["AUTH ", "MAIL FROM", "RCPT TO", ann, login.name]) assert.ok(!bytes.includes(words), words);
      assert.deepEqual(searcher({ password: login.password })({ sent }), []);
    }
    assert.deepEqual([mailbox.mails, mailbox.asked], [[], []]);
  });
}

test("a mail server that has no STARTTLS where it is required is told nothing but a greeting", async (t) => {
  const { mailbox, server, wire } = await startWired(t, { tls: "none", login });
  await signUp(t, server, ann);
  await signInElsewhere(t, server, ann);
  await waits(server);
  assert.notEqual(wire.sent().length, 0);
  for (const sent of wire.sent()) assert.match(sent.toString("latin1"), /^EHLO \S+\r\n(QUIT\r\n)?$/);
  assert.deepEqual([mailbox.mails, mailbox.asked], [[], []]);
});

test("a mail that is put off goes later, once", async (t) => {
  const refusals = { [ito]: 451 };
  const { mailbox, server } = await startBoth(t, { answer: (email) => refusals[email] });
  await shareWith(t, server, ito);
  assert.match(await waits(server), /answered 451/, "the log says what the mail server answered");
  assert.ok(!(await waits(server)).includes(ito), "but not for whom");

  delete refusals[ito];
  await server.halt();
  await server.start({ passed: "+2h" });
  await arrived(mailbox, ito, shared);

  // Whatever else was due goes before a mail that is newer.
  await server.halt();
  await server.start({ passed: "+4h" });
  await signInElsewhere(t, server, ann);
  await arrived(mailbox, ann, signedIn);
  assert.equal(mailsTo(mailbox, ito, shared).length, 1, "it came once");
});

test("a mail that is on its way when the server is stopped arrives once", async (t) => {
  let take;
  const taken = new Promise((done) => (take = done));
  const { mailbox, server } = await startBoth(t, { taking: () => taken });
  await shareWith(t, server, ito);
  await arrived(mailbox, ito, shared);
  // The mail server has all of it, but says so only after the server was asked to stop.
  const halted = server.halt();
  await turnedAway(server);
  take();
  await halted;

  await server.start({ passed: "+2h" });
  await signInElsewhere(t, server, ann);
  await arrived(mailbox, ann, signedIn);
  assert.equal(mailsTo(mailbox, ito, shared).length, 1);
});

test("a mail that nobody takes is given up, and the others go", async (t) => {
  const { mailbox, server } = await startBoth(t, { answer: (email) => (email === ito ? 550 : undefined) });
  await shareWith(t, server, ito, vogt);
  await arrived(mailbox, vogt, shared);
  await until(() => said(server, "a mail was given up").length > 0, "the log says that it was given up");
  const [line] = said(server, "a mail was given up");
  assert.ok(line.includes("answered 550") && !line.includes(ito), "and what the mail server answered, but not for whom");

  await server.halt();
  await server.start({ passed: "+2h" });
  await signInElsewhere(t, server, ann);
  await arrived(mailbox, ann, signedIn);
  assert.deepEqual(mailbox.asked, [ito, vogt, ann], "it is not tried again");
});

test("a mail outlives a mail server that is away and a server that is killed meanwhile", async (t) => {
  const { mailbox, server } = await startBoth(t);
  await mailbox.close();
  await shareWith(t, server, ito);
  await waits(server);
  await server.kill();
  await server.start({ passed: "+1h" });
  await waits(server, 2);
  // A later clock again, so that nobody has to wait until it is tried once more.
  await server.kill();
  await mailbox.open();
  await server.start({ passed: "+2h" });
  await arrived(mailbox, ito, shared);
  assert.equal(mailbox.mails.length, 1);
});

test("mails are the same words for everybody, and can be read on a phone in light and dark", async (t) => {
  const { mailbox, server } = await startBoth(t);
  const browser = await startBrowser();
  t.after(() => browser.close());
  const work = await mkdtemp(join(tmpdir(), "healthbridge-mail-"));
  t.after(() => rm(work, { recursive: true, force: true }));
  const secrets = {};
  const secret = (what) => (secrets[what] = plainCanary());
  for (const email of [ito, vogt]) {
    const patient = await signUp(t, server, `${secret(`address shared with ${email}`)}@example.org`, { name: secret(`name shared with ${email}`) });
    await signUp(t, server, email, { name: secret(`name of ${email}`), specialty: secret(`specialty of ${email}`) });
    const file = join(work, `${secret(`file for ${email}`)}.txt`);
    await writeFile(file, secret(`content for ${email}`));
    const [{ id }] = await patient.json("upload", file, "--title", secret(`title for ${email}`), "--category", "imaging");
    await patient.json("share", "--record", id, "--with", email);
    await arrived(mailbox, email, shared);
  }
  await signInElsewhere(t, server, ito);
  await arrived(mailbox, ito, signedIn);
  const search = searcher(secrets);
  for (const mail of mailbox.mails) {
    const places = { mail: mail.text, ...partsOf(mail) };
    assert.deepEqual(Object.keys(places), ["mail", "text/plain", "text/html"]);
    for (const [place, text] of Object.entries(places)) assert.deepEqual(search({ [place]: Buffer.from(text) }), [], mail.subject);
  }
  const [one, other] = [ito, vogt].map((email) => mailsTo(mailbox, email, shared)[0]);
  assert.deepEqual(partsOf(one), partsOf(other));

  const reader = await person(browser, widths.phone);
  const { page } = reader;
  for (const mail of [one, mailsTo(mailbox, ito, signedIn)[0]]) {
    await page.setContent(partsOf(mail)["text/html"]);
    // A mail is read inside a mail program, which draws its ground: where none is named, axe takes it for white.
    await page.evaluate(() => {
      const main = document.createElement("main");
      main.style.background = "Canvas";
      main.append(...document.body.childNodes);
      document.body.append(main);
    });
    const grounds = new Set();
    for (const scheme of ["light", "dark"]) {
      await turn(page, scheme);
      grounds.add(await page.evaluate(() => getComputedStyle(document.querySelector("main")).backgroundColor));
      await assertAccessibleAsItStands(page, `the mail: ${mail.subject} (${scheme})`);
      const [has, needs] = await page.evaluate(() => [document.documentElement.clientWidth, document.documentElement.scrollWidth]);
      assert.ok(needs <= has, `${mail.subject} needs ${needs} of ${has}`);
    }
    assert.equal(grounds.size, 2, "the mail is dark where its reader is");
  }
  assertQuiet(reader, "mail");
  await reader.context.close();
});
