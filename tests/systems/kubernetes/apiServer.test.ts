import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:https";
import { connect } from "node:net";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import type { TestContext } from "node:test";
import { lookForConfigMap } from "../../../systems/kubernetes/configMap.ts";
import type { Existence } from "../../../systems/kubernetes/configMap.ts";

// An API server with a certificate of its own, and what is between.

const OPENSSL = spawnSync("openssl", ["version"]).status === 0;
const options = { skip: OPENSSL ? false : "needs openssl" } as const;

interface Cluster {
  readonly folder: string;
  readonly port: number;
  /** The `Authorization` of each request. */
  readonly authorizations: readonly (string | undefined)[];
  readonly look: (cluster: object, user?: object) => Promise<Existence>;
}

async function listen(t: TestContext, server: Server & { closeAllConnections(): void }): Promise<number> {
  await new Promise<void>((done) => {
    server.listen(0, "127.0.0.1", done);
  });
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

function certificate(folder: string, name: string): { readonly key: Buffer; readonly cert: Buffer } {
  const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
  const names = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=IP:127.0.0.1,DNS:api.lab"];
  const made = spawnSync("openssl", [
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    ...names,
    "-keyout",
    key,
    "-out",
    cert,
  ]);
  assert.equal(made.status, 0, String(made.stderr));
  return { key: readFileSync(key), cert: readFileSync(cert) };
}

async function start(t: TestContext): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), "zot-auth-api-server-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const authorizations: (string | undefined)[] = [];
  const server = createServer(certificate(folder, "cert"), (request, response) => {
    authorizations.push(request.headers.authorization);
    response.end("{}");
  });
  const port = await listen(t, server);
  return {
    folder,
    port,
    authorizations,
    look: async (cluster, user = { token: "t" }) => {
      const file = join(folder, "kubeconfig");
      writeFileSync(
        file,
        JSON.stringify({
          "current-context": "c",
          contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
          clusters: [{ name: "c", cluster: { server: `https://127.0.0.1:${port}`, ...cluster } }],
          users: [{ name: "u", user }],
        }),
      );
      const place = { kubeconfig: file, namespace: "authentik", configMap: "zot", key: "zot.yaml" };
      return lookForConfigMap(place, AbortSignal.timeout(10_000));
    },
  };
}

/** A proxy that leads every tunnel to this port; what it was asked for. */
async function proxyTo(
  t: TestContext,
  port: number,
  proxy: ReturnType<typeof createHttpServer> | ReturnType<typeof createServer> = createHttpServer(),
): Promise<{ readonly url: string; readonly asked: string[] }> {
  const asked: string[] = [];
  proxy.on("connect", (request, socket) => {
    asked.push(`${request.url} ${request.headers["proxy-authorization"] ?? ""}`.trim());
    const through = connect(port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      through.pipe(socket).pipe(through);
    });
    through.on("error", () => socket.destroy());
    socket.on("error", () => through.destroy());
  });
  return { url: `127.0.0.1:${await listen(t, proxy)}`, asked };
}

const EXISTS = { kind: "exists", hasKey: false };
const CA = { "certificate-authority": "cert.pem" };

function why(seen: Existence): string {
  assert.ok(seen.kind === "unknown");
  return seen.why;
}

test(
  "a credential plugin's token reaches a server with a CA of one's own, and so does a password",
  options,
  async (t) => {
    const { folder, look, authorizations } = await start(t);
    const plugin = (text: string): void =>
      writeFileSync(join(folder, "plugin"), `#!/bin/sh\n${text}\n`, { mode: 0o700 });
    const exec = { command: "./plugin", apiVersion: "client.authentication.k8s.io/v1" };
    plugin(`echo '{"status": {"token": "from-the-plugin"}}'`);
    assert.deepEqual(await look(CA, { exec }), EXISTS);
    plugin("echo secret; exit 3");
    assert.equal(
      why(await look(CA, { exec })),
      `the kubeconfig's credential plugin ${join(folder, "plugin")} failed (exit code 3)`,
    );
    assert.deepEqual(await look(CA, { username: "me", password: "p" }), EXISTS);
    assert.deepEqual(authorizations, ["Bearer from-the-plugin", `Basic ${btoa("me:p")}`]);
  },
);

test(
  "an untrusted certificate is reported as that, with what kubectl reads; a name that it lacks, too",
  options,
  async (t) => {
    const { folder, port, look, authorizations } = await start(t);
    const without = why(await look({}));
    assert.match(
      without,
      /^Kubernetes' API server's certificate at https:\S+ \(setting kubernetes\.kubeconfig\) is not trusted: /,
    );
    assert.match(
      without,
      /`certificate-authority` of the cluster in the kubeconfig.* does not read NODE_EXTRA_CA_CERTS/,
    );
    certificate(folder, "other");
    const another = why(await look({ "certificate-authority": "other.pem" }));
    assert.match(another, /is not trusted: .* is the certificate of another CA: replace it/);
    const unnamed = why(await look({ ...CA, "tls-server-name": "api.example" }));
    assert.match(unnamed, /is for another name: .*`tls-server-name` of the cluster/);
    assert.deepEqual(authorizations, [], "no token was sent");
    assert.deepEqual(await look({ ...CA, "tls-server-name": "api.lab", server: `https://127.0.0.1:${port}/` }), EXISTS);
  },
);

test(
  "the cluster's proxy-url is used, and what fails behind it names the proxy without its password",
  options,
  async (t) => {
    const { port, look } = await start(t);
    const { url, asked } = await proxyTo(t, port);
    const behind = { ...CA, server: "https://api.lab:6443", "proxy-url": `http://me:hush@${url}` };
    assert.deepEqual(await look(behind), EXISTS);
    assert.deepEqual(asked, [`api.lab:6443 Basic ${btoa("me:hush")}`]);
    const down = why(await look({ ...behind, "proxy-url": "http://me:hush@127.0.0.1:9" }));
    assert.match(down, /ECONNREFUSED.* \(through the proxy 127\.0\.0\.1:9, proxy-url in the kubeconfig\)$/);
    const strange = why(await look({ ...behind, "proxy-url": "ssh://me:hush@bastion" }));
    assert.match(strange, /^the proxy .* must be an address that begins with http, https or socks5$/);
    assert.doesNotMatch(down + strange, /hush/);
  },
);

test(
  "an https proxy is checked with the cluster's CA, as client-go does, and an error names the proxy's certificate",
  options,
  async (t) => {
    const { folder, port, look, authorizations } = await start(t);
    const own = certificate(folder, "proxy");
    const { url, asked } = await proxyTo(t, port, createServer(own));
    const behind = { server: "https://api.lab:6443", "proxy-url": `https://me:hush@${url}` };
    const untrusted = why(await look({ ...CA, ...behind }));
    assert.match(
      untrusted,
      /^the proxy's certificate at https:\/\/127\.0\.0\.1:\d+ \(setting proxy-url in the kubeconfig\) is not trusted: /,
    );
    assert.match(untrusted, /add the CA's certificate to that file/);
    assert.doesNotMatch(untrusted, /hush|API server's certificate/);
    assert.deepEqual([asked, authorizations], [[], []], "nothing was sent");
    writeFileSync(join(folder, "both.pem"), `${readFileSync(join(folder, "cert.pem"), "utf8")}${String(own.cert)}`);
    const both = { "certificate-authority": "both.pem" };
    assert.deepEqual(await look({ ...both, ...behind }), EXISTS);
    const server = why(await look({ "certificate-authority": "proxy.pem", ...behind }));
    assert.match(server, /^Kubernetes' API server's certificate at https:\/\/api\.lab:6443 .* is not trusted: /);
    const named = why(
      await look({ ...both, ...behind, "proxy-url": `https://${url.replace("127.0.0.1", "localhost")}` }),
    );
    assert.match(named, /^the proxy's certificate at https:\/\/localhost:\d+ is for another name: /);
    const plain = await proxyTo(t, port);
    const spoken = why(await look({ ...both, ...behind, "proxy-url": `https://${plain.url}` }));
    assert.match(
      spoken,
      /^the proxy does not speak TLS at https:\S+\. .* use http:\/\/ in proxy-url in the kubeconfig\.$/,
    );
  },
);
