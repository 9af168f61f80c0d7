// The healthbridge command, as a script uses it.
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { binaries } from "./server.mjs";

export const password = "a quiet bridge over seven winters";

/** A person at a command line of their own. `run(...)` gives the exit code and both streams; `json(...)` the parsed answer. */
export async function commandLine(url) {
  const home = await mkdtemp(join(tmpdir(), "healthbridge-home-"));
  const run = (...args) =>
    new Promise((done) => {
      const environment = { PATH: process.env.PATH, HEALTHBRIDGE_PASSWORD: password, HEALTHBRIDGE_HOME: home, HEALTHBRIDGE_SERVER: url };
      execFile(join(binaries, "healthbridge"), args, { env: environment, encoding: "buffer", maxBuffer: 64 << 20 }, (error, out, err) =>
        done({ code: error ? error.code : 0, out, err: err.toString() }),
      );
    });
  const json = async (...args) => {
    const { code, out, err } = await run("--json", ...args);
    if (code !== 0) throw new Error(`healthbridge ${args.join(" ")}: ${err}`);
    return out.length ? JSON.parse(out.toString()) : undefined;
  };
  return { home, run, json, end: () => rm(home, { recursive: true, force: true }) };
}
