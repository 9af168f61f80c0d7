// A server of a test's own: the real binary, a free port, a folder that goes away with it.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import initSqlJs from "sql.js";

export const root = resolve(import.meta.dirname, "../..");
const target = process.env.CARGO_TARGET_DIR ?? join(root, "target");
/** A release that `make release` laid out, with HEALTHBRIDGE_DIST; without, what the tests built. A site only fits the
 * server that was built like it. */
const dist = process.env.HEALTHBRIDGE_DIST;
export const binaries = dist ?? join(target, "debug");
const site = dist && { HEALTHBRIDGE_SITE: join(dist, "site") };
export const corpus = resolve(root, "../shared/corpus");

/** A port that nothing listens on. */
export async function freePort() {
  const socket = createServer().listen(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  socket.close();
  await once(socket, "close");
  return port;
}

/** What makes a program believe that this much time has passed, such as "+8d". */
function later(passed) {
  const library = readdirSync("/usr/lib", { withFileTypes: true })
    .map(({ name }) => `/usr/lib/${name}/faketime/libfaketimeMT.so.1`)
    .find(existsSync);
  if (!library) throw new Error("faketime is not installed: run `make setup`");
  return { LD_PRELOAD: library, FAKETIME: passed, FAKETIME_DONT_FAKE_MONOTONIC: "1" };
}

/** Starts a server; after `kill()` or `halt()`, `start()` runs it again on the same data. */
export async function startServer({ environment = {} } = {}) {
  const data = await mkdtemp(join(tmpdir(), "healthbridge-end2end-"));
  const port = await freePort();
  const url = `http://localhost:${port}`;
  let log = "";
  let child;
  async function start({ passed } = {}) {
    child = spawn(
      join(binaries, "healthbridge-server"),
      ["serve", "--data", data, "--listen", `127.0.0.1:${port}`],
      { cwd: root, env: { ...process.env, ...site, HEALTHBRIDGE_PUBLIC_URL: url, RUST_LOG: "debug,hyper=info,sqlx=info", ...environment, ...(passed && later(passed)) } },
    );
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece) => (log += piece));
    for (let tries = 0; tries < 200; tries++) {
      if (child.exitCode !== null) throw new Error(`the server ended at once:\n${log}`);
      if (await fetch(`${url}/healthz`).then((answer) => answer.ok, () => false)) return;
      await sleep(50);
    }
    throw new Error(`the server does not answer:\n${log}`);
  }
  async function kill(signal) {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, "exit");
  }
  const operate = (...words) =>
    promisify(execFile)(join(binaries, "healthbridge-server"), words, { cwd: root, env: { ...process.env, HEALTHBRIDGE_DATA: data, ...environment } });
  await start();
  return {
    url,
    data,
    log: () => log,
    kill: () => kill("SIGKILL"),
    /** Stops it as an operator does; the data stay. */
    halt: () => kill("SIGTERM"),
    start,
    /** Copies everything into a new folder, also while it serves. */
    backup: (folder) => operate("backup", folder),
    /** Brings a backup back, as on a new disk: of what was there, only the key files are left. It must be halted. */
    async restore(folder) {
      for (const name of await readdir(data)) {
        if (!name.endsWith(".key")) await rm(join(data, name), { recursive: true, force: true });
      }
      await operate("restore", folder);
    },
    /** Changes rows of the database behind its back; it must be halted. */
    async tamper(...statements) {
      const file = join(data, "healthbridge.db");
      const { Database } = await initSqlJs();
      const bytes = await readFile(file);
      // In memory there is no write-ahead log: the header says so, and the server begins a new one.
      bytes.fill(1, 18, 20);
      const database = new Database(bytes);
      try {
        for (const statement of statements) database.run(statement);
        await writeFile(file, database.export());
      } finally {
        database.close();
      }
    },
    async stop() {
      await kill("SIGTERM");
      await rm(data, { recursive: true, force: true });
    },
  };
}
