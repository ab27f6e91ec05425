// The command as CI uses it: exit codes, messages, credentials, and what the registry receives.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import type { TestContext } from "node:test";
import { skopeo } from "../../../lab/skopeo/commands/commands.ts";
import { digestOf, startRegistry } from "./testRegistry.ts";
import type { TestRegistry } from "./testRegistry.ts";

const WRAPPER = join(import.meta.dirname, "../../../lab/bin/skopeo");

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Setup {
  readonly registry: TestRegistry;
  readonly folder: string;
  readonly image: string;
  readonly skopeo: (args: readonly string[], environment?: Readonly<Record<string, string>>) => Promise<Ran>;
}

async function setUp(t: TestContext): Promise<Setup> {
  const registry = await startRegistry({
    "zot-ci": { password: "zak_1:2", rights: ["create"] },
    admin: { password: "admin", rights: ["create", "update", "delete"] },
    nobody: { password: "none", rights: [] },
  });
  const folder = mkdtempSync(join(tmpdir(), "skopeo-test-"));
  t.after(async () => {
    await registry.close();
    rmSync(folder, { recursive: true });
  });
  const image = join(folder, "image");
  writeImage(image, "first");
  const command: Setup["skopeo"] = async (args, environment = {}) => {
    const ran = { stdout: "", stderr: "" };
    const code = await skopeo(args, {
      environment: { HOME: folder, ...environment },
      stdout: (text) => (ran.stdout += text.toString()),
      stderr: (text) => (ran.stderr += text),
    });
    return { code, ...ran };
  };
  return { registry, folder, image, skopeo: command };
}

/** Runs a line of shell, in which `$0` is `lab/bin/skopeo`. */
function wrapper(line: string, folder: string, args: readonly string[] = []): Promise<Ran> {
  return new Promise((resolve, reject) => {
    // A PATH without a real skopeo, so that the stand-in is tested.
    const child = spawn("/bin/sh", ["-c", line, WRAPPER, ...args], {
      env: { PATH: join(folder, "bin"), HOME: folder },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const ran = { stdout: "", stderr: "" };
    child.stdout.on("data", (chunk: Buffer) => (ran.stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (ran.stderr += chunk.toString()));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, ...ran }));
  });
}

/** Links the only program that the wrapper needs. */
function makeBin(folder: string): void {
  mkdirSync(join(folder, "bin"));
  symlinkSync("/usr/bin/dirname", join(folder, "bin", "dirname"));
}

/** Writes an image with one layer as an OCI layout, tagged v1. */
function writeImage(folder: string, content: string): void {
  mkdirSync(join(folder, "blobs", "sha256"), { recursive: true });
  const put = (bytes: Buffer): { digest: string; size: number } => {
    writeFileSync(join(folder, "blobs", "sha256", digestOf(bytes).slice(7)), bytes);
    return { digest: digestOf(bytes), size: bytes.length };
  };
  const json = (value: object): Buffer => Buffer.from(JSON.stringify(value));
  const config = put(
    json({ architecture: "amd64", os: "linux", created: "2026-01-01T00:00:00Z", config: { Labels: { of: content } } }),
  );
  const layer = put(Buffer.from(content));
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const manifest = put(
    json({
      schemaVersion: 2,
      mediaType,
      config: { mediaType: "application/vnd.oci.image.config.v1+json", ...config },
      layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar", ...layer }],
    }),
  );
  const annotations = { "org.opencontainers.image.ref.name": "v1" };
  writeFileSync(
    join(folder, "index.json"),
    JSON.stringify({ schemaVersion: 2, manifests: [{ mediaType, ...manifest, annotations }] }),
  );
  writeFileSync(join(folder, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
}

const fatal = ({ code, stderr }: Ran): string => {
  assert.equal(code, 1, stderr);
  const message = /^time="[\d-]{10}T[\d:]{8}Z" level=fatal msg=(".*")\n$/.exec(stderr)?.[1];
  assert.ok(message !== undefined, stderr);
  return JSON.parse(message) as string;
};

await test("copy pushes a new tag, and overwriting it requires permission to update", async (t) => {
  const { registry, image, skopeo } = await setUp(t);
  const target = `docker://${registry.host}/sk/app:v1`;
  const copy = (creds: string): Promise<Ran> =>
    skopeo(["copy", "--dest-tls-verify=false", `--dest-creds=${creds}`, `oci:${image}:v1`, target]);
  const pushed = await copy("zot-ci:zak_1:2");
  assert.equal(pushed.code, 0, pushed.stderr);
  assert.match(
    pushed.stdout,
    /^Getting image source signatures\nCopying blob sha256:[0-9a-f]{64}\nCopying config sha256:/,
  );
  const { manifests } = JSON.parse(readFileSync(join(image, "index.json"), "utf8")) as {
    manifests: [{ digest: string }];
  };
  assert.equal(digestOf(registry.manifests.get("sk/app:v1") ?? Buffer.alloc(0)), manifests[0].digest);
  assert.equal(registry.blobs.size, 2);
  assert.equal(
    fatal(await copy("zot-ci:zak_1:2")),
    `writing manifest: uploading manifest v1 to ${registry.host}/sk/app: denied: requested access to the resource is denied`,
  );
  writeImage(image, "second");
  const overwritten = await copy("admin:admin");
  assert.equal(overwritten.code, 0, overwritten.stderr);
});

await test("missing credentials, invalid ones and insufficient permissions fail as with the real skopeo", async (t) => {
  const { registry, image, skopeo } = await setUp(t);
  const copy = (...creds: string[]): Promise<Ran> =>
    skopeo(["copy", "--dest-tls-verify=false", ...creds, `oci:${image}`, `docker://${registry.host}/sk/app:v2`]);
  assert.match(
    fatal(await copy()),
    /^writing blob: initiating layer upload to \/v2\/sk\/app\/blobs\/uploads\/ in .*: unauthorized: authentication required$/,
  );
  assert.match(
    fatal(await copy("--dest-creds", "zot-ci:wrong")),
    /checking whether a blob sha256:[0-9a-f]{64} exists in 127\.0\.0\.1:\d+\/sk\/app: unauthorized: authentication required$/,
  );
  assert.match(fatal(await copy("--dest-creds", "nobody:none")), /denied: requested access to the resource is denied$/);
  assert.equal(registry.manifests.size, 0);
  assert.equal((await copy("--dest-creds", "admin:admin")).code, 0);
  const anonymous = fatal(
    await skopeo(["copy", "--dest-tls-verify=false", `oci:${image}`, `docker://${registry.host}/sk/app:v3`]),
  );
  assert.match(anonymous, /uploading manifest v3 to .*: unauthorized: authentication required$/);
  assert.match(
    fatal(await skopeo(["copy", `oci:${image}`, `docker://${registry.host}/sk/app:v4`])),
    /^pinging container registry .*: http: server gave HTTP response to HTTPS client$/,
  );
});

await test("credentials come from an auth file, a file descriptor or the environment, and the longest matching key applies", async (t) => {
  const { registry, image, folder, skopeo } = await setUp(t);
  const auth = (name: string): { auth: string } => ({ auth: Buffer.from(name).toString("base64") });
  const content = JSON.stringify({
    auths: { [registry.host]: auth("nobody:none"), [`${registry.host}/sk`]: auth("zot-ci:zak_1:2") },
  });
  const copy = (tag: string, ...args: string[]): string[] => [
    ...["copy", "--quiet", "--dest-tls-verify=false", ...args],
    ...[`oci:${image}`, `docker://${registry.host}/sk/app:${tag}`],
  ];
  makeBin(folder);
  // The shell's pipe can be opened by path, like a process substitution; Node's would be a socket, which cannot.
  const line = `printf %s '${content}' | "$0" "$@" 3<&0`;
  const byDescriptor = await wrapper(line, folder, copy("fd", "--dest-authfile", "/dev/fd/3"));
  assert.deepEqual(byDescriptor, { code: 0, stdout: "", stderr: "" });
  const file = join(folder, "auth.json");
  writeFileSync(file, content);
  assert.equal((await skopeo(copy("file", `--authfile=${file}`))).code, 0);
  assert.equal((await skopeo(copy("env"), { REGISTRY_AUTH_FILE: file })).code, 0);
  assert.deepEqual(
    [...registry.manifests.keys()].filter((key) => key.includes(":") && !key.includes("@")),
    ["sk/app:fd", "sk/app:file", "sk/app:env"],
  );
  assert.match(
    fatal(await skopeo(copy("x", "--authfile=/nowhere/auth.json"))),
    /^credential file is not accessible: stat \/nowhere\/auth\.json: no such file/,
  );
  writeFileSync(file, `not json ${content}`);
  assert.doesNotMatch(fatal(await skopeo(copy("x", `--authfile=${file}`))), /auths|emFr/);
});

await test("inspect, list-tags and delete work, and delete removes all tags of the manifest", async (t) => {
  const { registry, image, skopeo } = await setUp(t);
  const plain = "--tls-verify=false";
  for (const tag of ["v1", "v2", "v3"]) {
    const target = `docker://${registry.host}/sk/app:${tag}`;
    assert.equal(
      (await skopeo(["copy", "--dest-tls-verify=false", "--dest-creds=admin:admin", `oci:${image}:v1`, target])).code,
      0,
    );
  }
  const name = `docker://${registry.host}/sk/app`;
  const listed = await skopeo(["list-tags", plain, name]);
  assert.deepEqual(JSON.parse(listed.stdout), { Repository: `${registry.host}/sk/app`, Tags: ["v1", "v2", "v3"] });
  const inspected = JSON.parse((await skopeo(["inspect", plain, `${name}:v1`])).stdout) as Record<string, unknown>;
  assert.deepEqual(
    [inspected["Name"], inspected["Labels"], inspected["RepoTags"]],
    [`${registry.host}/sk/app`, { of: "first" }, ["v1", "v2", "v3"]],
  );
  const digest = await skopeo(["inspect", plain, "--format", "{{.Digest}}", `${name}:v1`]);
  assert.equal(digest.stdout.trim(), digestOf(registry.manifests.get("sk/app:v1") ?? Buffer.alloc(0)));
  assert.equal(
    (await skopeo(["inspect", plain, "--raw", `${name}:v2`])).stdout,
    registry.manifests.get("sk/app:v2")?.toString(),
  );
  assert.equal(
    fatal(await skopeo(["inspect", plain, `${name}:nope`])),
    `Error parsing image name "${name}:nope": reading manifest nope in ${registry.host}/sk/app: manifest unknown: manifest unknown`,
  );
  assert.match(
    fatal(await skopeo(["inspect", plain, "--creds=zot-ci:no", `${name}:v1`])),
    /unauthorized: authentication required$/,
  );
  assert.match(
    fatal(await skopeo(["delete", plain, "--creds=zot-ci:zak_1:2", `${name}:v1`])),
    /^Failed to delete \/v2\/sk\/app\/manifests\/sha256:.*\(403 Forbidden\)$/,
  );
  assert.equal((await skopeo(["delete", plain, "--creds=admin:admin", `${name}:v1`])).code, 0);
  assert.equal(registry.manifests.size, 0);
});

await test("an image is copied between registry and folder byte for byte", async (t) => {
  const { registry, image, folder, skopeo } = await setUp(t);
  const host = `docker://${registry.host}`;
  const out = join(folder, "out");
  const steps = [
    [`oci:${image}:v1`, `${host}/a/one:v1`],
    [`${host}/a/one:v1`, `${host}/b/two:v1`],
    [`${host}/b/two:v1`, `oci:${out}:copy`],
    [`oci:${out}:copy`, `${host}/c/three:v1`],
  ] as const;
  const options = [
    "--src-tls-verify=false",
    "--dest-tls-verify=false",
    "--dest-creds=admin:admin",
    `--digestfile=${join(folder, "digest")}`,
  ];
  for (const [source, destination] of steps) {
    const { code, stderr } = await skopeo(["copy", ...options, source, destination]);
    assert.equal(code, 0, `${source} ${destination} ${stderr}`);
  }
  const wanted = registry.manifests.get("a/one:v1");
  assert.deepEqual(registry.manifests.get("c/three:v1"), wanted);
  assert.equal(readFileSync(join(folder, "digest"), "utf8"), digestOf(wanted ?? Buffer.alloc(0)));
  assert.match(
    fatal(await skopeo(["copy", `oci:${out}:nope`, `${host}/a/one:v2`, "--dest-tls-verify=false"])),
    /no descriptor found for reference "nope"/,
  );
});

await test("invalid commands report an error, and a real skopeo in PATH is preferred", async (t) => {
  const { folder, skopeo } = await setUp(t);
  makeBin(folder);
  assert.match((await wrapper('exec "$0" "$@"', folder, ["--version"])).stdout, /^skopeo version 1\.9\.3/);
  assert.match(fatal(await skopeo(["copy", "--nope", "a", "b"])), /^unknown flag: --nope$/);
  assert.match(fatal(await skopeo(["copy", "oci:x"])), /^Exactly two arguments expected$/);
  assert.match(fatal(await skopeo(["inspect", "dir:/x"])), /^Invalid image name "dir:\/x", unknown transport "dir"$/);
  const real = join(folder, "bin", "skopeo");
  writeFileSync(real, '#!/bin/sh\necho "real $*"\n');
  chmodSync(real, 0o755);
  assert.equal((await wrapper('exec "$0" "$@"', folder, ["copy", "a b", "c"])).stdout, "real copy a b c\n");
});
