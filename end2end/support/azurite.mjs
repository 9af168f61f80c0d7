// Runs a command while an Azurite with an empty container is there, and ends with the command's exit code. The
// command finds the address in HEALTHBRIDGE_TEST_AZURE; account and key are the ones that every Azurite has.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BlobServiceClient, StorageSharedKeyCredential } from "@azure/storage-blob";

const account = "devstoreaccount1";
const key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
const bin = join(import.meta.dirname, "../node_modules/.bin/azurite-blob");

const socket = createServer().listen(0, "127.0.0.1");
await once(socket, "listening");
const { port } = socket.address();
socket.close();
await once(socket, "close");

const work = await mkdtemp(join(tmpdir(), "healthbridge-azurite-"));
const azurite = spawn(bin, ["--silent", "--blobHost", "127.0.0.1", "--blobPort", port, "--location", work, "--skipApiVersionCheck", "--disableTelemetry"], { stdio: "inherit" });
let code = 1;
try {
  const url = `http://127.0.0.1:${port}/${account}`;
  const service = new BlobServiceClient(url, new StorageSharedKeyCredential(account, key), { retryOptions: { maxTries: 1 } });
  for (let tries = 0; ; tries++) {
    if (azurite.exitCode !== null) throw new Error("Azurite ended at once");
    const made = await service.getContainerClient("vaults").create().then(() => true, (error) => tries > 200 && Promise.reject(error));
    if (made) break;
    await sleep(50);
  }
  const command = spawn(process.argv[2], process.argv.slice(3), { stdio: "inherit", env: { ...process.env, HEALTHBRIDGE_TEST_AZURE: url } });
  [code] = await once(command, "exit");
} finally {
  if (azurite.exitCode === null && azurite.kill()) await once(azurite, "exit");
  await rm(work, { recursive: true, force: true });
}
process.exit(code ?? 1);
