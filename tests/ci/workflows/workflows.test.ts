import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import type { TestContext } from "node:test";
import { quote } from "../../../systems/zot/host/shell/shell.ts";
import { forgejo } from "../../lab/forgejo/instance.ts";
import type { TestForgejo } from "../../lab/forgejo/instance.ts";
import { namesOf, parametersOf } from "../dagger/parameters.ts";
import { infoOf, startCiRegistry, writeImage } from "../support.ts";
import type { CiRegistry } from "../support.ts";

// The workflows of ci/forgejo/ that build images, as users copy them, run by the lab's runner with the real skopeo. The build by Nix and Dagger's CLI are played.

const ROOT = resolve(import.meta.dirname, "../../..");
const skip = spawnSync("skopeo", ["--version"]).status === 0 ? false : "no skopeo, which writes the image as Nix does";

let ci: CiRegistry;
let folder = "";
before(async () => {
  ci = await startCiRegistry();
  folder = mkdtempSync(join(tmpdir(), "ci-workflows-"));
  // Leaves an image as `result`, as `nix build` does for a flake that makes a docker-archive.
  mkdirSync(join(folder, "bin"));
  const source = writeImage(join(folder, "image"), 1024);
  writeFileSync(
    join(folder, "bin", "nix"),
    `#!/bin/sh\n[ "$1" = build ] && [ "$2" = ".#hello" ] || exit 1\nexec skopeo copy -q ${quote(source)} docker-archive:result:hello:v1\n`,
  );
  // Prints its arguments, one a line, and whether the job gave it the key.
  writeFileSync(
    join(folder, "bin", "dagger"),
    `#!/bin/sh\n[ "$ZOT_CI_API_KEY" = ${quote(ci.key)} ] && echo "key: given"\nfor argument; do printf 'argument: %s\\n' "$argument"; done\n`,
  );
  for (const name of ["nix", "dagger"]) chmodSync(join(folder, "bin", name), 0o755);
});
after(async () => {
  await ci.registry.close();
  rmSync(folder, { recursive: true });
});

async function repository(t: TestContext): Promise<TestForgejo> {
  return forgejo(t, {
    files: {
      ".forgejo/workflows/dagger.yaml": readFileSync(join(ROOT, "ci/forgejo/dagger.yaml"), "utf8"),
      ".forgejo/workflows/nix.yaml": readFileSync(join(ROOT, "ci/forgejo/nix.yaml"), "utf8"),
      "ci/push-image.sh": readFileSync(join(ROOT, "ci/push-image.sh"), "utf8"),
    },
    runner: { pathPrefix: [join(folder, "bin")] },
  });
}

/** With the secret and the variable that zot-auth keeps. */
async function knownRepository(t: TestContext): Promise<TestForgejo> {
  const server = await repository(t);
  const actions = "/api/v1/repos/own/app/actions";
  await server.ask("PUT", `${actions}/secrets/ZOT_CI_API_KEY`, { data: ci.key });
  await server.ask("POST", `${actions}/variables/ZOT_CI_API_KEY_INFO`, { value: infoOf(ci) });
  return server;
}

async function run(
  server: TestForgejo,
  workflow = "nix.yaml",
): Promise<{ readonly status: string; readonly log: string; readonly sha: string }> {
  const { id, run_number: number } = await server.dispatch(workflow, { container: "hello", version: "1.2.3" });
  const { status, commit_sha: sha } = await server.ended(id);
  return { status, sha, log: await server.log(number) };
}

test(
  "the workflow for Nix pushes under the tag of version and commit, and a second run skips it",
  { skip },
  async (t) => {
    const server = await knownRepository(t);
    const first = await run(server);
    assert.equal(first.status, "success", first.log);
    const tag = `v1.2.3-${first.sha.slice(0, 7)}-nix`;
    assert.match(first.log, new RegExp(`push-image: pushed \\S+/homelab/hello:${tag}$`, "m"));
    assert.equal((await fetch(`${ci.registry.url}/v2/homelab/hello/manifests/${tag}`)).status, 200);
    const second = await run(server);
    assert.equal(second.status, "success", second.log);
    assert.match(second.log, /exists already, and tags are never overwritten: skipped$/m);
    assert.ok(!(first.log + second.log).includes(ci.key));
  },
);

const VERSION = "3.2.1";

interface Tags {
  readonly name: string;
  readonly tags: readonly string[];
}

/** A line of docs/guides/first-image.md, with this run's names in place of the page's. */
function expectedBy(page: string, line: RegExp, sha: string): string {
  const [found = ""] = line.exec(page) ?? [];
  assert.notEqual(found, "", String(line));
  return found
    .trim()
    .replace("registry.example.net", new URL(ci.registry.url).host)
    .replace("/app:", "/hello:")
    .replace("1.2.3", VERSION)
    .replace("0123abc", sha.slice(0, 7));
}

test("the first run and the second end as docs/guides/first-image.md says", { skip }, async (t) => {
  const page = readFileSync(join(ROOT, "docs/guides/first-image.md"), "utf8");
  const server = await knownRepository(t);
  // The page's own request, with another version than the other tests': the registry is the same.
  const body = JSON.parse(/-d '(.*)'$/m.exec(page)?.[1] ?? "") as { readonly ref: string; readonly inputs: object };
  const path = /\/api\/v1\S+\/dispatches/.exec(page)?.[0] ?? "";
  const inputs = { ...body.inputs, container: "hello", version: VERSION };
  for (const number of [1, 2]) {
    const dispatched = await server.ask("POST", path, { ...body, inputs });
    assert.equal(`It answers ${dispatched.status}.`, /It answers \d+\./.exec(page)?.[0]);
    await server.ended(number);
  }
  const { commit_sha: sha, status } = await server.run(2);
  assert.equal(status, "success");
  for (const [number, line] of [
    [1, expectedBy(page, /^ {4}push-image: pushed .*$/m, sha)],
    [2, expectedBy(page, /^ {4}push-image: .* skipped$/m, sha)],
  ] as const)
    assert.ok((await server.log(number)).split("\n").includes(line), `${line}\n${await server.log(number)}`);
  const tags = (await (await fetch(`${ci.registry.url}/v2/homelab/hello/tags/list`)).json()) as Tags;
  const shown = JSON.parse(expectedBy(page, /\{"name".*\]\}/m, sha).replace("homelab/app", "homelab/hello")) as Tags;
  assert.equal(tags.name, shown.name);
  assert.ok(tags.tags.includes(shown.tags[0] ?? ""), JSON.stringify([tags, shown]));
});

test(
  "in a repository that zot-auth does not know, the job fails and says which setting lists it",
  { skip },
  async (t) => {
    const { status, log } = await run(await repository(t));
    assert.equal(status, "failure");
    assert.match(log, /push-image: ZOT_CI_API_KEY is empty: .*forgejo\.repositories/);
  },
);

test("the workflow for Dagger calls publish() with the variable, and the key is no argument", async (t) => {
  const { status, log, sha } = await run(await knownRepository(t), "dagger.yaml");
  assert.equal(status, "success", log);
  assert.match(log, /^key: given$/m);
  const given = [...log.matchAll(/^argument: (.*)$/gm)].map(([, argument = ""]) => argument);
  assert.deepEqual(given, [
    "--progress=plain",
    "-m",
    "ci/dagger",
    "call",
    `--info=${infoOf(ci)}`,
    "publish",
    "--src=.",
    "--container-name=hello",
    "--version=1.2.3",
    `--commit-sha=${sha}`,
    "--registry-password=env:ZOT_CI_API_KEY",
  ]);
  for (const name of namesOf(given.slice(4, 5))) assert.ok(parametersOf().includes(name), name);
  for (const name of namesOf(given.slice(6))) assert.ok(parametersOf("publish").includes(name), name);
});
