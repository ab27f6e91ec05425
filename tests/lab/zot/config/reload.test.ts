// Changes to the configuration of a running registry.
import assert from "node:assert/strict";
import { renameSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import test, { afterEach, beforeEach } from "node:test";
import { startRegistry } from "../support/registry.ts";
import type { TestConfig, TestRegistry } from "../support/registry.ts";

let registry: TestRegistry;
beforeEach(async () => {
  registry = await startRegistry();
});
afterEach(() => registry.close());

function changed(change: (config: TestConfig) => void): string {
  const config = structuredClone(registry.config);
  change(config);
  return JSON.stringify(config);
}

/** The configuration with other permissions for anonymous users. */
function withAnonymousPolicy(actions: readonly string[]): string {
  return changed((config) => {
    config.http.accessControl = { repositories: { "**": { anonymousPolicy: actions, defaultPolicy: ["read"] } } };
  });
}

async function catalogStatus(): Promise<number> {
  return (await fetch(`${registry.url}/v2/_catalog`)).status;
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 3000;
  while (!(await holds())) {
    assert.ok(
      Date.now() < deadline,
      `timed out after 3 seconds waiting for ${what}:\n${registry.log.slice(-5).join("\n")}`,
    );
    await delay(10);
  }
}

function logged(message: string): boolean {
  return registry.log.some((line) => line.includes(`"message":"${message}"`));
}

test("zot applies a change to the access control", async () => {
  assert.equal(await catalogStatus(), 200);
  writeFileSync(registry.configFile, withAnonymousPolicy([]));
  await until("the new permissions", async () => (await catalogStatus()) === 401);
  assert.ok(logged("loaded new configuration settings"));
  writeFileSync(registry.configFile, withAnonymousPolicy(["read"]));
  await until("the old permissions", async () => (await catalogStatus()) === 200);
});

test("an invalid file keeps the old configuration", async () => {
  writeFileSync(registry.configFile, '{"http":');
  await until("the error in the log", () => logged("failed to reload config, retry writing it."));
  assert.equal(await catalogStatus(), 200);
  writeFileSync(registry.configFile, withAnonymousPolicy([]));
  await until("the new permissions", async () => (await catalogStatus()) === 401);
});

test("replacing the file is not noticed, nor is any later change", async () => {
  writeFileSync(`${registry.configFile}.new`, withAnonymousPolicy([]));
  renameSync(`${registry.configFile}.new`, registry.configFile);
  writeFileSync(registry.configFile, withAnonymousPolicy([]));
  // There is no event to wait for. A reload takes a fraction of this time.
  await delay(300);
  assert.equal(await catalogStatus(), 200);
  await registry.restart();
  assert.equal(await catalogStatus(), 401);
});

test("a reload applies a provider's claims and name, but not its issuer and scopes", async () => {
  const before = await fetch(`${registry.url}/zot/auth/login?provider=oidc`, { redirect: "manual" });
  writeFileSync(
    registry.configFile,
    changed((config) => {
      const auth = config.http.auth as { openid: { providers: { oidc: Record<string, unknown> } } };
      Object.assign(auth.openid.providers.oidc, {
        name: "Another",
        scopes: ["openid"],
        issuer: "http://127.0.0.1:1/",
        claimMapping: { username: "email" },
      });
    }),
  );
  await until("the new name", async () =>
    (await (await fetch(`${registry.url}/v2/_zot/ext/mgmt`)).text()).includes('"Another"'),
  );
  const after = await fetch(`${registry.url}/zot/auth/login?provider=oidc`, { redirect: "manual" });
  const withoutState = (answer: Response): string => (answer.headers.get("location") ?? "").replace(/state=.*/, "");
  assert.equal(withoutState(after), withoutState(before));
  const browser = await registry.signIn("admin");
  assert.match(browser.cookies(registry.url), /user=admin@example\.test/);
});
