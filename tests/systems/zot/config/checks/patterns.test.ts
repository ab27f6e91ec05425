import assert from "node:assert/strict";
import test from "node:test";
import { patternProblems } from "../../../../../systems/zot/config/checks/patterns.ts";

/** The paths of the problems in a config. */
function paths(config: object): readonly string[] {
  return [...patternProblems(config)].map(({ path }) => path);
}

test("a glob with which zot does not start is an error wherever a config may have one", () => {
  const retention = { policies: [{ repositories: ["**", "{a/**"] }] };
  const config = {
    http: { accesscontrol: { repositories: { "**": {}, "[a": {} } } },
    storage: { retention, subPaths: { "/b": { Retention: retention } } },
    extensions: { sync: { registries: [{ content: [{ prefix: "**" }, { prefix: "a}" }] }] } },
  };
  assert.deepEqual(paths(config), [
    "http.accessControl.repositories.[a",
    "storage.retention.policies.0.repositories.1",
    "storage.subPaths./b.retention.policies.0.repositories.1",
    "extensions.sync.registries.0.content.1.prefix",
  ]);
  const [first] = patternProblems(config);
  assert.match(first?.message ?? "", /^got "\[a"; zot does not start with it\. Must be a glob with every bracket/);
});
