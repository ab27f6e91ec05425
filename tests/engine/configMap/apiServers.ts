import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { accessSync, constants, mkdirSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { delimiter, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { stringify } from "yaml";
import { freePorts } from "../../support/freePorts.ts";
import { startKubernetes } from "../../../lab/kubernetes/server.ts";

/** An API server with the namespace `authentik`, and its credentials. */
export interface ApiServer {
  readonly url: string;
  readonly token: string;
  close(): Promise<void>;
}

const TOKEN = "a-token-of-this-test-alone";
const NAMESPACE = "authentik";

/** The lab's API server. */
export async function labApiServer(folder: string): Promise<ApiServer> {
  const server = await startKubernetes({
    port: 0,
    data: join(folder, "kubernetes"),
    tokens: [{ token: TOKEN }],
    anonymous: { namespaces: [NAMESPACE] },
    seed: { namespaces: [NAMESPACE] },
  });
  return { url: server.url, token: TOKEN, close: async () => server.close() };
}

/** Why no real API server can run here; `undefined` if it can. */
export function realApiServerMissing(): string | undefined {
  const missing = ["kube-apiserver", "etcd"].filter((name) => !isOnPath(name));
  return missing.length === 0 ? undefined : `${missing.join(" and ")} not on PATH`;
}

/** A real kube-apiserver with a real etcd, on loopback. A ConfigMap needs no other part of Kubernetes. */
export async function realApiServer(folder: string): Promise<ApiServer> {
  const [client = 0, peer = 0, secure = 0] = await freePorts(3);
  const directory = join(folder, "real");
  mkdirSync(directory);
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  const key = join(directory, "service-accounts.pem");
  const tokens = join(directory, "tokens.csv");
  writeFileSync(key, privateKey, { mode: 0o600 });
  writeFileSync(tokens, `${TOKEN},tester,tester,system:masters\n`, { mode: 0o600 });
  const etcdUrl = `http://127.0.0.1:${client}`;
  const processes = [
    start("etcd", [
      `--data-dir=${join(directory, "etcd")}`,
      `--listen-client-urls=${etcdUrl}`,
      `--advertise-client-urls=${etcdUrl}`,
      `--listen-peer-urls=http://127.0.0.1:${peer}`,
    ]),
    start("kube-apiserver", [
      `--etcd-servers=${etcdUrl}`,
      "--bind-address=127.0.0.1",
      `--secure-port=${secure}`,
      `--cert-dir=${join(directory, "certificates")}`,
      `--token-auth-file=${tokens}`,
      "--authorization-mode=RBAC",
      "--service-account-issuer=https://127.0.0.1",
      `--service-account-key-file=${key}`,
      `--service-account-signing-key-file=${key}`,
      "--disable-admission-plugins=ServiceAccount",
      // Without a controller manager a foreground delete would hang.
      "--enable-garbage-collector=false",
    ]),
  ];
  const server: ApiServer = {
    url: `https://127.0.0.1:${secure}`,
    token: TOKEN,
    close: async () => stopInTurn(processes.toReversed()),
  };
  try {
    await ready(server, processes);
    await ask(server, "POST", "/api/v1/namespaces", { metadata: { name: NAMESPACE } });
  } catch (error) {
    await server.close();
    throw error;
  }
  return server;
}

/** A kubeconfig for the server. Skips certificate verification, since a real API server signs its own. */
export function kubeconfigOf({ url, token }: ApiServer): string {
  const name = "test";
  const trust = url.startsWith("https:") ? { "insecure-skip-tls-verify": true } : {};
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: { server: url, ...trust } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    "current-context": name,
  });
}

/** Sends a request, for example as another field manager. */
export async function ask(
  { url, token }: ApiServer,
  method: string,
  path: string,
  body?: unknown,
  type = "application/json",
): Promise<{ readonly status: number; readonly body: unknown }> {
  const send = url.startsWith("https:") ? httpsRequest : httpRequest;
  return new Promise((done, fail) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": type };
    // Without an agent, no connection stays open.
    const options = { method, headers, rejectUnauthorized: false, timeout: 10_000, agent: false as const };
    const outgoing = send(url + path, options, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.once("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        const isJson = answer.headers["content-type"]?.includes("json") === true;
        done({ status: answer.statusCode ?? 0, body: isJson ? (JSON.parse(text) as unknown) : text });
      });
    });
    outgoing.once("error", fail);
    outgoing.once("timeout", () => outgoing.destroy(new Error("timed out")));
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function isOnPath(name: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function start(command: string, args: readonly string[]): ChildProcess {
  return spawn(command, [...args], { stdio: ["ignore", "ignore", "ignore"] });
}

/**
 * Stops the programs one after another: an API server whose etcd has stopped would wait for it forever.
 *
 * @param patience milliseconds after which a program that has not exited is killed
 */
export async function stopInTurn(processes: readonly ChildProcess[], patience = 10_000): Promise<void> {
  for (const child of processes) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const end = new Promise((done) => child.once("exit", done));
    const kill = setTimeout(() => child.kill("SIGKILL"), patience);
    child.kill("SIGTERM");
    await end;
    clearTimeout(kill);
  }
}

async function ready(server: ApiServer, processes: readonly ChildProcess[]): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    const gone = processes.find((child) => child.exitCode !== null);
    if (gone !== undefined)
      throw new Error(`${gone.spawnfile} exited with code ${String(gone.exitCode)} during startup`);
    const answer = await ask(server, "GET", "/readyz").catch(() => undefined); // not listening yet
    if (answer?.status === 200) return;
    await delay(200);
  }
  throw new Error("timed out after 60 s waiting for the API server");
}
