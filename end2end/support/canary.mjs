// Canaries: strings that nobody else has, and the search for them in whatever form they may have got out.
import { randomInt } from "node:crypto";

const latin = "abcdefghijkmnpqrstuvwxyz23456789";
const foreign = "åäöøæéèñçßłđžšα漢字カナリア鳥声검색건강";

function random(letters, length) {
  const all = [...letters];
  return Array.from({ length }, () => all[randomInt(all.length)]).join("");
}

/** A string of plain letters that occurs nowhere else. */
export function plainCanary() {
  return `kanarie${random(latin, 16)}`;
}

/** A string of letters that few programs treat well. */
export function foreignCanary() {
  return random(foreign, 14);
}

/** UTF-16 with the high byte first. */
function utf16be(text) {
  return Buffer.from(text, "utf16le").swap16();
}

/** What is certain to stand in the base64 of any text that holds these bytes `offset` bytes after a multiple of 3. */
function base64At(bytes, offset) {
  const whole = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64").replace(/=+$/, "");
  const first = [0, 2, 3][offset];
  const last = (offset + bytes.length) % 3 === 0 ? whole.length : whole.length - 1;
  return whole.slice(first, last);
}

function jsonEscaped(text, every, upper) {
  return [...Array(text.length).keys()]
    .map((place) => {
      const unit = text.charCodeAt(place);
      if (!every && unit < 0x80) return text[place];
      const hex = unit.toString(16).padStart(4, "0");
      return `\\u${upper ? hex.toUpperCase() : hex}`;
    })
    .join("");
}

/** Every form in which a string may stand somewhere, by name. */
export function encodings(text) {
  const forms = new Map();
  const put = (name, bytes) => {
    const known = [...forms.values()].some((form) => form.equals(bytes));
    if (!known) forms.set(name, bytes);
  };
  const spellings = [text, text.normalize("NFC"), text.normalize("NFD"), text.toLowerCase(), text.toUpperCase()];
  for (const [index, spelling] of [...new Set(spellings)].entries()) {
    const of = (name) => (index ? `${name}, spelling ${index}` : name);
    const utf8 = Buffer.from(spelling);
    for (const [name, bytes] of [
      ["UTF-8", utf8],
      ["UTF-16LE", Buffer.from(spelling, "utf16le")],
      ["UTF-16BE", utf16be(spelling)],
    ]) {
      put(of(name), bytes);
      put(of(`${name} in hex`), Buffer.from(bytes.toString("hex")));
      put(of(`${name} in capital hex`), Buffer.from(bytes.toString("hex").toUpperCase()));
      for (const offset of [0, 1, 2]) {
        const base64 = base64At(bytes, offset);
        put(of(`${name} in base64 at ${offset}`), Buffer.from(base64));
        put(of(`${name} in base64 at ${offset} in a URL`), Buffer.from(encodeURIComponent(base64)));
        put(of(`${name} in base64url at ${offset}`), Buffer.from(base64.replaceAll("+", "-").replaceAll("/", "_")));
      }
    }
    const url = encodeURIComponent(spelling);
    put(of("URL"), Buffer.from(url));
    put(of("URL in small letters"), Buffer.from(url.replace(/%../g, (one) => one.toLowerCase())));
    put(of("URL, every byte"), Buffer.from([...utf8].map((byte) => `%${byte.toString(16).padStart(2, "0").toUpperCase()}`).join("")));
    put(of("form"), Buffer.from(url.replaceAll("%20", "+")));
    for (const every of [false, true]) {
      for (const upper of [false, true]) {
        put(of(`JSON${every ? ", every letter" : ""}${upper ? ", capital" : ""}`), Buffer.from(jsonEscaped(spelling, every, upper)));
      }
    }
  }
  return forms;
}

/**
 * Makes a search for canaries (name to string). It gives, for named buffers, every form of every canary that
 * occurs, as "canary as form in place".
 */
export function searcher(canaries) {
  const starts = new Uint8Array(1 << 16);
  const needles = new Map();
  for (const [canary, text] of Object.entries(canaries)) {
    for (const [form, bytes] of encodings(text)) {
      if (bytes.length < 6) throw new Error(`the canary ${canary} is too short to be told from chance`);
      starts[(bytes[0] << 8) | bytes[1]] = 1;
      const key = bytes.readUInt32LE(0);
      if (!needles.has(key)) needles.set(key, []);
      needles.get(key).push({ canary, form, bytes });
    }
  }
  return (places) => {
    const found = new Set();
    for (const [place, buffer] of Object.entries(places)) {
      for (let at = 0; at + 4 <= buffer.length; at++) {
        if (!starts[(buffer[at] << 8) | buffer[at + 1]]) continue;
        for (const { canary, form, bytes } of needles.get(buffer.readUInt32LE(at)) ?? []) {
          if (buffer.subarray(at, at + bytes.length).equals(bytes)) found.add(`${canary} as ${form} in ${place}`);
        }
      }
    }
    return [...found].sort();
  };
}
