// The servers of the model's homelab, in this process, with other people's objects in them and zot already hardened.
import { randomUUID } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { NEEDED_RIGHTS } from "../../../systems/authentik/rights/needed.ts";
import { renderBlueprint } from "../../../systems/authentik/blueprint/render.ts";
import { blueprintArgs } from "../../../stack/arguments.ts";
import { parseSettings } from "../../../settings/parse.ts";
import type { Settings } from "../../../settings/schema.ts";
import { zotConfigArgs } from "../../../settings/zotConfigArgs.ts";
import { renderZotConfig } from "../../../systems/zot/config/config.ts";
import { parseZotVersion } from "../../../systems/zot/version.ts";
import { defaultSeed, startAuthentik, withSeed } from "../../../lab/authentik/server.ts";
import { startForgejo } from "../../../lab/forgejo/server.ts";
import { startConnect } from "../../../lab/onePassword/server.ts";
import type { RunningServer } from "../../../lab/shared/listen.ts";
import { startZot } from "../../../lab/zot/server/server.ts";
import type { ApiKey } from "../../../lab/zot/access/users.ts";
import { configure } from "../../../systems/onePassword/resolver.ts";
import { freePort } from "../../support/freePorts.ts";

/** Tokens by the names that the settings use. */
export const TOKENS = {
  MODEL_AUTHENTIK: "authentik-token-of-the-model",
  MODEL_FORGEJO: "f".repeat(40),
  MODEL_CONNECT: "connect.token.of.the.model",
  MODEL_CLIENT_SECRET: "client-secret-of-the-model-32-characters",
  MODEL_OTHER: "other-secret-of-the-model",
  MODEL_ADMIN: `zak_${"a".repeat(32)}`,
  MODEL_OTHER_ADMIN: `zak_${"b".repeat(32)}`,
};

export const REPOSITORIES = ["own/one", "own/two", "own/three"] as const;
export const OTHERS = { SOMEBODYS: "not ours" };
/** Milliseconds until Authentik's worker starts a task. */
export const WORKER_DELAY = 10;
export const NEVER = "0001-01-01T00:00:00Z";

export interface Servers {
  readonly authentik: RunningServer;
  readonly forgejo: RunningServer;
  readonly connect: RunningServer;
  readonly zot: RunningServer;
  /** The environment of Authentik's server and worker. */
  readonly environment: Record<string, string>;
  /** zot's address, fixed in advance because the settings need it before zot starts. */
  readonly port: number;
}

/** Releases other than those that the stand-ins have by default. */
export interface Releases {
  readonly zot?: string;
  readonly forgejo?: string;
}

/** The release of zot if none is asked for. */
export const DEFAULT_ZOT = "v2.1.20";

/** The releases with which jobs push by their tokens. */
export const WITH_JOB_TOKENS: Releases = { zot: "v2.1.23", forgejo: "15.0.3" };

/** @param folder where the servers keep their files */
export async function startServers(folder: string, releases: Releases = {}): Promise<Servers> {
  Object.assign(process.env, TOKENS);
  const blueprintsDirectory = join(folder, "blueprints");
  mkdirSync(blueprintsDirectory);
  const port = await freePort();
  const environment = {
    AUTHENTIK_ZOT_CLIENT_SECRET: TOKENS.MODEL_CLIENT_SECRET,
    AUTHENTIK_OTHER_VARIABLE: TOKENS.MODEL_CLIENT_SECRET,
  };
  const authentik = await startAuthentik({
    data: join(folder, "authentik"),
    blueprintsDirectory,
    environment,
    serverEnvironment: environment,
    workerDelayMs: WORKER_DELAY,
    seed: withSeed(defaultSeed(), {
      groups: [{ name: "admins" }, { name: "people" }],
      users: [{ username: "program", type: "service_account" }],
      objects: [
        { model: "authentik_crypto.certificatekeypair", fields: { name: "another certificate", managed: null } },
        {
          model: "authentik_flows.flow",
          fields: {
            slug: "another-flow",
            name: "another-flow",
            title: "",
            designation: "authorization",
            authentication: "none",
          },
        },
        {
          model: "authentik_blueprints.blueprintinstance",
          fields: {
            name: "another blueprint",
            path: "",
            enabled: true,
            status: "successful",
            content: "",
            context: {},
            metadata: {},
          },
        },
      ],
      tokens: [
        {
          identifier: "program",
          user: "program",
          intent: "api",
          key: TOKENS.MODEL_AUTHENTIK,
          permissions: NEEDED_RIGHTS.map(({ right }) => right),
        },
      ],
    }),
  });
  const [forgejo, connect] = await Promise.all([
    startForgejo({
      port: 0,
      data: join(folder, "forgejo"),
      runner: null,
      ...(releases.forgejo === undefined ? {} : { version: releases.forgejo }),
      seed: {
        users: [{ login: "own" }],
        tokens: [{ token: TOKENS.MODEL_FORGEJO, user: "own", scopes: ["write:repository"] }],
        repositories: REPOSITORIES.map((full) => ({
          owner: "own",
          name: full.slice("own/".length),
          private: true,
          files: {},
          secrets: OTHERS,
          variables: OTHERS,
        })),
      },
    }),
    startConnect({
      port: 0,
      data: join(folder, "onepassword"),
      seed: {
        vaults: [
          {
            name: "homelab",
            items: [
              { title: "CI", fields: [{ label: "other", value: OTHERS.SOMEBODYS }] },
              {
                title: "zot",
                fields: ["client-secret", "same-client-secret"].map((label) => ({
                  label,
                  value: TOKENS.MODEL_CLIENT_SECRET,
                })),
              },
            ],
          },
        ],
        tokens: [{ token: TOKENS.MODEL_CONNECT, vaults: { homelab: "write" } }],
      },
    }),
  ]);
  const servers = { authentik, forgejo, connect, port, environment };
  const settings = settingsOf(servers);
  // The precondition of a key's life: users may sign in, and zot is hardened. tests/systems/zot/host and tests/engine cover that part.
  writeFileSync(join(blueprintsDirectory, "zot.yaml"), renderBlueprint(blueprintArgs(settings)));
  await discovered(settings);
  const zot = await startHardenedZot(folder, settings, releases.zot);
  rmSync(join(blueprintsDirectory, "zot.yaml"));
  configure({ connectUrl: connect.url, connectToken: "env:MODEL_CONNECT" });
  return { ...servers, zot };
}

export type RawSettings = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** The settings as a person writes them. */
export function rawSettings({ authentik, forgejo, connect, port }: Omit<Servers, "zot">): RawSettings {
  return {
    registry: {
      url: `http://127.0.0.1:${port}`,
      configFile: "/nowhere/config.json",
      credentialsFile: "/nowhere/credentials.json",
      dataDirectory: "/nowhere/data",
      address: "127.0.0.1",
      port,
      restartCommand: "true",
    },
    authentik: {
      url: authentik.url,
      token: "env:MODEL_AUTHENTIK",
      clientSecret: "op://homelab/zot/client-secret",
      delivery: "api",
    },
    access: {},
    ci: { keyStore: "op://homelab/CI/zot-ci-api", imagePrefix: "own" },
    forgejo: {
      url: forgejo.url,
      token: "env:MODEL_FORGEJO",
      repositories: REPOSITORIES.slice(0, 2),
      secrets: [{ name: "OTHER", source: "env:MODEL_OTHER", repositories: ["own/one"] }],
    },
    onePassword: { connectUrl: connect.url, connectToken: "env:MODEL_CONNECT" },
  };
}

/** Settings that differ, by group. */
export type Change = Partial<Record<"acceptance" | "access" | "authentik" | "ci" | "forgejo" | "registry", object>>;

export function settingsOf(servers: Omit<Servers, "zot">, change: Change = {}): Settings {
  const raw = rawSettings(servers);
  return parseSettings({
    ...raw,
    ...Object.fromEntries(Object.entries(change).map(([group, given]) => [group, { ...raw[group], ...given }])),
  });
}

async function discovered({ authentik }: Settings): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    const answer = await fetch(
      `${authentik.url}/application/o/${authentik.application}/.well-known/openid-configuration`,
    );
    await answer.body?.cancel();
    if (answer.ok) return;
    await new Promise((done) => setTimeout(done, 10));
  }
  throw new Error("the model's Authentik did not apply the blueprint");
}

async function startHardenedZot(folder: string, settings: Settings, version?: string): Promise<RunningServer> {
  writeFileSync(join(folder, "credentials.json"), credentialsOf(settings), { mode: 0o600 });
  const dataDirectory = join(folder, "zot");
  mkdirSync(join(dataDirectory, "_lab"), { recursive: true });
  writeFileSync(
    join(dataDirectory, "_lab", "meta.json"),
    JSON.stringify({ users: { "zot-ci": { groups: [], apiKeys: { "0": keyByHand("by hand") } } } }),
  );
  deployZotConfig(folder, settings, version);
  return startZot({ config: join(folder, "config.json"), ...(version === undefined ? {} : { version }) });
}

export function deployZotConfig(folder: string, settings: Settings, release = DEFAULT_ZOT): void {
  const version = parseZotVersion(release);
  if (version === undefined) throw new TypeError(release);
  const files = { credentialsFile: join(folder, "credentials.json"), dataDirectory: join(folder, "zot") };
  const config = renderZotConfig(zotConfigArgs(settings), version, files);
  writeFileSync(join(folder, "config.json"), JSON.stringify(config));
}

/** Another zot, with data of its own, at the address of these settings. */
export async function startAnotherZot(folder: string, settings: Settings): Promise<RunningServer> {
  mkdirSync(join(folder, "zot", "_lab"), { recursive: true });
  writeFileSync(join(folder, "credentials.json"), credentialsOf(settings), { mode: 0o600 });
  deployZotConfig(folder, settings);
  return startZot({ config: join(folder, "config.json") });
}

function credentialsOf({ authentik }: Settings): string {
  return JSON.stringify({ clientid: authentik.clientId, clientsecret: TOKENS.MODEL_CLIENT_SECRET });
}

/** A key from before zot-auth, or one created with another key. */
export function keyByHand(label: string): ApiKey {
  return {
    label,
    uuid: randomUUID(),
    createdAt: "2026-01-01T00:00:00Z",
    expirationDate: NEVER,
    isExpired: false,
    creatorUa: "curl",
    generatedBy: "manual",
    lastUsed: NEVER,
    scopes: null,
  };
}
