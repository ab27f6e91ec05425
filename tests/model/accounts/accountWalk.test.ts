import "../prepare.ts";
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Engine } from "../engine/engine.ts";
import { OWNER, program } from "../engine/program.ts";
import { Homelab } from "../homelab/homelab.ts";
import { REPOSITORIES, WITH_JOB_TOKENS } from "../homelab/servers.ts";
import { ACCOUNT } from "../walk/table/accounts.ts";
import type { AccountChange } from "../walk/table/accounts.ts";

// Every setting of an account changes on a live stack, and back, beside another account that nothing happens to. The account has a key and job tokens.

const [FIRST, SECOND] = REPOSITORIES;
const MAIN = { user: "zot-ci", group: "artifact-workloads", push: ["team"], keyStores: ["op://homelab/CI/zot-ci-api"] };
const SITE = {
  auth: "both",
  user: "zot-site",
  push: ["site"],
  keyStores: ["op://homelab/CI/site-key"],
  secretName: "SITE_KEY",
  repositories: [FIRST, SECOND],
  jobToken: {},
};
const NAMES = ["SITE_KEY", "PAGES_KEY"];

let lab: Homelab;
let engine: Engine;

before(async () => {
  lab = await Homelab.start(WITH_JOB_TOKENS);
  engine = new Engine();
  lab.dropKeys(() => true);
  lab.dropAccount("zot-ci");
  await up({});
});
after(async () => lab.stop());

/** Changes the account, and looks that a second `up` finds nothing to do and a refresh no drift. */
async function up(change: AccountChange["to"], watch: () => void = () => undefined): Promise<void> {
  const settings = lab.settings({
    ci: {
      ...{ keyStore: undefined, imagePrefix: undefined, user: undefined, gracePeriod: "0 seconds" },
      accounts: { ci: MAIN, site: { ...SITE, ...change } },
    },
    forgejo: { repositories: undefined },
    acceptance: { repository: "proof" },
  });
  await lab.deployZot(settings);
  await lab.restartZot(join(lab.folder, "config.json"));
  engine.watch = watch;
  for (const expected of [undefined, []]) {
    const { how, errors, steps } = await engine.up(() => program(settings));
    assert.equal(how, "done", errors.join());
    if (expected !== undefined) assert.deepEqual(steps, expected, "a second `up` has nothing to do");
  }
  engine.watch = () => undefined;
  assert.equal((await engine.refresh()).how, "done");
  const { steps } = await engine.up(() => program(settings));
  assert.deepEqual(steps, [], "a refresh finds no drift");
}

/** Everything that the servers have of the two accounts. */
function inventory(): object {
  const { users, groups } = lab.authentik();
  const ours = lab.allKeys().filter(({ label }) => label.startsWith(`${OWNER}/`));
  return {
    keys: ours.map(({ user, label }) => `${user} ${label.replace(/\d+$/, "n")}`).sort(),
    users: users.filter((name) => name.startsWith("zot-")),
    groups,
    stored: Object.entries(lab.stored())
      .filter(([, value]) => value !== "" && lab.keyOwner(value) !== undefined)
      .map(([field, value]) => `${field} ${lab.keyOwner(value) ?? ""}`)
      .sort(),
    held: REPOSITORIES.map((repository) => {
      const { secrets, variables } = lab.held(repository);
      return {
        secrets: NAMES.map((name) => lab.keyOwner(secrets[name] ?? "")),
        variables: Object.entries(variables)
          .filter(([name]) => name.endsWith("_INFO") && name !== "OTHER_INFO")
          .map(([name, value]) =>
            `${name} ${value}`.replace(/fingerprint=\S+ (?:expires=\S+ )?/, "").replace(/\/\d+ /, "/n "),
          )
          .sort(),
      };
    }),
  };
}

const mainKey = (): string => lab.stored()["zot-ci-api"] ?? "";

for (const [path, row] of Object.entries(ACCOUNT)) {
  if ("elsewhere" in row) continue;
  test(`ci.accounts.<id>.${path}`, async () => {
    const [start, ofMain] = [inventory(), mainKey()];
    const withoutKey: string[] = [];
    const watch = (): void => {
      const { secrets } = lab.held(FIRST);
      if (!NAMES.some((name) => lab.keyOwner(secrets[name] ?? "") !== undefined)) withoutKey.push(path);
    };
    await up(row.to, watch);
    await up({}, watch);
    assert.deepEqual(inventory(), start, "back to what there was before");
    assert.equal(mainKey(), ofMain, "the other account keeps its key");
    assert.equal(withoutKey.length > 0, row.gap !== undefined, "CI has a key that zot takes at every moment");
  });
}

test("a destroy leaves nothing of either account", async () => {
  assert.equal((await engine.destroy()).how, "done");
  const { users, groups } = lab.authentik();
  assert.deepEqual([users.filter((name) => name.startsWith("zot-")), groups], [[], []]);
  assert.deepEqual(lab.allKeys(), []);
  for (const repository of REPOSITORIES) {
    const { secrets, variables } = lab.held(repository);
    assert.deepEqual(Object.keys({ ...secrets, ...variables }), ["SOMEBODYS"]);
  }
});
