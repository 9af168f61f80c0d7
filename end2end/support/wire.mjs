// The wire between a browser and a server: a plain TCP relay that keeps what was sent, and can be held or cut.
import { once } from "node:events";
import { connect, createServer } from "node:net";

export async function startWire() {
  const sent = [];
  const sockets = new Set();
  let target;
  let forwarded = 0;
  let holdAt = Infinity;
  let isCut = false;
  let refusing;
  const resting = new Set();
  const asked = new Map();
  const frozen = new Set();

  const relay = createServer({ pauseOnConnect: true }, (connection) => {
    if (isCut || !target) return connection.destroy();
    const upstream = connect(target, "127.0.0.1");
    const kept = [];
    sent.push(kept);
    let putting = false;
    for (const socket of [connection, upstream]) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        resting.delete(socket);
        frozen.delete(socket);
        asked.delete(socket);
        connection.destroy();
        upstream.destroy();
      });
    }
    connection.on("data", (piece) => {
      if (refusing && piece.toString("latin1", 0, 200).startsWith(`GET ${refusing} `)) {
        refusing = undefined;
        connection.end("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        return;
      }
      kept.push(piece);
      forwarded += piece.length;
      upstream.write(piece);
      // Only what puts chunks is held: pages and everything small still pass.
      const begun = /^([A-Z]{3,7} \/\S*)/.exec(piece.toString("latin1", 0, 120));
      if (begun) {
        asked.set(connection, begun[1]);
        putting = /^PUT \S+\/chunks\//.test(begun[1]);
      }
      if (putting && forwarded >= holdAt) {
        connection.pause();
        resting.add(connection);
      }
    });
    upstream.on("data", (piece) => frozen.has(connection) || connection.write(piece));
    connection.resume();
  });
  relay.listen(0, "127.0.0.1");
  await once(relay, "listening");
  const { port } = relay.address();

  return {
    port,
    url: `http://localhost:${port}`,
    /** Where it leads. */
    lead(to) {
      target = to;
    },
    /** Everything that was sent to the server so far, one buffer for each connection. */
    sent: () => sent.map((kept) => Buffer.concat(kept)),
    /** Lets only so many more bytes through; chunks that come after wait. */
    holdAfter(bytes) {
      holdAt = forwarded + bytes;
    },
    /** Whether the limit is reached. */
    isHolding: () => resting.size > 0,
    /** Lets everything through again. */
    release() {
      holdAt = Infinity;
      for (const connection of resting) connection.resume();
      resting.clear();
    },
    /** Breaks every connection, and refuses new ones until `mend`. */
    cut() {
      isCut = true;
      for (const socket of sockets) socket.destroy();
    },
    mend() {
      isCut = false;
    },
    /** As after a sleep: what was last asked for by this request's line is never answered again, and does not end. */
    freeze(line) {
      for (const [connection, last] of asked) if (last.startsWith(line)) frozen.add(connection);
      return frozen.size;
    },
    /** Answers the next GET of this path as a proxy does whose server is just away. */
    refuseOnce(path) {
      refusing = path;
    },
    /** Whether it did. */
    hasRefused: () => refusing === undefined,
    async stop() {
      relay.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
