import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { fingerprint } from "../../../core/secrets/fingerprint.ts";
import { quote } from "../../../systems/zot/host/shell/shell.ts";
import { ActRepository, without } from "./acting.ts";
import type { Ran } from "./acting.ts";
import { infoOf, startCiRegistry, writeImage } from "../support.ts";
import type { CiRegistry } from "../support.ts";

// The workflows that build images, run by act with the real skopeo. Nix and Dagger's CLI are played.

const ROOT = resolve(import.meta.dirname, "../../..");
const skip = without("act", "skopeo");

let ci: CiRegistry;
let folder = "";
let repository: ActRepository;
before(async () => {
  if (skip !== false) return;
  ci = await startCiRegistry();
  folder = mkdtempSync(join(tmpdir(), "ci-act-"));
  const source = writeImage(join(folder, "image"), 1024);
  const files = ["nix.yaml", "dagger.yaml", "job-token.yaml"].map((name) => [
    `.forgejo/workflows/${name}`,
    readFileSync(join(ROOT, "ci/forgejo", name), "utf8"),
  ]);
  repository = new ActRepository(
    folder,
    {
      ...(Object.fromEntries(files) as Readonly<Record<string, string>>),
      "ci/push-image.sh": readFileSync(join(ROOT, "ci/push-image.sh"), "utf8"),
    },
    {
      nix: `#!/bin/sh\n[ "$2" = ".#hello" ] || { echo "error: no attribute $2" >&2; exit 1; }\nexec skopeo copy -q ${quote(source)} docker-archive:result:hello:v1\n`,
      dagger: `#!/bin/sh\nfor argument; do echo "argument: $argument"; done\n[ "$ZOT_CI_API_KEY" = ${quote(ci.key)} ] || exit 1\n`,
    },
  );
});
after(async () => {
  if (skip !== false) return;
  await ci.registry.close();
  rmSync(folder, { recursive: true });
});

interface Given {
  readonly key?: string;
  readonly info?: string;
  readonly version?: string;
  readonly container?: string;
}

async function run(workflow: string, given: Given = {}): Promise<Ran> {
  const { key = ci.key, info = infoOf(ci), version = "1.2.3", container = "hello" } = given;
  return repository.run(workflow, {
    event: "workflow_dispatch",
    secrets: { ZOT_CI_API_KEY: key },
    variables: { ZOT_CI_API_KEY_INFO: info },
    inputs: { container, version },
  });
}

test("the workflow for Nix pushes, a second run skips the tag, and the log has no progress bar", { skip }, async () => {
  const first = await run("nix.yaml");
  assert.ok(first.succeeded, first.log);
  const [, tag = ""] = /^push-image: pushed \S+\/homelab\/hello:(v1\.2\.3-[0-9a-f]{7}-nix)$/m.exec(first.log) ?? [];
  assert.equal((await fetch(`${ci.registry.url}/v2/homelab/hello/manifests/${tag}`)).status, 200, first.log);
  assert.match(first.log, /Copying blob/);
  assert.ok(!first.log.includes("\u001b["), "nothing is drawn again and again");
  // The same version, as tags have it.
  const second = await run("nix.yaml", { version: "v1.2.3" });
  assert.ok(second.succeeded, second.log);
  assert.ok(second.log.includes(`hello:${tag} exists already, and tags are never overwritten: skipped\n`), second.log);
});

/** What a job's log ends with when it fails, by what is wrong. */
const FAILURES: readonly (readonly [what: string, () => Given, RegExp])[] = [
  ["no secret", () => ({ key: "" }), /push-image: ZOT_CI_API_KEY is empty: .*forgejo\.repositories/],
  [
    "another key than the variable describes",
    () => ({ key: "zak_0000", version: "2.0.0" }),
    /rejects the key of zot-ci\n.*is not the key zot-auth\/lab\/3 that the variable describes/,
  ],
  [
    "a revoked key",
    () => ({ key: "zak_0000", info: infoOf(ci, { fingerprint: fingerprint("zak_0000") }), version: "2.0.0" }),
    /It is the key zot-auth\/lab\/3 that the variable describes, so the key may have been revoked/,
  ],
  [
    "a namespace that is not CI's",
    () => ({
      info: infoOf(ci, { login: { user: "zot-ci", registry: ci.registry.url, prefix: "private" } }),
      version: "2.0.0",
    }),
    /refuses \S+\/private\/hello:\S+\n.*may create new tags below private\/ and nothing else/,
  ],
  ["a package that the flake lacks", () => ({ container: "other" }), /error: no attribute \.#other/],
  ["an invalid version", () => ({ version: "1.2+3" }), /push-image: invalid tag "v1\.2\+3-/],
];
for (const [what, given, message] of FAILURES) {
  test(`with ${what}, the job fails, and its log ends with the reason`, { skip }, async () => {
    const { succeeded, log } = await run("nix.yaml", given());
    assert.equal(succeeded, false);
    assert.match(log, message);
  });
}

test("the workflow for Dagger hands on the variable, and the key as a reference", { skip }, async () => {
  const { succeeded, log } = await run("dagger.yaml");
  assert.ok(succeeded, log);
  for (const argument of ["--progress=plain", `--info=${infoOf(ci)}`, "--version=1.2.3"])
    assert.ok(log.includes(`argument: ${argument}\n`), `${argument}\n${log}`);
  assert.match(log, /^argument: --registry-password=env:ZOT_CI_API_KEY$/m);
});

test("act rejects the line for tokens of jobs, as docs/guides/ci.md says of older runners", { skip }, async () => {
  const { succeeded, log } = await run("job-token.yaml");
  assert.equal(succeeded, false);
  assert.match(log, /Unknown Property enable-openid-connect/);
});
