import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { fingerprint } from "../../core/secrets/fingerprint.ts";
import type { SecretMarker } from "../../systems/forgejo/secrets/secretMarker.ts";
import { ProcessSampler } from "../engine/leaks/processSampler.ts";
import { MARK, pushImage } from "./pushing.ts";
import type { Pushed } from "./pushing.ts";
import { infoOf, startCiRegistry, writeImage } from "./support.ts";
import type { CiRegistry } from "./support.ts";

// The script that workflows push with, against a zot whose CI group may create below homelab/ alone; with the real zot and the real skopeo where there are any.

const ROOT = resolve(import.meta.dirname, "../..");

let ci: CiRegistry;
let folder = "";
let image = "";
before(async () => {
  ci = await startCiRegistry();
  folder = mkdtempSync(join(tmpdir(), "push-image-"));
  image = built("image", 1024);
});
after(async () => {
  await ci.registry.close();
  rmSync(folder, { recursive: true });
});

const built = (name: string, bytes: number): string => writeImage(join(folder, name), bytes);
const info = (marker?: Partial<SecretMarker>): string => infoOf(ci, marker);

async function push(
  args: readonly string[],
  variables: NodeJS.ProcessEnv = {},
  stopOnce?: () => boolean,
): Promise<Pushed> {
  return pushImage(args, {
    folder,
    secrets: [ci.key],
    variables: { ZOT_CI_API_KEY: ci.key, ZOT_CI_INFO: info(), ...variables },
    stopOnce,
  });
}

const host = (): string => new URL(ci.registry.url).host;

test("a new tag is pushed, the same one again is skipped, and the exit code tells them apart", async () => {
  const sampler = new ProcessSampler(MARK);
  const first = await sampler.during(push([image, "apps/hello", "v1.0.0-0123abc"]));
  assert.equal(first.code, 0, first.said);
  const name = `${host()}/homelab/apps/hello:v1.0.0-0123abc`;
  assert.match(first.said, new RegExp(`^push-image: pushed ${name}$`, "m"));
  assert.equal(first.outputs, `result=pushed\nimage=${name}\n`);
  const again = await sampler.during(push([image, "apps/hello", "v1.0.0-0123abc"]));
  assert.equal(again.code, 10, again.said);
  assert.equal(again.outputs, `result=skipped\nimage=${name}\n`);
  assert.match(again.said, /exists already, and tags are never overwritten: skipped$/m);
  if (process.platform !== "linux") return;
  assert.ok([...sampler.argumentLists].some((line) => / copy .*homelab\/apps\/hello/.test(line)));
  const secret = Buffer.from(`zot-ci:${ci.key}`).toString("base64");
  assert.deepEqual(
    [...sampler.argumentLists].filter((line) => line.includes(ci.key) || line.includes(secret)),
    [],
  );
});

test("the commands of docs/reference/outputs.md push by hand, and leave no file with the key", async () => {
  const page = readFileSync(join(ROOT, "docs/reference/outputs.md"), "utf8");
  const [, commands = ""] = /```sh\n([^]*?)```/.exec(page) ?? [];
  const script = commands
    .replaceAll("registry.example.net/blumeops", `${host()}/homelab`)
    .replaceAll("registry.example.net", host())
    .replace("docker-archive:image.tar", image)
    // The example has TLS.
    .replace("skopeo login", "skopeo login --tls-verify=false")
    .replace("skopeo copy", "skopeo copy --dest-tls-verify=false");
  const temporary = mkdtempSync(join(folder, "by-hand-"));
  const run = async (key: string): Promise<number | null> => {
    const child = spawn("sh", ["-eu", "-c", script], {
      stdio: "ignore",
      env: {
        PATH: `${join(ROOT, "lab/bin")}:${process.env["PATH"] ?? ""}`,
        HOME: temporary,
        TMPDIR: temporary,
        ZOT_CI_API_KEY: key,
      },
    });
    return new Promise((done) => child.once("close", done));
  };
  assert.equal(await run(ci.key), 0);
  assert.notEqual(await run("zak_0000"), 0);
  assert.deepEqual(readdirSync(temporary), []);
});

test("another image under a tag that exists is skipped, too, and the registry keeps the first one", async () => {
  await push([image, "kept", "v1"]);
  const digest = async (): Promise<string | null> =>
    (await fetch(`${ci.registry.url}/v2/homelab/kept/manifests/v1`)).headers.get("docker-content-digest");
  const before = await digest();
  assert.equal((await push([built("other", 2048), "kept", "v1"])).code, 10);
  assert.equal(await digest(), before);
});

for (const [what, variables, message] of [
  [
    "a namespace that is not CI's",
    () => ({ ZOT_CI_INFO: info({ login: { user: "zot-ci", registry: ci.registry.url, prefix: "private" } }) }),
    /refuses \S+\/private\/hello:v9\n.*zot-ci may create new tags below private\/ and nothing else/,
  ],
  [
    "a key that zot does not know",
    () => ({ ZOT_CI_API_KEY: "zak_0000", ZOT_CI_INFO: info({ fingerprint: fingerprint("zak_0000") }) }),
    /rejects the key of zot-ci\n.*It is the key zot-auth\/lab\/3 that the variable describes, so the key may have been revoked/,
  ],
  [
    "another key than the variable says",
    () => ({ ZOT_CI_API_KEY: "zak_0000" }),
    /is not the key zot-auth\/lab\/3 that/,
  ],
  [
    "an expired key",
    () => ({ ZOT_CI_API_KEY: "zak_0000", ZOT_CI_INFO: info({ expires: "2020-01-01T00:00:00Z" }) }),
    /The key zot-auth\/lab\/3 expired on 2020-01-01T00:00:00Z\. Run `pulumi up` of zot-auth/,
  ],
  [
    "a registry that does not answer",
    () => ({ ZOT_CI_INFO: info({ login: { user: "zot-ci", registry: "http://127.0.0.1:9", prefix: "homelab" } }) }),
    /could not sign in to 127\.0\.0\.1:9, see above/,
  ],
  [
    "an image that the job cannot read",
    () => ({ SOURCE: "oci:/nowhere/at/all" }),
    /was not pushed\. A job that runs again/,
  ],
  ["a name with a line break", () => ({ NAME: "hello\nresult=evil" }), /invalid name "hello\n/],
  ["a name with capitals", () => ({ NAME: "Hello" }), /invalid name "Hello": lower-case letters/],
  ["an empty tag", () => ({ TAG: "" }), /invalid tag ""/],
  ["a tag with a space", () => ({ TAG: "v 1" }), /invalid tag "v 1"/],
  ["no key", () => ({ ZOT_CI_API_KEY: "" }), /ZOT_CI_API_KEY is empty: .*pull requests from forks/],
  ["no variable", () => ({ ZOT_CI_INFO: "" }), /ZOT_CI_INFO is empty\. Set it to .*vars\.ZOT_CI_API_KEY_INFO/],
  [
    "a variable of an earlier version",
    () => ({ ZOT_CI_INFO: info({ login: undefined }) }),
    /was written by an older zot-auth/,
  ],
] as const) {
  test(`${what}: an error that says what to do, and nothing is pushed`, async () => {
    const { SOURCE = image, NAME = "hello", TAG = "v9", ...environment } = variables() as NodeJS.ProcessEnv;
    const { code, said, outputs } = await push([SOURCE, NAME, TAG], environment);
    assert.ok(code === 1 || code === 2, said);
    assert.match(said, message);
    assert.equal(outputs, "");
    for (const prefix of ["homelab", "private"])
      assert.equal((await fetch(`${ci.registry.url}/v2/${prefix}/hello/manifests/v9`)).status, 404);
  });
}

test("an image of 100 MB: interrupted, nothing of the key stays; the next push finishes it", async () => {
  const large = built("large", 100_000_000);
  const uploads = (): boolean => ci.registry.log.some((line) => line.includes("/homelab/large/blobs/uploads/"));
  const cut = await push([large, "large", "v1"], {}, uploads);
  assert.equal(cut.code, 143, cut.said);
  assert.equal(cut.outputs, "");
  const whole = await push([large, "large", "v1"]);
  assert.equal(whole.code, 0, whole.said);
});
