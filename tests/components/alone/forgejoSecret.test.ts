import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { fingerprint } from "../../../core/secrets/fingerprint.ts";
import { TOKEN, forgejo } from "../../lab/forgejo/instance.ts";
import { Program } from "./program.ts";

const KEY = "zak_0123456789abcdef0123456789abcdef";

test("a program of its own uses ForgejoSecret alone, with a key from elsewhere", async (t) => {
  const server = await forgejo(t, { runner: null });
  const program = await Program.of(t, {
    heading: "ForgejoSecret alone",
    settings: { forgejoUrl: server.url, keyFingerprint: fingerprint(KEY) },
    environment: { FORGEJO_TOKEN: TOKEN, REGISTRY_KEY: KEY },
  });
  const at = async (path: string): Promise<string> =>
    (await server.ask("GET", `/api/v1/repos/own/app/actions/${path}`)).text;

  program.change("index.ts", (text) => text.replace('"my-program/registry/1"', '"somebody-else/1"'));
  const refused = await program.up();
  assert.notEqual(refused.code, 0);
  assert.match(
    refused.output,
    /key\.label of registry-key is "somebody-else\/1" but must be "my-program\/registry\/<number>"/,
  );
  assert.doesNotMatch(await at("secrets"), /REGISTRY_KEY/, "nothing is written");
  program.change("index.ts", (text) => text.replace('"somebody-else/1"', '"my-program/registry/1"'));

  const first = await program.up();
  assert.equal(first.code, 0, first.output);
  assert.deepEqual(Object.keys(program.resources()).sort(), [
    "registry-key",
    "registry-key-former-secrets",
    "registry-key-own/app",
    "registry-key-secrets",
  ]);
  const state = readFileSync(join(server.data, "forgejo.json"), "utf8");
  assert.ok(state.includes(KEY), "the repository has the key");
  assert.match(await at("secrets"), /"REGISTRY_KEY"/);
  assert.match(
    await at("variables"),
    new RegExp(
      `label=my-program/registry/1 fingerprint=${fingerprint(KEY)} expires=2027-06-30T00:00:00Z target=own/app url=${server.url}`,
    ),
  );
  assert.ok(!program.stateText().includes(KEY), "the state does not hold the key");
  assert.ok(!program.stateText().includes(TOKEN), "the state does not hold the token");

  const second = await program.up();
  assert.match(second.output, /unchanged/);
  assert.doesNotMatch(second.output, /\d (created|updated|replaced)/);

  const destroyed = await program.destroy();
  assert.equal(destroyed.code, 0, destroyed.output);
  assert.doesNotMatch(await at("secrets"), /REGISTRY_KEY/);
  assert.doesNotMatch(await at("variables"), /my-program/);
});
