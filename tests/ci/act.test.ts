import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { fingerprint } from "../../core/secrets/fingerprint.ts";
import { quote } from "../../systems/zot/host/shell/shell.ts";
import { infoOf, startCiRegistry, writeImage } from "./support.ts";
import type { CiRegistry } from "./support.ts";

// The workflows that build images, run by act, from which Forgejo's runner descends: like that one with a label for the host, it gives each step a terminal, and
// stops reading it when the step fails. Nix and Dagger's CLI are played.

const ROOT = resolve(import.meta.dirname, "../..");
const missing = ["act", "skopeo"].find((program) => spawnSync(program, ["--version"]).status !== 0);
const skip = missing === undefined ? false : `no ${missing}`;

let ci: CiRegistry;
let folder = "";
before(async () => {
  if (skip !== false) return;
  ci = await startCiRegistry();
  folder = mkdtempSync(join(tmpdir(), "ci-act-"));
  const source = writeImage(join(folder, "image"), 1024);
  mkdirSync(join(folder, "bin"));
  writeFileSync(
    join(folder, "bin", "nix"),
    `#!/bin/sh\n[ "$2" = ".#hello" ] || { echo "error: no attribute $2" >&2; exit 1; }\nexec skopeo copy -q ${quote(source)} docker-archive:result:hello:v1\n`,
  );
  writeFileSync(
    join(folder, "bin", "dagger"),
    `#!/bin/sh\nfor argument; do echo "argument: $argument"; done\n[ "$ZOT_CI_API_KEY" = ${quote(ci.key)} ] || exit 1\n`,
  );
  for (const name of ["nix", "dagger"]) chmodSync(join(folder, "bin", name), 0o755);
  const repository = join(folder, "repository");
  mkdirSync(join(repository, ".forgejo"), { recursive: true });
  cpSync(join(ROOT, "ci/forgejo"), join(repository, ".forgejo/workflows"), { recursive: true });
  mkdirSync(join(repository, "ci"));
  cpSync(join(ROOT, "ci/push-image.sh"), join(repository, "ci/push-image.sh"));
  for (const args of [
    ["init", "--quiet", "--initial-branch=main"],
    ["add", "--all"],
    ["-c", "user.name=me", "-c", "user.email=me@example.test", "commit", "--quiet", "--message=first"],
  ])
    assert.equal(spawnSync("git", args, { cwd: repository }).status, 0, args.join(" "));
});
after(async () => {
  if (skip !== false) return;
  await ci.registry.close();
  rmSync(folder, { recursive: true });
});

interface Ran {
  readonly succeeded: boolean;
  /** What the steps printed; what act said if there were none. */
  readonly log: string;
}

interface Given {
  readonly key?: string;
  readonly info?: string;
  readonly version?: string;
  readonly container?: string;
}

async function run(workflow: string, given: Given = {}): Promise<Ran> {
  const { key = ci.key, info = infoOf(ci), version = "1.2.3", container = "hello" } = given;
  const secrets = join(folder, "secrets");
  const variables = join(folder, "variables");
  writeFileSync(secrets, `ZOT_CI_API_KEY=${key}\n`, { mode: 0o600 });
  writeFileSync(variables, `ZOT_CI_API_KEY_INFO="${info}"\n`);
  const label = /runs-on: (\w+)$/m.exec(readFileSync(join(ROOT, "ci/forgejo", workflow), "utf8"))?.[1] ?? "";
  const child = spawn(
    "act",
    [
      ...["workflow_dispatch", "--workflows", `.forgejo/workflows/${workflow}`, "--platform", `${label}=-self-hosted`],
      ...["--secret-file", secrets, "--var-file", variables, "--no-cache-server", "--json"],
      ...["--input", `container=${container}`, "--input", `version=${version}`],
    ],
    {
      cwd: join(folder, "repository"),
      env: { PATH: `${join(folder, "bin")}:${process.env["PATH"] ?? ""}`, HOME: folder },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  const code = await new Promise<number | null>((done) => child.once("close", done));
  const printed = Buffer.concat(chunks).toString();
  assert.ok(!printed.includes(ci.key), "act masks the key, and so does nothing else print it");
  const log = printed
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as { readonly raw_output?: boolean; readonly msg: string })
    .filter(({ raw_output: raw }) => raw === true)
    .map(({ msg }) => msg.replaceAll("\r\n", "\n"))
    .join("");
  return { succeeded: code === 0, log: log === "" ? printed : log };
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

test("act rejects the line for tokens of jobs, as docs/ci.md says of older runners", { skip }, async () => {
  const { succeeded, log } = await run("job-token.yaml");
  assert.equal(succeeded, false);
  assert.match(log, /Unknown Property enable-openid-connect/);
});
