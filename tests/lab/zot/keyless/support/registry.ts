// A zot that takes bearer tokens, with the issuers of people's and of jobs' tokens and the recorded configuration.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { image, pushImage } from "../../support/images.ts";
import type { TestConfig, TestRegistry } from "../../support/registry.ts";
import { startRegistry } from "../../support/registry.ts";
import { standIn } from "../../support/zotPrograms.ts";
import type { TokenIssuer } from "./issuer.ts";
import { startIssuer } from "./issuer.ts";
import { recording } from "../replay/recording.ts";

/** The release whose stand-in takes bearer tokens beside all else. */
export const combinedRelease = "v2.1.23";
export const seed = image("seed");

/** The addresses in the recording. */
export const recorded = {
  zot: "127.0.0.1:21010",
  people: "http://127.0.0.1:21001/application/o/zot",
  jobs: "http://127.0.0.1:21002/api/actions",
};

/** The parts of a configuration that the tests change. */
export interface BearerSettings {
  realm?: string;
  service?: string;
  oidc: {
    issuer?: string;
    audiences?: unknown;
    claimMapping?: {
      validations?: { expression: string; message: string }[];
      username?: string;
      groups?: string;
    };
    [key: string]: unknown;
  }[];
  [key: string]: unknown;
}

export interface KeylessConfig extends TestConfig {
  http: TestConfig["http"] & { auth: Record<string, unknown> & { bearer?: BearerSettings } };
}

export interface KeylessRegistry {
  readonly registry: TestRegistry;
  readonly jobs: TokenIssuer;
  /** As the recorded exchanges have them: `127.0.0.1:<port>`. */
  readonly host: string;
  /** Text of the recording with the addresses of this run. */
  live(text: string): string;
  /** Rewrites the configuration in place and waits until zot has loaded it. */
  rewrite(change: (config: KeylessConfig) => void): Promise<void>;
  close(): Promise<void>;
}

/** Starts zot with the recorded configuration, `ci` and `admin` as people, and the image `acme/seed:v1`. */
export async function startKeyless(
  mode: "plain" | "realm",
  change: (config: KeylessConfig) => void = () => undefined,
  release = combinedRelease,
): Promise<KeylessRegistry> {
  // The audience is the recorded one, so that tokens can be made before the port is known.
  const jobs = await startIssuer(`http://${recorded.zot}`);
  const registry = await startRegistry((config) => {
    const { http } = recording.configs[mode];
    const host = `127.0.0.1:${config.http.port}`;
    const bearer = JSON.parse(
      JSON.stringify(http.auth.bearer).replaceAll(recorded.zot, host).replaceAll(recorded.jobs, jobs.issuer),
    ) as BearerSettings;
    for (const oidc of bearer.oidc) oidc.audiences = [`http://${recorded.zot}`];
    config.http.auth = { ...config.http.auth, bearer };
    config.http.accessControl = structuredClone(http.accessControl);
    Object.assign(openidOf(config), { scopes: openidOf({ http }).scopes });
    change(config as KeylessConfig);
  }, standIn(release));
  registry.idp.people.set("ci", { groups: ["artifact-workloads"], username: "ci" });
  registry.idp.people.set("admin", { groups: ["artifact-admins"], username: "admin" });
  const { config, configFile, url, log } = registry;
  const host = new URL(url).host;
  return {
    registry,
    jobs,
    host,
    live: (text) =>
      text
        .replaceAll(recorded.zot, host)
        .replaceAll(encodeURIComponent(recorded.zot), encodeURIComponent(host))
        .replaceAll(recorded.jobs, jobs.issuer),
    rewrite: async (changeAgain) => {
      const loaded = (): number => log.filter((line) => line.includes("loaded new configuration settings")).length;
      const before = loaded();
      changeAgain(config as KeylessConfig);
      writeFileSync(configFile, JSON.stringify(config));
      const deadline = Date.now() + 5000;
      while (loaded() === before) {
        assert.ok(Date.now() < deadline, `${url} did not reload within 5 seconds:\n${log.slice(-5).join("\n")}`);
        await delay(10);
      }
    },
    close: async () => {
      await jobs.close();
      await registry.close();
    },
  };
}

/** The first issuer's validations, to change. */
export function validationsOf({ http }: KeylessConfig): { expression: string; message: string }[] {
  const validations = http.auth.bearer?.oidc[0]?.claimMapping?.validations;
  assert.ok(validations !== undefined);
  return validations;
}

/** The policy of the jobs' group, to change. */
export function jobsPolicy({ http }: KeylessConfig): { actions: string[] } {
  const all = http.accessControl?.repositories["**"] as { readonly policies: readonly { actions: string[] }[] };
  const [policy] = all.policies;
  assert.ok(policy !== undefined);
  return policy;
}

function openidOf({ http }: { readonly http: { readonly auth?: object } }): { scopes: unknown } {
  return (http.auth as { openid: { providers: { oidc: { scopes: unknown } } } }).openid.providers.oidc;
}

/** Pushes `acme/seed:v1` as an administrator. */
export async function pushSeed({ registry }: KeylessRegistry): Promise<void> {
  const headers = { Authorization: await registry.mint("admin") };
  assert.equal(await pushImage(registry.url, "acme/seed", "v1", seed, headers), 201);
}
