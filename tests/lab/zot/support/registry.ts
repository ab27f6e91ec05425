// A registry for the tests: a zot with the three-tier configuration and its own identity provider.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../../support/freePorts.ts";
import type { RunningServer } from "../../../../lab/shared/listen.ts";
import { Browser } from "./browser.ts";
import type { IdentityProvider } from "./identityProvider.ts";
import { client, startIdentityProvider } from "./identityProvider.ts";
import type { ZotProgram } from "./zotPrograms.ts";
import { standIn } from "./zotPrograms.ts";

// A configuration that the tests can change.
export interface TestConfig {
  distSpecVersion: string;
  storage: Record<string, unknown>;
  http: {
    address: string;
    port: string;
    externalUrl?: string;
    auth?: Record<string, unknown>;
    accessControl?: { repositories: Record<string, unknown>; metrics?: unknown; adminPolicy?: unknown };
    [key: string]: unknown;
  };
  extensions?: Record<string, unknown>;
}

export interface TestRegistry {
  readonly url: string;
  readonly folder: string;
  readonly configFile: string;
  readonly config: TestConfig;
  readonly idp: IdentityProvider;
  readonly log: string[];
  signIn(person: string): Promise<Browser>;
  /** Signs in, mints a key and returns the `Authorization` header with it. */
  mint(person: string, settings?: object): Promise<string>;
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** Everyone reads, artifact-workloads creates, admins do everything; only `admin` and anonymous users read metrics. */
export function threeTierConfig(folder: string, port: number, issuer: string): TestConfig {
  return {
    distSpecVersion: "1.1.1",
    storage: { rootDirectory: join(folder, "storage"), gc: true },
    http: {
      address: "127.0.0.1",
      port: String(port),
      externalUrl: `http://127.0.0.1:${port}`,
      auth: {
        apikey: true,
        openid: {
          providers: {
            oidc: {
              name: "Authentik",
              credentialsFile: join(folder, "credentials.json"),
              issuer,
              scopes: ["openid", "email", "profile"],
              claimMapping: { username: "preferred_username" },
            },
          },
        },
      },
      accessControl: {
        repositories: {
          "**": {
            policies: [
              { groups: ["artifact-workloads"], actions: ["read", "create"] },
              { groups: ["admins"], actions: ["read", "create", "update", "delete"] },
            ],
            anonymousPolicy: ["read"],
            defaultPolicy: ["read"],
          },
        },
        metrics: { users: ["admin"], anonymousPolicy: ["read"] },
      },
    },
    extensions: { metrics: { enable: true, prometheus: { path: "/metrics" } }, search: { enable: true } },
  };
}

/** Starts a provider and a registry. `change` may modify the configuration first. */
export async function startRegistry(
  change: (config: TestConfig) => void = () => undefined,
  program: ZotProgram = standIn(),
): Promise<TestRegistry> {
  const folder = mkdtempSync(join(tmpdir(), "zot-test-"));
  const port = await freePort();
  const idp = await startIdentityProvider(`http://127.0.0.1:${port}/zot/auth/callback/oidc`);
  const configFile = join(folder, "config.json");
  const config = threeTierConfig(folder, port, idp.issuer);
  change(config);
  writeFileSync(join(folder, "credentials.json"), JSON.stringify({ clientid: client.id, clientsecret: client.secret }));
  writeFileSync(configFile, JSON.stringify(config));
  const log: string[] = [];
  const start = (): Promise<RunningServer> => program.start(configFile, (line) => log.push(line));
  let server = await start();
  const { url } = server;
  const signIn = async (person: string): Promise<Browser> => {
    const browser = new Browser(person);
    const answer = await browser.signIn(url);
    assert.equal(answer.status, 302, await answer.text());
    return browser;
  };
  return {
    url,
    folder,
    configFile,
    config,
    idp,
    log,
    signIn,
    mint: async (person, settings = {}) => {
      const browser = await signIn(person);
      const headers = { "X-ZOT-API-CLIENT": "zot-ui" };
      const answer = await browser.fetch(`${url}/zot/auth/apikey`, {
        method: "POST",
        headers,
        body: JSON.stringify(settings),
      });
      assert.equal(answer.status, 201);
      const { apiKey } = (await answer.json()) as { apiKey: string };
      return basic(person, apiKey);
    },
    restart: async () => {
      await server.close();
      server = await start();
    },
    close: async () => {
      await server.close();
      await idp.close();
      rmSync(folder, { recursive: true });
    },
  };
}

export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}
