// A mail server of a test's own: real SMTP with STARTTLS, and what it was given.
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import selfsigned from "selfsigned";
import { SMTPServer } from "smtp-server";

export async function startMailbox() {
  const folder = await mkdtemp(join(tmpdir(), "healthbridge-end2end-"));
  const { cert, private: key } = await selfsigned.generate([{ name: "commonName", value: "localhost" }], {
    algorithm: "sha256",
    extensions: [
      { name: "basicConstraints", cA: false },
      { name: "subjectAltName", altNames: [{ type: 2, value: "localhost" }] },
    ],
  });
  const certificate = join(folder, "certificate.pem");
  await writeFile(certificate, cert);
  const mails = [];
  const server = new SMTPServer({
    key,
    cert,
    authOptional: true,
    onData(stream, session, done) {
      const pieces = [];
      stream.on("data", (piece) => pieces.push(piece));
      stream.on("end", () => {
        const text = Buffer.concat(pieces).toString();
        mails.push({ to: session.envelope.rcptTo.map(({ address }) => address), secure: session.secure, subject: text.match(/^Subject: (.*)$/m)?.[1].trim(), text });
        done();
      });
    },
  });
  // A client that goes away is no fault of the server's.
  server.on("error", () => {});
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  return {
    /** What a server needs to send its mail here. */
    environment: {
      HEALTHBRIDGE_MAIL: `smtp://localhost:${server.server.address().port}?tls=required`,
      SSL_CERT_FILE: certificate,
    },
    mails,
    async stop() {
      await new Promise((done) => server.close(done));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
