// A server that lies: a proxy before an honest one, which the page loads from, and which changes answers on their way.
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, request as send } from "node:http";
import { buffer } from "node:stream/consumers";

/** What stands between two servers alone, and is not handed on. */
const BETWEEN = ["connection", "keep-alive", "transfer-encoding"];

export async function startLiar() {
  let target;
  let lies = [];
  const heard = [];
  const sockets = new Set();

  /** Hands a request on, and gives the answer as it comes. */
  async function forward({ method, url, headers }, body) {
    const upstream = send({ host: "127.0.0.1", port: target, method, path: url, headers, agent: false });
    // A page that closes breaks what it was being told.
    upstream.on("error", () => {});
    if (Buffer.isBuffer(body)) upstream.end(body);
    else body.pipe(upstream);
    const [answer] = await once(upstream, "response");
    const kept = Object.entries(answer.headers).filter(([name]) => !BETWEEN.includes(name));
    return { upstream, answer, headers: Object.fromEntries(kept) };
  }

  /** Gives the whole answer. */
  async function ask(incoming, body) {
    const { answer, headers } = await forward(incoming, body);
    return { status: answer.statusCode, headers, body: await buffer(answer) };
  }

  async function pass(incoming, outgoing) {
    const line = `${incoming.method} ${incoming.url}`;
    const lie = lies.find(({ at }) => at.test(line));
    if (!line.includes("/api/v1/") || line.includes("/events")) {
      const { upstream, answer, headers } = await forward(incoming, incoming);
      outgoing.on("close", () => upstream.destroy());
      outgoing.writeHead(answer.statusCode, headers);
      answer.pipe(outgoing);
      return;
    }
    const asked = await buffer(incoming);
    const made = lie?.instead?.(asked, line);
    const spoken = made ?? (await ask(incoming, asked));
    const { status = 200, headers = { "content-type": "application/cbor" } } = spoken;
    const body = status < 300 && lie?.answer ? lie.answer(spoken.body, line) : spoken.body;
    heard.push({ line, body: spoken.body });
    if (lie && (made || body !== spoken.body)) lie.told += 1;
    outgoing.writeHead(status, status === 204 ? headers : { ...headers, "content-length": body.length });
    outgoing.end(body);
  }

  const proxy = createServer((incoming, outgoing) => pass(incoming, outgoing).catch(() => outgoing.destroy()));
  proxy.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");

  return {
    url: `http://localhost:${proxy.address().port}`,
    /** Where it leads. */
    lead(to) {
      target = to;
    },
    /**
     * From now on lies about what is asked by such a line: `answer` gives other bytes for those of the server, or the
     * same; `instead` gives an answer of its own to what was asked, which then never reaches the server. How often it
     * lied is in `told`.
     */
    lie(at, what) {
      const lie = { at, told: 0, ...what };
      lies.push(lie);
      return lie;
    },
    /** Lies no more. */
    beHonest() {
      lies = [];
    },
    /** What was asked by such a line, and what the server itself said to it, oldest first. */
    heard: (at) => heard.filter(({ line }) => at.test(line)),
    /** The last of them. */
    newest: (at) => heard.findLast(({ line }) => at.test(line)),
    async stop() {
      proxy.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** The head of a CBOR value: what it is, its number, and where it goes on. */
function headAt(bytes, at) {
  const [major, short] = [bytes[at] >> 5, bytes[at] & 31];
  if (short < 24) return [major, short, at + 1];
  const length = 1 << (short - 24);
  return [major, length === 8 ? Number(bytes.readBigUInt64BE(at + 1)) : bytes.readUIntBE(at + 1, length), at + 1 + length];
}

function endOf(bytes, at) {
  const [major, number, start] = headAt(bytes, at);
  if (major === 2 || major === 3) return start + number;
  let end = start;
  for (let left = major === 4 ? number : 0; left > 0; left--) end = endOf(bytes, end);
  return end;
}

function headOf(major, number) {
  const length = number < 24 ? 0 : number < 0x100 ? 1 : number < 0x1_0000 ? 2 : 4;
  const bytes = Buffer.alloc(1 + length, (major << 5) | (length ? 24 + Math.log2(length) : number));
  if (length) bytes.writeUIntBE(number, 1, length);
  return bytes;
}

/** The parts of a message, each as it stands there. */
export function parts(message) {
  const [, count, start] = headAt(message, 0);
  const found = [];
  for (let at = start; found.length < count; ) {
    const end = endOf(message, at);
    found.push(message.subarray(at, end));
    at = end;
  }
  return found;
}

/** A message of these parts. */
export function message(...of) {
  return Buffer.concat([headOf(4, of.length), ...of]);
}

const number = (value) => headOf(0, value);
const string = (bytes) => Buffer.concat([headOf(2, bytes.length), bytes]);
const sha256 = (...pieces) => createHash("sha256").update(Buffer.concat(pieces)).digest();

/** The head of a log that goes on from this one by these signed entries. */
function grown(head, entries) {
  const [seq, chain] = parts(head);
  const end = entries.reduce((before, entry) => sha256(before, sha256(entry)), chain.subarray(-32));
  return message(number(headAt(seq, 0)[1] + entries.length), string(end));
}

/** A signed entry as it stands on a page of the log. */
const shown = (entry) => message(number(1), message(entry));

/** Whether there is nothing on a page of the log. */
export const isEmpty = (page) => parts(parts(page)[1]).length === 0;

/**
 * Keeps a browser, which has read a log to its end, where it stands. What it writes from now on stands there in the place
 * of what others write, and reaches the server as little as theirs reaches the browser. Gives the lie about writing.
 */
export function fork(liar, reading, writing) {
  const after = (line) => Number(/after=(\d+)/.exec(line)[1]);
  const end = liar.newest(reading);
  const [head, , now] = parts(end.body);
  const own = [];
  const answer = (_, line) => message(grown(head, own), message(...own.slice(after(line) - after(end.line)).map(shown)), now);
  const instead = (asked) => {
    own.push(...parts(parts(asked)[0]));
    return { body: message(grown(head, own)) };
  };
  liar.lie(reading, { answer });
  return liar.lie(writing, { instead });
}

/**
 * Rewrites what is read of a log from its beginning to other entries, all of them signed, and gives it a head to match:
 * the most careful lie that whoever has no key can tell.
 */
export const rewritten = (change) => (page, line) => {
  const [, items, now] = parts(page);
  const entries = change(parts(items).map((item) => parts(parts(item)[1])[0]));
  const vault = Buffer.from(/\/vaults\/([0-9a-f]{32})\//.exec(line)[1], "hex");
  const start = message(number(0), string(sha256(vault)));
  return message(grown(start, entries), message(...entries.map(shown)), now);
};
