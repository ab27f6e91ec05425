// What must hold in every story, as docs/background/key-life.md promises.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { generationOf } from "../../../systems/zot/keys/rotation.ts";
import type { Engine, Kept } from "../engine/engine.ts";
import type { Homelab } from "../homelab/homelab.ts";
import { OWNER } from "../engine/program.ts";
import { OTHERS, REPOSITORIES } from "../homelab/servers.ts";

export const SECRET = "ZOT_CI_API_KEY";
export const MARKER = `${SECRET}_INFO`;
const FIELD = "zot-ci-api";

/** The settings, and what people did by hand. */
export interface Declared {
  readonly repositories: readonly string[];
  /** Groups that may sign in besides admins and CI. */
  readonly groups: readonly string[];
  /** The number of keys created by hand. */
  readonly byHand: number;
  /** Whether CI may hold a revoked or expired key. */
  readonly excused: boolean;
}

export class Invariants {
  readonly #lab: Homelab;
  readonly #engine: Engine;

  constructor(lab: Homelab, engine: Engine) {
    this.#lab = lab;
    this.#engine = engine;
  }

  /** The key's row in the state. */
  key(): Kept | undefined {
    return this.#engine.state.find(({ type }) => type === "zot-auth:zot:ApiKey");
  }

  /** Repositories whose key zot refuses. */
  deadKeys(): readonly string[] {
    return REPOSITORIES.filter((repository) => {
      const key = this.#lab.held(repository).secrets[SECRET];
      return key !== undefined && !this.#lab.accepts(key);
    });
  }

  /** After every run, however it ended. */
  always({ byHand, excused }: Declared): void {
    if (!excused) assert.deepEqual(this.deadKeys(), [], "zot takes the keys that these repositories have");
    for (const repository of REPOSITORIES) {
      const { secrets, variables } = this.#lab.held(repository);
      assert.equal(secrets["SOMEBODYS"], OTHERS.SOMEBODYS, `${repository} keeps what is not ours`);
      assert.equal(variables["SOMEBODYS"], OTHERS.SOMEBODYS, `${repository} keeps what is not ours`);
      const key = secrets[SECRET];
      const told = /fingerprint=([0-9a-f]{16})/.exec(variables[MARKER] ?? "")?.[1];
      if (told !== undefined && key !== undefined) {
        assert.equal(fingerprintOf(key), told, `the marker of ${repository} describes the key that is there`);
      }
    }
    assert.equal(this.#lab.stored()["other"], OTHERS.SOMEBODYS, "1Password's other field is as it was");
    const kept = this.#lab.keys().filter(isByHand);
    if (!excused) assert.equal(kept.length, byHand, "keys that people made are theirs");
    const said = this.#engine.said.splice(0).join("\n");
    assert.doesNotMatch(said, /zak_[0-9a-f]/, "nothing that is said or remembered has a key in it");
    for (const secret of this.#lab.secrets)
      assert.ok(!said.includes(secret), `nothing that is said has a secret in it`);
  }

  /** After two successful runs, with the grace period over. */
  whole({ repositories, groups }: Declared): void {
    const key = this.#lab.stored()[FIELD] ?? "";
    const kept = this.key();
    assert.equal(kept?.outputs["fingerprint"], fingerprintOf(key), "1Password has the key that the state records");
    const ours = this.#lab.keys().filter(({ label }) => generationOf(OWNER, label) !== undefined);
    assert.deepEqual(
      ours.map(({ label }) => label),
      [kept.outputs["label"]],
      "zot has one key of ours, the one in force",
    );
    for (const repository of REPOSITORIES) {
      const wanted = repositories.includes(repository);
      const { secrets, variables } = this.#lab.held(repository);
      assert.equal(secrets[SECRET], wanted ? key : undefined, `${repository} has ${wanted ? "" : "no longer "}the key`);
      assert.equal(variables[MARKER] !== undefined, wanted, `${repository}'s marker`);
    }
    assert.ok(this.#lab.accepts(key), "zot takes it");
    const { applications, groups: bound, tokens, blueprints } = this.#lab.authentik();
    assert.deepEqual(applications, ["zot"]);
    assert.deepEqual(bound, ["admins", "artifact-workloads", ...groups], "who may sign in is as the settings say");
    assert.ok(tokens.includes("zot-ci-app-password"), "the account has its app password");
    assert.equal(blueprints.filter(isOurs).length, 1, "Authentik has one blueprint of ours");
  }

  /** After a successful destroy. */
  gone(): void {
    for (const repository of REPOSITORIES)
      assert.deepEqual(this.#lab.held(repository), { secrets: OTHERS, variables: OTHERS });
    const ours = this.#lab.keys().filter(({ label }) => generationOf(OWNER, label) !== undefined);
    assert.deepEqual(ours, [], "zot has no key of ours");
    // After two kills, one in a rotation and one after a revocation, the field may keep a revoked key that the state never recorded.
    assert.ok(!this.#lab.accepts(this.#lab.stored()[FIELD] ?? ""), "1Password has no key that works");
    assert.deepEqual(this.#engine.state, [], "the state is empty");
    const { applications, groups, users, tokens, blueprints } = this.#lab.authentik();
    assert.deepEqual([applications, groups], [[], []], "nobody signs in any more");
    assert.ok(!users.includes("zot-ci") && !tokens.includes("zot-ci-app-password"), "the account is gone");
    assert.deepEqual(blueprints.filter(isOurs), [], "Authentik has no blueprint of ours");
  }
}

function isOurs(blueprint: string): boolean {
  return blueprint.startsWith("zot-auth ");
}

export function isByHand({ label }: { readonly label: string }): boolean {
  return label.startsWith("by hand");
}

function fingerprintOf(key: string): string {
  return createHash("sha256").update(key).digest("hex").slice(0, 16);
}
