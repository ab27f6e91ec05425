import assert from "node:assert/strict";
import test from "node:test";
import { Forgejo } from "../../../systems/forgejo/client.ts";
import { Bench } from "./support/between.ts";

const client = (bench: Bench, token?: string): Forgejo =>
  new Forgejo(bench.connection(token), AbortSignal.timeout(10_000));
const code =
  (expected: string, message = /./) =>
  (error: unknown) =>
    error instanceof Error && "code" in error && error.code === expected && message.test(error.message);

test("the check of a token's permissions changes nothing, and finds what a read would miss", async (t) => {
  const bench = await Bench.start(t);
  const before = ["own/app", "own/site", "org1", "own"].map((where) => bench.held(where));
  for (const target of ["own/app", "org1", "user:own"]) await client(bench).assertMayWrite(target);
  assert.ok((await client(bench, "T_READ").secretNames("own/app"))?.includes("OTHER"), "it may read them");
  for (const [target, token, expected] of [
    ["own/app", "T_READ", "FORGEJO_SCOPE_MISSING"],
    ["org1", "T_READ", "FORGEJO_SCOPE_MISSING"],
    ["user:own", "T_READ", "FORGEJO_SCOPE_MISSING"],
    ["own/site", "T_BOB", "FORGEJO_RIGHT_MISSING"],
    ["org1", "T_BOB", "FORGEJO_RIGHT_MISSING"],
    ["own/app", "T_WRONG", "FORGEJO_TOKEN_REFUSED"],
  ] as const)
    await assert.rejects(client(bench, token).assertMayWrite(target), code(expected), `${target} with ${token}`);
  assert.deepEqual(
    ["own/app", "own/site", "org1", "own"].map((where) => bench.held(where)),
    before,
  );
});

test("a user's secrets cannot be listed, so they are undetermined", async (t) => {
  const bench = await Bench.start(t);
  assert.equal(await client(bench).secretNames("user:own"), undefined);
  assert.deepEqual(await client(bench).secretNames("org1"), []);
});

test("a variable created at the same moment by someone else is overwritten", async (t) => {
  const bench = await Bench.start(t);
  const path = "/repos/own/app/actions/variables/X_INFO";
  let made = false;
  bench.before = async ({ method }) => {
    if (method !== "POST" || made) return;
    made = true;
    await bench.ask("POST", path, { value: "theirs" });
  };
  await client(bench).putVariable("own/app", "X_INFO", "ours");
  assert.equal(made, true);
  assert.equal(bench.held("own/app").variables["X_INFO"], "ours");
});

test("a variable whose creation was answered by a proxy's 502 is found on the next attempt, and written", async (t) => {
  const bench = await Bench.start(t);
  let lost = false;
  bench.fate = ({ method }) => {
    if (method !== "POST" || lost) return undefined;
    lost = true;
    return { when: "after", then: 502 };
  };
  await client(bench).putVariable("own/app", "X_INFO", "ours");
  assert.equal(bench.requests, 4, "PUT, POST, POST, which finds it, and PUT");
  assert.equal(bench.held("own/app").variables["X_INFO"], "ours");
});

for (const [name, change, expected] of [
  ["an archived repository", { archived: true }, "FORGEJO_REPOSITORY_ARCHIVED"],
  ["a repository without Actions", { has_actions: false }, "FORGEJO_WORKFLOW_UNKNOWN"],
  ["a renamed repository", { name: "renamed" }, "FORGEJO_REPOSITORY_MOVED"],
  ["a workflow that is not there", {}, "FORGEJO_WORKFLOW_UNKNOWN"],
] as const) {
  test(`a dispatch in ${name}: ${expected}, once`, async (t) => {
    const bench = await Bench.start(t);
    await bench.ask("PATCH", "/repos/own/app", change);
    await assert.rejects(
      client(bench).dispatch("own/app", "build.yaml", "main", {}, "acceptance.workflow"),
      code(expected, /own\/app/),
    );
    assert.equal(bench.requests, 1);
  });
}

test("a response that is not Forgejo's is reported as such", async (t) => {
  const bench = await Bench.start(t);
  bench.fate = () => ({ when: "before", then: 200 });
  await assert.rejects(client(bench).targetId("own/app"), code("UNEXPECTED_ANSWER", /look up its id/));
});
