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
    if (Buffer.isBuffer(body)) upstream.end(body);
    else body.pipe(upstream);
    const [answer] = await once(upstream, "response");
    const kept = Object.entries(answer.headers).filter(([name]) => !BETWEEN.includes(name));
    return { upstream, answer, headers: Object.fromEntries(kept) };
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
    const spoken = made ?? (await forward(incoming, asked).then(async ({ answer, headers }) => ({ status: answer.statusCode, headers, body: await buffer(answer) })));
    const { status = 200, headers = { "content-type": "application/cbor" } } = spoken;
    const body = status < 300 && lie?.answer ? lie.answer(spoken.body, line) : spoken.body;
    heard.push({ line, body: spoken.body, reached: !made });
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

export const number = (value) => headOf(0, value);

const sha256 = (...pieces) => createHash("sha256").update(Buffer.concat(pieces)).digest();

/** The head of a log that goes on from this one by these signed entries. */
export function grown(head, entries) {
  const [seq, chain] = parts(head);
  const digest = (before, entry) => sha256(before, sha256(entry));
  const end = entries.reduce(digest, chain.subarray(2));
  return message(number(headAt(seq, 0)[1] + entries.length), Buffer.concat([headOf(2, end.length), end]));
}
