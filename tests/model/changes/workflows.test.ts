import "../prepare.ts";
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { zotAuth } from "../../../provider/definition.ts";
import type { ResourceHandler, Values } from "../../../provider/grpc/index.ts";
import { Engine } from "../engine/engine.ts";
import type { Kept } from "../engine/engine.ts";
import type { Definition } from "../engine/definition.ts";
import { program } from "../engine/program.ts";
import { Homelab } from "../homelab/homelab.ts";

// The list of acceptance.workflows changes: what stays in it does not run again. The model's Forgejo runs no workflows, so the builds are only counted.

const TYPE = "zot-auth:acceptance:TestBuild";
const [A, B, C] = [
  { repository: "own/one", file: "a.yaml" },
  { repository: "own/two", file: "b.yaml" },
  { repository: "own/two", file: "c.yaml" },
] as const;
const B_WITH_INPUTS = { ...B, inputs: { container: "hello" } };

let lab: Homelab;
let engine: Engine;
let ran: string[];

beforeEach(async () => {
  lab = await Homelab.start();
  ran = [];
  engine = new Engine([counting()]);
});
afterEach(async () => lab.stop());

function counting(): Definition {
  const run = (inputs: Values): Values => {
    ran.push(`${inputs["workflow"] as string} ${JSON.stringify(inputs["inputs"])}`);
    return { ...inputs, run: ran.length, runUrl: "", result: "success", drift: "" };
  };
  const load = async (): Promise<ResourceHandler> => {
    const handler = await zotAuth.resources[TYPE]?.();
    assert.ok(handler);
    return {
      ...handler,
      create: async (inputs) => Promise.resolve({ id: "a build", state: run(inputs) }),
      update: async (_id, _state, inputs) => Promise.resolve(run(inputs)),
    };
  };
  return { ...zotAuth, resources: { ...zotAuth.resources, [TYPE]: load } };
}

/** What an `up` with these workflows ran. */
async function up(workflows: readonly object[], workflow?: object, others: object = {}): Promise<readonly string[]> {
  ran.length = 0;
  const acceptance = { workflows, ...(workflow === undefined ? {} : { workflow }) };
  const { how, errors } = await engine.up(() => program(lab.settings({ acceptance, ...others })));
  assert.equal(how, "done", errors.join());
  return ran.toSorted();
}

const names = (): readonly string[] =>
  engine.state.filter(({ type }) => type === TYPE).map(({ urn }) => urn.split("::").at(-1) ?? "");

/** As an earlier version left it: named by position. */
function namedByPosition(): void {
  const positions = names().map(
    (name, index) => [name, `acceptance-build${index === 0 ? "" : `-${index + 1}`}`] as const,
  );
  const renamed = (urn: string): string => {
    const [, to] = positions.find(([from]) => urn.endsWith(`::${from}`)) ?? [];
    return to === undefined ? urn : `${urn.slice(0, urn.lastIndexOf("::"))}::${to}`;
  };
  engine.state = engine.state.map((kept): Kept => ({
    ...kept,
    urn: renamed(kept.urn),
    dependencies: kept.dependencies.map(renamed),
  }));
}

test("one that leaves the list, or joins it at its beginning, runs no other one again", async () => {
  assert.deepEqual(await up([A, B]), ["a.yaml {}", "b.yaml {}"]);
  assert.deepEqual(await up([B]), []);
  assert.deepEqual(names(), ["acceptance-build-own/two/b.yaml"]);
  assert.deepEqual(await up([C, B]), ["c.yaml {}"]);
  assert.deepEqual(await up([B, C]), []);
  assert.deepEqual(await up([B, C], A), ["a.yaml {}"], "nor does the first setting");
  assert.deepEqual(await up([C]), []);
  assert.deepEqual((await engine.destroy()).errors, []);
});

test("the same workflow with other inputs is another build", async () => {
  await up([A, B, B_WITH_INPUTS]);
  assert.equal(new Set(names()).size, 3);
  assert.deepEqual(await up([B, B_WITH_INPUTS]), []);
  assert.deepEqual(await up([B_WITH_INPUTS, A]), ['b.yaml {"container":"hello"}', "a.yaml {}"].toSorted());
});

test("builds that an earlier version named by their positions get their names, and none runs again", async () => {
  for (const workflow of [undefined, C]) {
    await up([A, B], workflow);
    namedByPosition();
    assert.deepEqual(await up([A, B], workflow), []);
    assert.deepEqual(names(), [
      ...(workflow === undefined ? [] : ["acceptance-build"]),
      "acceptance-build-own/one/a.yaml",
      "acceptance-build-own/two/b.yaml",
    ]);
  }
  assert.deepEqual((await engine.refresh()).errors, []);
  assert.deepEqual(await up([A, B], C), []);
});

test("if the list changes together with the version, up succeeds: at most those that moved run again", async () => {
  await up([A, B]);
  namedByPosition();
  assert.deepEqual(await up([B]), ["b.yaml {}"]);
  assert.deepEqual(names(), ["acceptance-build-own/two/b.yaml"]);
  await up([A, B]);
  namedByPosition();
  assert.deepEqual((await engine.destroy()).errors, []);
});

test("another name of the key's secret repeats every build, since a workflow reads the key by that name; other recipients repeat none", async () => {
  const forgejo = (change: object): object => ({ forgejo: { ...lab.settings({}).forgejo, ...change } });
  await up([B], A);
  assert.deepEqual(await up([B], A, forgejo({ secretName: "PUSH_KEY" })), ["a.yaml {}", "b.yaml {}"]);
  assert.deepEqual(await up([B], A, forgejo({ secretName: "PUSH_KEY", repositories: ["own/two", "own/one"] })), []);
  assert.deepEqual(await up([B], A), ["a.yaml {}", "b.yaml {}"], "and so does the first name again");
});
