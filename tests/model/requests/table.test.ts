import "../prepare.ts";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Engine } from "../engine/engine.ts";
import { Homelab } from "../homelab/homelab.ts";
import { program } from "../engine/program.ts";

// docs/background/key-life.md lists what a crash at each request leaves behind. It must list exactly the requests that change something.

const DOCUMENT = new URL("../../../docs/background/key-life.md", import.meta.url);

/** The table's first column: a method and a path, where `*` matches anything. */
function rows(): readonly string[] {
  const text = readFileSync(DOCUMENT, "utf8");
  return [...text.matchAll(/^\| `((?:POST|PUT|PATCH|DELETE) [^`]+)`/gm)].map(([, request = ""]) => request);
}

function matches(row: string, request: string): boolean {
  const [method = "", path = ""] = row.split(" ");
  const parts = path.split("*").map((part) => part.replace(/[.?+()[\]{}|^$\\]/g, String.raw`\$&`));
  return new RegExp(`^${method} ${parts.join(".+")}$`).test(request);
}

test("the table of crashes lists exactly the requests that change something", async () => {
  const lab = await Homelab.start();
  const engine = new Engine();
  const settings = (rotationTrigger: string, repositories: readonly string[]) =>
    lab.settings({ ci: { rotationTrigger, gracePeriod: "0 seconds" }, forgejo: { repositories } });
  const ups = [settings("1", ["own/one", "own/two"]), settings("2", ["own/one"])];
  const ended = [];
  for (const given of ups) ended.push(await engine.up(() => program(given)));
  ended.push(await engine.refresh(), await engine.destroy());
  await lab.stop();
  for (const { how, errors } of ended) assert.equal(how, "done", errors.join());

  const sent = [
    ...new Set(ended.flatMap(({ run }) => run.changes.map(({ method, url }) => `${method} ${url.pathname}`))),
  ];
  assert.ok(sent.length > 20);
  assert.deepEqual(
    sent.filter((request) => !rows().some((row) => matches(row, request))),
    [],
    "what the table lacks",
  );
  assert.deepEqual(
    rows().filter((row) => !sent.some((request) => matches(row, request))),
    [],
    "what the table has and nobody sends",
  );
});
