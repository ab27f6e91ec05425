// The runs that README.md shows are of this program (else: npm run record).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { parse } from "yaml";
import { at, isObject } from "../../core/json.ts";
import { recordedIn, rowsIn } from "../../docs/generate/recorded.ts";
import { screenOf } from "../../docs/generate/terminal.ts";
import { runProgram } from "../components/mocks.ts";
import { REAL_CASE } from "../support/settings.ts";

const README = readFileSync(new URL("../../README.md", import.meta.url), "utf8");

/** Without the hash of the file's path. */
const named = ({ type, name }: { readonly type: string; readonly name: string }): string =>
  `${type} ${name.replace(/^(zot-(?:config|credentials))-[\da-f]{6}$/, "$1-<hash>")}`;

test("the rows of the recorded runs are the resources of the program with the lab's settings", async () => {
  const config = at(parse(readFileSync(new URL("../../Pulumi.lab.yaml", import.meta.url), "utf8")), "config");
  assert.ok(isObject(config));
  const settings = Object.fromEntries(
    Object.entries(config).map(([group, value]) => [group.replace(/^zot-auth:/, ""), value]),
  );
  // The host that the mocks know, and 1Password without a file of the lab; neither names a resource.
  const { resources } = await runProgram(
    { ...settings, registry: REAL_CASE.registry, onePassword: REAL_CASE.onePassword },
    // The lab's zot.
    { release: "2.1.23" },
  );
  const registered = ["pulumi:pulumi:Stack zot-auth-lab", ...resources.map(named)].sort();
  assert.ok(registered.length > 30);
  for (const title of ["Previewing update (lab):", "Updating (lab):"] as const) {
    const run = recordedIn(README, title);
    assert.deepEqual(rowsIn(run).map(named).sort(), registered, title);
    assert.match(run, new RegExp(`^ {4}\\+ ${registered.length} (?:created|to create)$`, "m"));
  }
});

test("a recorded run is what the terminal shows at the end, without the outputs", () => {
  const output =
    "Updating (lab):\r\n@ up...\r\n\u001B[2A\u001B[1G\u001B[0JUpdating (lab):\r\n\u001B[32m +\u001B[0m   a:b:C  c  creating\r\n\u001B[1A\u001B[2K +   a:b:C  c  created (1s)\r\n\r\n" +
    'Outputs:\r\n    key: "x"\r\n\r\nResources:\r\n    + 1 created\r\n\r\nDuration: 1s\r\n\r\nReport: x.html\r\n';
  const run = recordedIn(screenOf(output), "Updating (lab):");
  assert.equal(run, "Updating (lab):\n +   a:b:C  c  created (1s)\n\nResources:\n    + 1 created\n\nDuration: 1s\n");
  assert.deepEqual(rowsIn(run), [{ type: "a:b:C", name: "c" }]);
  assert.throws(() => recordedIn("error: it failed", "Updating (lab):"), /no run "Updating/);
});
