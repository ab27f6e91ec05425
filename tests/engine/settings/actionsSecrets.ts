import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { State } from "../../../lab/forgejo/state.ts";
import type { PulumiResult } from "../support/harness.ts";
import { FIRST_TOKEN, lab, source } from "./stack.ts";

// Secrets of repositories, an organisation and a user, with the real CLI: the key and another secret. The tests depend on their order.

const SECOND_TOKEN = "the-second-forge-token-of-site";
let printed = "";

async function run(command: Promise<PulumiResult>): Promise<PulumiResult> {
  const result = await command;
  printed += result.output + JSON.stringify(result.events);
  return result;
}
async function well(command: Promise<PulumiResult>): Promise<string> {
  const { code, output } = await run(command);
  assert.equal(code, 0, output);
  return output;
}

function changeForgejo(change: Readonly<Record<string, unknown>>): void {
  lab.changeSettings((config) => {
    config["zot-auth:forgejo"] = { ...(config["zot-auth:forgejo"] as object), ...change };
  });
}

/** The secrets of a repository, an organisation or a user. */
function held(owner: string, name?: string): Readonly<Record<string, string>> {
  const file = join(lab.layout.directory, "forgejo", "forgejo.json");
  const state = JSON.parse(readFileSync(file, "utf8")) as State;
  const found = state.owners.find(({ login }) => login === owner);
  const holder =
    name === undefined
      ? found
      : state.repositories.find((candidate) => candidate.ownerId === found?.id && candidate.name === name);
  assert.ok(holder, `${owner}/${name ?? ""}`);
  return Object.fromEntries([...holder.secrets, ...holder.variables].map((entry) => [entry.name, entry.value]));
}

test("up has written the key to a repository, an organisation and a user, another secret to a repository, and has changed nothing else", () => {
  const key = held("homelab", "apps")["ZOT_CI_API_KEY"] ?? "";
  assert.match(key, /^zak_/);
  assert.equal(held("images")["ZOT_CI_API_KEY"], key);
  assert.equal(held("homelab")["ZOT_CI_API_KEY"], key);
  const { FORGE_TOKEN: token, FORGE_TOKEN_INFO: marker, ...others } = held("homelab", "site");
  assert.equal(token, FIRST_TOKEN);
  assert.match(
    marker ?? "",
    /^label=zot-auth\/lab\/FORGE_TOKEN fingerprint=[0-9a-f]{16} target=homelab\/site url=\S+$/,
  );
  assert.deepEqual(Object.keys(others).sort(), ["ARGOCD_AUTH_TOKEN", "FLY_DEPLOY_TOKEN", "REGISTRY"]);
});

test("after a change of the source value, preview ignores it, refresh reports it and up writes it", async () => {
  writeFileSync(source, `${SECOND_TOKEN}\n`);
  await well(lab.pulumi("preview", "--expect-no-changes", "--non-interactive"));
  const handedOn = await well(lab.pulumi("up", "--refresh", "--yes", "--skip-preview", "--diff", "--non-interactive"));
  assert.match(handedOn, /and the secret FORGE_TOKEN of homelab\/site have different values/);
  assert.equal(held("homelab", "site")["FORGE_TOKEN"], SECOND_TOKEN);
  await well(lab.pulumi("preview", "--expect-no-changes", "--non-interactive"));
});

test("refresh reports a repository's new name; once the settings have it, up adopts the existing secret", async () => {
  const answer = await fetch(`${lab.layout.settings.forgejo.url}/api/v1/repos/homelab/site`, {
    method: "PATCH",
    headers: { authorization: `token ${lab.secrets.forgejo}`, "content-type": "application/json" },
    body: JSON.stringify({ name: "pages" }),
  });
  assert.equal(answer.status, 200);
  const outputs = lab.outputs();
  const failed = await run(lab.pulumi("up", "--refresh", "--yes", "--skip-preview", "--non-interactive"));
  assert.notEqual(failed.code, 0);
  assert.match(failed.output, /homelab\/site has a new name on Forgejo: homelab\/pages/);
  assert.match(failed.output, /Forgejo: homelab\/pages\. Set the new name wherever the settings use the old one/);
  // The CLI would list outputs that no run registered as removed. On a crowded machine it may list none.
  assert.deepEqual(failed.output.match(/^ *- (?:key|skopeo|registry|acceptance)\w* *: .*/gm), null);
  assert.deepEqual(lab.outputs(), outputs, "the state keeps them");
  changeForgejo({ secrets: [{ name: "FORGE_TOKEN", source: `file:${source}`, repositories: ["homelab/pages"] }] });
  await well(lab.up());
  assert.equal(held("homelab", "pages")["FORGE_TOKEN"], SECOND_TOKEN);
  assert.match(held("homelab", "pages")["FORGE_TOKEN_INFO"] ?? "", /target=homelab\/pages url=\S+$/);
});

test("up deletes only secrets that the settings no longer declare", async () => {
  changeForgejo({ secrets: [], repositories: ["homelab/apps"] });
  await well(lab.up());
  const names = ["ARGOCD_AUTH_TOKEN", "FLY_DEPLOY_TOKEN", "REGISTRY"];
  assert.deepEqual(Object.keys(held("homelab", "pages")).sort(), names);
  assert.deepEqual(
    Object.keys(held("homelab", "apps")).sort(),
    [...names, "ZOT_CI_API_KEY", "ZOT_CI_API_KEY_INFO"].sort(),
  );
  assert.deepEqual([held("images"), held("homelab")], [{}, {}]);
});

test("neither secret was printed or is in the state", () => {
  for (const secret of [FIRST_TOKEN, SECOND_TOKEN, held("homelab", "apps")["ZOT_CI_API_KEY"] ?? ""]) {
    assert.ok(secret.length > 20);
    assert.ok(!printed.includes(secret) && !lab.stateText().includes(secret));
  }
});
