// What a server's certificate can be: each is reported as that, and not as a server that does not answer.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer as createHttp } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { join } from "node:path";
import test from "node:test";
import type { TestContext } from "node:test";
import { isOutage, request } from "../../core/http/http.ts";
import { ZotAuthError } from "../../core/errors.ts";
import { tlsError } from "../../core/http/tls.ts";
import { folder } from "../systems/onePassword/support/support.ts";

async function listening(t: TestContext, server: Server): Promise<number> {
  await new Promise<void>((done) => {
    server.listen(0, "127.0.0.1", done);
  });
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function errorAt(url: string): Promise<ZotAuthError> {
  const error = await request({ name: "Forgejo", url, setting: "forgejo.url" }, "/").then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ZotAuthError, String(error));
  assert.ok(!isOutage(error), "it is not retried as an outage");
  return error;
}

const OPENSSL = spawnSync("openssl", ["version"]).status === 0;

test("a certificate of a CA of one's own", { skip: OPENSSL ? false : "needs openssl" }, async (t) => {
  const directory = folder(t);
  const [key, cert] = [join(directory, "key.pem"), join(directory, "cert.pem")];
  const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
  const made = spawnSync("openssl", [
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    ...subject,
    "-keyout",
    key,
    "-out",
    cert,
  ]);
  assert.equal(made.status, 0, String(made.stderr));
  const port = await listening(
    t,
    createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_, out) => out.end()),
  );
  const { code, message } = await errorAt(`https://127.0.0.1:${port}`);
  assert.equal(code, "CERTIFICATE_UNTRUSTED");
  assert.match(
    message,
    /^Forgejo's certificate at https:\/\/127\.0\.0\.1:\d+ \(setting forgejo\.url\) is not trusted: self-signed certificate\. .*NODE_EXTRA_CA_CERTS/,
  );
});

test("https to a server without TLS", async (t) => {
  const port = await listening(
    t,
    createHttp((_, out) => out.end()),
  );
  const { code, message } = await errorAt(`https://127.0.0.1:${port}`);
  assert.equal(code, "TLS_MISSING");
  assert.match(message, /use http:\/\/ in forgejo\.url\./);
});

test("an invalid certificate, and failures that have nothing to do with TLS", () => {
  const endpoint = { name: "zot", url: "https://registry.example.net", setting: "registry.url" };
  const of = (code: string): string | undefined =>
    tlsError(endpoint, Object.assign(new Error("reason"), { code }))?.message;
  assert.match(
    of("CERT_HAS_EXPIRED") ?? "",
    /^zot's certificate at .* \(setting registry\.url\) has expired\. Renew it\.$/,
  );
  assert.match(
    of("ERR_TLS_CERT_ALTNAME_INVALID") ?? "",
    /is for another name: reason\. Use a name from the certificate in registry\.url/,
  );
  assert.match(of("UNABLE_TO_VERIFY_LEAF_SIGNATURE") ?? "", /let zot send the intermediate certificates too\.$/);
  assert.equal(of("ECONNREFUSED"), undefined);
  assert.equal(
    tlsError({ ...endpoint, url: "http://registry" }, Object.assign(new Error(""), { code: "EPROTO" })),
    undefined,
  );
});
