// A mail server of a test's own: real SMTP, as open or as strict as a test wants it, and what it was given.
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import selfsigned from "selfsigned";
import { SMTPServer } from "smtp-server";

/** A certificate for localhost that only those trust who were given it. */
function certify(name) {
  return selfsigned.generate([{ name: "commonName", value: name }], {
    algorithm: "sha256",
    extensions: [
      { name: "basicConstraints", cA: false },
      { name: "subjectAltName", altNames: [{ type: 2, value: "localhost" }] },
    ],
  });
}

/**
 * Starts one. It speaks TLS after STARTTLS, from the first byte on (`implicit`) or never (`none`). With a `login`, a name
 * and a password, it takes mail from nobody else. `answer` says with which code it refuses a recipient, if it does. A mail
 * that it was given it says to have taken when `taking` is done. Whoever has its environment trusts its certificate, unless
 * it is not `trusted`.
 */
export async function startMailbox({ tls = "starttls", login, trusted = true, answer = () => undefined, taking = async () => {} } = {}) {
  const folder = await mkdtemp(join(tmpdir(), "healthbridge-end2end-"));
  const { cert, private: key } = await certify("localhost");
  const certificate = join(folder, "certificate.pem");
  await writeFile(certificate, trusted ? cert : (await certify("somebody else")).cert);
  const mails = [];
  const asked = [];
  let server;
  let port = 0;

  async function open() {
    server = new SMTPServer({
      key,
      cert,
      secure: tls === "implicit",
      disabledCommands: tls === "none" ? ["STARTTLS"] : [],
      authOptional: !login,
      // A connection is kept for mail after mail: it may say more than somebody who only tries around.
      maxAllowedUnauthenticatedCommands: 1000,
      disableReverseLookup: true,
      closeTimeout: 100,
      onAuth({ username, password }, session, done) {
        const isRight = login && username === login.name && password === login.password;
        done(isRight ? null : new Error("Not with this name and password"), isRight ? { user: username } : undefined);
      },
      onRcptTo({ address }, session, done) {
        asked.push(address);
        const code = answer(address);
        done(code ? Object.assign(new Error(`Not to ${address}`), { responseCode: code }) : undefined);
      },
      onData(stream, session, done) {
        const pieces = [];
        stream.on("data", (piece) => pieces.push(piece));
        stream.on("end", () => {
          const text = Buffer.concat(pieces).toString();
          const to = session.envelope.rcptTo.map(({ address }) => address);
          mails.push({ to, secure: session.secure, user: session.user, subject: text.match(/^Subject: (.*)$/m)?.[1].trim(), text });
          taking().then(done);
        });
      },
    });
    // A client that goes away, or that does not trust the certificate, is no fault of the server's.
    server.on("error", () => {});
    server.listen(port, "127.0.0.1");
    await once(server.server, "listening");
    port = server.server.address().port;
  }
  const close = () => new Promise((done) => server.close(() => done()));

  /** Where a server sends its mail to, as its settings have it: here, or by a wire that has another port. */
  function address({ password = login?.password, port: by = port } = {}) {
    const who = login ? `${encodeURIComponent(login.name)}:${encodeURIComponent(password)}@` : "";
    return tls === "implicit" ? `smtps://${who}localhost:${by}` : `smtp://${who}localhost:${by}?tls=required`;
  }

  await open();
  return {
    port,
    address,
    /** What a server needs to send its mail here. */
    environment: { HEALTHBRIDGE_MAIL: address(), SSL_CERT_FILE: certificate },
    mails,
    /** Every recipient that it was asked to take mail for, taken or not. */
    asked,
    /** Is away until it is opened again, in the same place. */
    close,
    open,
    async stop() {
      await close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The parts of a mail as they are read, by their type: `text/plain` and `text/html`. */
export function partsOf({ text }) {
  const [, boundary] = text.match(/boundary="?([^"\s;]+)/);
  const parts = text.split(`--${boundary}`).slice(1, -1);
  return Object.fromEntries(
    parts.map((part) => {
      const end = part.indexOf("\r\n\r\n");
      const [headers, body] = [part.slice(0, end), part.slice(end + 4)];
      return [headers.match(/^Content-Type: ([^;\s]+)/im)[1], decoded(body, headers.match(/^Content-Transfer-Encoding: (\S+)/im)?.[1].toLowerCase())];
    }),
  );
}

function decoded(body, way) {
  if (way === "base64") return Buffer.from(body, "base64").toString();
  if (way !== "quoted-printable") return body;
  const whole = body.replace(/=\r\n/g, "").replace(/=([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(whole, "latin1").toString();
}
