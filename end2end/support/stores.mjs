// Runs a command while an Azurite with an empty container and an S3 with an empty bucket are there, both of the name
// `vaults`, and ends with the command's exit code. The command finds their addresses in HEALTHBRIDGE_TEST_AZURE and
// HEALTHBRIDGE_TEST_S3; account and keys are the ones that every Azurite and every s3rver has.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BlobServiceClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import S3rver from "s3rver";

const account = "devstoreaccount1";
const key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
const bin = join(import.meta.dirname, "../node_modules/.bin/azurite-blob");

const socket = createServer().listen(0, "127.0.0.1");
await once(socket, "listening");
const { port } = socket.address();
socket.close();
await once(socket, "close");

const work = await mkdtemp(join(tmpdir(), "healthbridge-stores-"));
const [azure, buckets] = [join(work, "azure"), join(work, "s3")];
await mkdir(azure);
await mkdir(buckets);
const azurite = spawn(bin, ["--silent", "--blobHost", "127.0.0.1", "--blobPort", port, "--location", azure, "--skipApiVersionCheck", "--disableTelemetry"], { stdio: "inherit" });
const s3 = new S3rver({ address: "127.0.0.1", port: 0, silent: true, directory: buckets, configureBuckets: [{ name: "vaults" }] });
let code = 1;
try {
  const s3Port = (await s3.run()).port;
  const url = `http://127.0.0.1:${port}/${account}`;
  const service = new BlobServiceClient(url, new StorageSharedKeyCredential(account, key), { retryOptions: { maxTries: 1 } });
  for (let tries = 0; ; tries++) {
    if (azurite.exitCode !== null) throw new Error("Azurite ended at once");
    const made = await service.getContainerClient("vaults").create().then(() => true, (error) => tries > 200 && Promise.reject(error));
    if (made) break;
    await sleep(50);
  }
  const environment = { HEALTHBRIDGE_TEST_AZURE: url, HEALTHBRIDGE_TEST_S3: `http://127.0.0.1:${s3Port}` };
  const command = spawn(process.argv[2], process.argv.slice(3), { stdio: "inherit", env: { ...process.env, ...environment } });
  [code] = await once(command, "exit");
} finally {
  if (azurite.exitCode === null && azurite.kill()) await once(azurite, "exit");
  await s3.close().catch(() => {});
  await rm(work, { recursive: true, force: true });
}
process.exit(code ?? 1);
