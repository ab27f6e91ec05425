import "../prepare.ts";
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { parseMarker } from "../../../systems/forgejo/secrets/secretMarker.ts";
import { Engine } from "../engine/engine.ts";
import { OWNER, program } from "../engine/program.ts";
import { Homelab } from "../homelab/homelab.ts";
import { TOKENS } from "../homelab/servers.ts";

// Twenty accounts, each with ten repositories: they rotate in one `up`, side by side.

const ACCOUNTS = Array.from({ length: 20 }, (_, index) => (index === 0 ? "ci" : `a${index}`));
const EACH = 10;

let lab: Homelab;
let engine: Engine;

before(async () => {
  lab = await Homelab.start();
  engine = new Engine();
  lab.dropKeys(() => true);
  lab.dropAccount("zot-ci");
  const { url } = lab.settings().forgejo;
  await Promise.all(ACCOUNTS.flatMap((id) => repositoriesOf(id)).map(async (name) => createRepository(url, name)));
});
after(async () => lab.stop());

function repositoriesOf(id: string): readonly string[] {
  return Array.from({ length: EACH }, (_, index) => `own/${id}-${index}`);
}

async function createRepository(url: string, name: string): Promise<void> {
  const answer = await fetch(`${url}/api/v1/user/repos`, {
    method: "POST",
    headers: { authorization: `token ${TOKENS.MODEL_FORGEJO}`, "content-type": "application/json" },
    body: JSON.stringify({ name: name.slice("own/".length), private: true }),
  });
  assert.equal(answer.status, 201, await answer.text());
}

async function up(rotationTrigger: string): Promise<number> {
  const accounts = ACCOUNTS.map((id) => {
    const field = `op://homelab/CI/key-${id}`;
    return [id, { user: `zot-${id}`, push: [id], keyStores: [field], repositories: repositoriesOf(id) }] as const;
  });
  const settings = lab.settings({
    ci: {
      ...{ keyStore: undefined, imagePrefix: undefined, user: undefined, gracePeriod: "0 seconds", rotationTrigger },
      accounts: { ...Object.fromEntries(accounts), ci: { ...accounts[0]?.[1], group: "artifact-workloads" } },
    },
    forgejo: { repositories: undefined },
    acceptance: { repository: "proof" },
  });
  await lab.deployZot(settings);
  const { how, errors, steps } = await engine.up(() => program(settings));
  assert.equal(how, "done", errors.join());
  return steps.length;
}

function given(): readonly string[] {
  return ACCOUNTS.flatMap((id) =>
    repositoriesOf(id).map((repository) => {
      const { secrets, variables } = lab.held(repository);
      const label = parseMarker(variables["ZOT_CI_API_KEY_INFO"] ?? "")?.label ?? "";
      assert.equal(lab.keyOwner(secrets["ZOT_CI_API_KEY"] ?? ""), `zot-${id}`, repository);
      return label;
    }),
  );
}

test("20 accounts and 200 repositories get their keys in one run, rotate in one, and have nothing to do in between", async () => {
  const labels = (generation: number): readonly string[] =>
    ACCOUNTS.flatMap((id) => repositoriesOf(id).map(() => `${OWNER}${id === "ci" ? "" : `/${id}`}/${generation}`));
  await up("1");
  assert.deepEqual(given(), labels(1));
  assert.equal(await up("1"), 0);
  await up("2");
  assert.deepEqual(given(), labels(2));
  // The old keys are gone, and no account has another's.
  assert.equal(lab.allKeys().length, ACCOUNTS.length);
});
