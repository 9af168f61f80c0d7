// Files from hostile hands: with programs in them, with a size that no memory holds, or that take for ever to be drawn.
// Whoever adds and opens one sees that nothing runs, and goes on.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { deflateSync } from "node:zlib";
import { person, startBrowser, widths } from "../support/browser.mjs";
import { crc32, png } from "../support/files.mjs";
import { addChosen, assertQuiet, checkPage, choose, drawn, follow, heading, openFromList, passwords, pickCard, saveCopy, signUp } from "../support/people.mjs";
import { startServer } from "../support/server.mjs";

/** What would be seen if it ran: in the page, on the wire, and on the screen. */
const PROGRAM = "globalThis.ran = true; fetch('/ran'); alert('ran');";
const TOO_LONG = "This file takes too long to be shown. You can save a copy.";

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

/** Somebody about to add records, and what fails if anything ran. */
async function toAdd(email) {
  const someone = await person(browser, widths.wide);
  const { context, page } = someone;
  const ran = [];
  page.on("dialog", (dialog) => {
    ran.push(`a dialog: ${dialog.message()}`);
    return dialog.dismiss();
  });
  page.on("popup", () => ran.push("a window"));
  context.on("request", (request) => {
    const { protocol, origin, pathname } = new URL(request.url());
    const isOwn = protocol === "blob:" || protocol === "data:" || origin === server.url;
    if (!isOwn || pathname.endsWith("/ran")) ran.push(`a request: ${request.url()}`);
  });
  await signUp(someone, server.url, { name: "Maya Sørensen", email, password: passwords.patient });
  await follow(page, "Add");
  await heading(page, "Add records");
  const nothingRan = async () => {
    assert.deepEqual(ran, []);
    assert.equal(page.frames().length, 1, "there is no frame");
    assert.equal(await page.evaluate(() => globalThis.ran), undefined);
    assert.equal(await page.workers()[0].evaluate(() => globalThis.ran), undefined);
  };
  return { ...someone, nothingRan };
}

/** Adds files, each under its own title. */
async function add(page, files) {
  await choose(page, files);
  for (const { name, title } of files) await pickCard(page, name).getByLabel("Title").fill(title);
  await addChosen(page, files.map(({ title }) => title));
}

async function open(page, title) {
  await follow(page, "Records");
  await openFromList(page, title);
}

/** A stream of a document. */
function stream(content, entries = "") {
  return `<< /Length ${content.length}${entries} >>\nstream\n${content}\nendstream`;
}

/** A document of these objects, the catalog first. Every character is a byte. */
function assemble(objects, { start = "%PDF-1.7\n" } = {}) {
  let text = start;
  const places = objects.map((object, index) => {
    const place = text.length;
    text += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return place;
  });
  const table = text.length;
  text += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n`;
  text += places.map((place) => `${String(place).padStart(10, "0")} 00000 n \n`).join("");
  text += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${table}\n%%EOF\n`;
  return Buffer.from(text, "latin1");
}

/** A document with a page, on which there is something to see. */
function paper({ catalog = "", content = "0.1 0.4 0.4 rg 40 40 120 60 re f", more = [], entries = "", start } = {}) {
  return assemble([
    `<< /Type /Catalog /Pages 2 0 R${catalog} >>`,
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R${entries} >>`,
    typeof content === "string" ? stream(content) : stream(content.toString("latin1"), " /Filter /FlateDecode"),
    ...more,
  ], { start });
}

/** A document that runs a program when it is opened, when it is printed, and when somebody clicks on it. */
function programmed() {
  const action = `<< /S /JavaScript /JS (${PROGRAM.replace(/[\\()]/g, "\\$&")}) >>`;
  return paper({
    catalog: ` /OpenAction ${action} /AA << /WP ${action} >> /Names << /JavaScript << /Names [(start) ${action}] >> >>`,
    entries: ` /AA << /O ${action} >> /Annots [<< /Type /Annot /Subtype /Link /Rect [0 0 200 200] /A << /S /URI /URI (http://ran.example.org/ran) >> >>]`,
  });
}

/** A document whose page draws a form twice, which draws another one twice, and so on: a million million times nothing. */
function nested() {
  const first = 5;
  const depth = 40;
  const forms = Array.from({ length: depth }, (_, level) => {
    const entries = " /Type /XObject /Subtype /Form /BBox [0 0 200 200]";
    if (level === depth - 1) return stream("n", entries);
    return stream("/F Do /F Do", `${entries} /Resources << /XObject << /F ${first + level + 1} 0 R >> >>`);
  });
  return paper({ content: "/F Do /F Do", entries: ` /Resources << /XObject << /F ${first} 0 R >> >>`, more: forms });
}

/** A picture that claims to have 100,000 pixels a side. */
function hugePicture() {
  const picture = png();
  picture.writeUInt32BE(100_000, 16);
  picture.writeUInt32BE(100_000, 20);
  picture.writeUInt32BE(crc32(picture.subarray(12, 29)), 29);
  return picture;
}

test("no program in a file runs, whatever the file calls itself", async () => {
  const someone = await toAdd("programs@example.org");
  const { page, nothingRan } = someone;
  const html = `<!DOCTYPE html><html><body onload="${PROGRAM}"><script>${PROGRAM}</script><img src="/ran" onerror="${PROGRAM}"></body></html>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" onload="${PROGRAM}"><script>${PROGRAM}</script><image href="http://ran.example.org/ran"/></svg>`;
  const xml = `<?xml version="1.0"?><plan xmlns:h="http://www.w3.org/1999/xhtml"><h:script>${PROGRAM}</h:script></plan>`;
  const kept = [
    { title: "A web page", name: "page.html", type: "text/html", content: Buffer.from(html) },
    { title: "A page called a picture", name: "picture.png", type: "image/png", content: Buffer.from(html) },
    { title: "A drawing", name: "drawing.svg", type: "image/svg+xml", content: Buffer.from(svg) },
    // To some readers the second of these is a document, because its mark stands near the beginning.
    { title: "A page and a document", name: "both.pdf", type: "application/pdf", content: Buffer.concat([Buffer.from(`${html}<!--\n`), paper()]) },
  ];
  const shown = [
    { title: "A document with programs", name: "programs.pdf", type: "application/pdf", content: programmed() },
    { title: "A document and a page", name: "both.html", type: "text/html", content: paper({ start: `%PDF-1.7\n%${html}<!--\n` }) },
  ];
  const text = { title: "A plan", name: "plan.xml", type: "application/xml", content: Buffer.from(xml) };
  await add(page, [...kept, ...shown, text]);
  for (const { title, content } of kept) {
    await open(page, title);
    await page.getByText("This record is kept, but cannot be shown here").waitFor();
    assert.ok((await saveCopy(page)).bytes.equals(content), title);
    await nothingRan();
  }
  for (const { title, content } of shown) {
    await open(page, title);
    await drawn(page);
    await page.locator("canvas").dispatchEvent("click");
    assert.ok((await saveCopy(page)).bytes.equals(content), title);
    await nothingRan();
  }
  await open(page, text.title);
  assert.equal(await page.locator("pre.text-record").textContent(), xml);
  assert.ok((await saveCopy(page)).bytes.equals(text.content));
  await nothingRan();
  assertQuiet(someone, "files with programs");
  await someone.context.close();
});

test("a small file that unpacks to more than memory holds is kept, and the vault goes on", async () => {
  const someone = await toAdd("bombs@example.org");
  const { page, nothingRan } = someone;
  const bomb = deflateSync(Buffer.alloc(64 << 20, " "));
  assert.ok(bomb.length < 100_000);
  const files = [
    { title: "A picture", name: "picture.png", content: hugePicture() },
    { title: "A letter", name: "letter.txt", content: Buffer.from("Dear Maya") },
    { title: "A document", name: "document.pdf", content: paper({ content: bomb }) },
  ];
  // What takes too long to be looked at is described by its name alone.
  await page.getByLabel("Choose files, or drop them here").setInputFiles(files.map(({ name, content }) => ({ name, mimeType: "", buffer: content })));
  for (const { name, title } of files) {
    const field = pickCard(page, name).getByLabel("Title");
    await field.waitFor({ timeout: 90_000 });
    await field.fill(title);
  }
  await addChosen(page, files.map(({ title }) => title));
  await open(page, "A picture");
  await page.getByText("This picture is too large to be shown here.").waitFor();
  await open(page, "A document");
  // An empty page, or the sentence: both are right.
  await page.locator("canvas").waitFor({ state: "attached" });
  await page.locator(".stage-pan[aria-busy='true']").waitFor({ state: "detached", timeout: 60_000 });
  await open(page, "A letter");
  await page.getByText("Dear Maya").waitFor();
  await nothingRan();
  assertQuiet(someone, "files that unpack to more than memory holds");
  await someone.context.close();
});

test("a document that takes for ever to be drawn holds up neither the page nor the lock", async () => {
  const someone = await toAdd("endless@example.org");
  const { page, nothingRan } = someone;
  await add(page, [{ title: "Letter", name: "letter.txt", content: Buffer.from("Dear Maya") }]);
  await page.getByLabel("Choose files, or drop them here").setInputFiles([{ name: "endless.pdf", mimeType: "application/pdf", buffer: nested() }]);
  await pickCard(page, "endless.pdf").getByLabel("Title").waitFor({ timeout: 90_000 });
  await addChosen(page, ["Endless"]);

  await open(page, "Endless");
  const drawing = page.locator(".stage-pan[aria-busy='true']");
  await drawing.waitFor();
  await page.getByRole("button", { name: /Unlocked here/ }).click();
  const locked = performance.now();
  await heading(page, "Locked");
  assert.ok(performance.now() - locked < 5_000, "it locks at once");
  await page.getByLabel("Password", { exact: true }).fill(passwords.patient);
  await page.getByRole("button", { name: "Unlock", exact: true }).click();
  await heading(page, "Endless");
  await page.getByText(TOO_LONG).waitFor({ timeout: 60_000 });
  await drawing.waitFor({ state: "detached" });
  await checkPage(someone, "a document that takes too long");

  // The next file has a new decoder, and so has this one.
  await open(page, "Letter");
  await page.getByText("Dear Maya").waitFor();
  await open(page, "Endless");
  await page.getByText(TOO_LONG).waitFor({ timeout: 60_000 });
  assert.ok((await saveCopy(page)).bytes.equals(nested()));
  await nothingRan();
  assertQuiet(someone, "a document that takes for ever");
  await someone.context.close();
});
