import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { ProcessSampler } from "../../engine/leaks/processSampler.ts";
import { MARK } from "../pushing.ts";
import { noCrane } from "./crane/crane.ts";
import { TokenJob, pathOf } from "./tokenJob.ts";

// The push script with a job's token, which crane sends.

const skip = noCrane;
const noSkopeo = spawnSync("skopeo", ["--version"]).status === 0 ? false : "no skopeo that reads archives";

let job: TokenJob;
before(async () => {
  if (skip === false) job = await TokenJob.start();
});
beforeEach(() => {
  if (skip === false) job.servers.reset();
});
after(async () => {
  if (skip === false) await job.close();
});

/** An archive as `docker save` writes it. */
function archive(name: string): string {
  const place = mkdtempSync(join(job.folder, "archive-"));
  writeFileSync(join(place, "file"), name);
  const tar = (...args: readonly string[]): void => {
    assert.equal(spawnSync("tar", args, { cwd: place }).status, 0);
  };
  tar("-cf", "layer.tar", "file");
  const id = createHash("sha256")
    .update(readFileSync(join(place, "layer.tar")))
    .digest("hex");
  const rootfs = { type: "layers", diff_ids: [`sha256:${id}`] };
  writeFileSync(join(place, "config.json"), JSON.stringify({ architecture: "amd64", os: "linux", rootfs }));
  const manifest = [{ Config: "config.json", RepoTags: [`${name}:built`], Layers: ["layer.tar"] }];
  writeFileSync(join(place, "manifest.json"), JSON.stringify(manifest));
  tar("-cf", "image.tar", "manifest.json", "config.json", "layer.tar");
  return join(place, "image.tar");
}

test(
  "crane pushes with the token, a second run skips, and no process has the token in its arguments or variables",
  { skip },
  async () => {
    const sampler = new ProcessSampler(MARK);
    const first = await sampler.during(job.push([job.image, "apps/hello", "v1"]));
    assert.equal(first.code, 0, first.said);
    assert.equal(first.said, `push-image: pushed ${job.named("apps/hello:v1")}\n`);
    assert.equal(first.outputs, `result=pushed\nimage=${job.named("apps/hello:v1")}\n`);
    const again = await sampler.during(job.push([job.image, "apps/hello", "v1"]));
    assert.equal(again.code, 10, again.said);
    assert.equal(again.outputs, `result=skipped\nimage=${job.named("apps/hello:v1")}\n`);
    assert.equal(await job.status("apps/hello", "v1"), 200);
    if (process.platform !== "linux") return;
    const seen = [...sampler.argumentLists];
    assert.ok(seen.some((line) => line.includes(`crane push --insecure ${job.image.slice("oci:".length)} `)));
    assert.ok(seen.some((line) => line.startsWith("curl --config - ")));
    const [asking, ...tokens] = job.servers.secrets;
    assert.ok(tokens.length >= 2);
    for (const secret of job.servers.secrets)
      assert.deepEqual(
        seen.filter((line) => line.includes(secret)),
        [],
      );
    // The job's own variable is the only one.
    const variables = [...sampler.variables];
    assert.deepEqual(
      variables.filter((one) => tokens.some((token) => one.includes(token))),
      [],
    );
    assert.deepEqual(variables.filter((one) => one.includes(asking ?? "")).length, 1);
  },
);

test(
  "an archive, also behind a link as Nix leaves it, is pushed in OCI's format",
  { skip: skip || noSkopeo },
  async () => {
    const plain = archive("plain");
    symlinkSync(archive("linked"), join(job.folder, "result"));
    for (const [name, source] of [
      ["plain", `docker-archive:${plain}`],
      ["named", `docker-archive:${plain}:plain:built`],
      ["linked", `docker-archive:${join(job.folder, "result")}`],
    ] as const) {
      const { code, said } = await job.push([source, name, "v1"], { PATH: pathOf(join(job.folder, "bin")) });
      assert.equal(code, 0, said);
      const { headers } = await fetch(`${job.ci.registry.url}/v2/homelab/${name}/manifests/v1`);
      assert.equal(headers.get("content-type"), "application/vnd.oci.image.manifest.v1+json");
    }
  },
);

test("one image of a folder with several is pushed", { skip }, async () => {
  const several = job.fresh().slice("oci:".length);
  const other = job.fresh().slice("oci:".length);
  cpSync(other, several, { recursive: true, filter: (file) => !file.endsWith("index.json") });
  const manifests = [several, other].map((place, at) => {
    const {
      manifests: [only],
    } = JSON.parse(readFileSync(join(place, "index.json"), "utf8")) as { manifests: object[] };
    return { ...only, annotations: { "org.opencontainers.image.ref.name": ["first", "second"][at] } };
  });
  writeFileSync(join(several, "index.json"), JSON.stringify({ schemaVersion: 2, manifests }));
  const { code, said } = await job.push([`oci:${several}:second`, "several", "v1"]);
  assert.equal(code, 0, said);
  const { headers } = await fetch(`${job.ci.registry.url}/v2/homelab/several/manifests/v1`);
  assert.equal(headers.get("docker-content-digest"), (manifests[1] as { digest?: string }).digest);
});

test("an image that cannot be read is no refusal", { skip }, async () => {
  const { code, said, outputs } = await job.push(["oci:/nowhere/at/all:latest", "hello", "v1"]);
  assert.equal(code, 1, said);
  assert.match(said, /^push-image: oci:\/nowhere\/at\/all:latest could not be read\.$/m);
  assert.equal(outputs, "");
});

test("a tag that another job creates meanwhile is skipped", { skip }, async () => {
  const other = job.fresh(512);
  job.servers.faults.beforeManifest = async () => {
    const { code, said } = await job.push([other, "raced", "v1"]);
    assert.equal(code, 0, said);
  };
  const { code, said, outputs } = await job.push([job.image, "raced", "v1"]);
  assert.equal(code, 10, said);
  assert.match(said, /was pushed by another job meanwhile, and tags are never overwritten: skipped$/m);
  assert.match(outputs, /^result=skipped$/m);
});

test(
  "a push that outlasts its token goes on with a new one, and what has arrived is not sent again",
  { skip },
  async () => {
    job.servers.faults.requestsOfAToken = 9;
    const { code, said } = await job.push([job.fresh(), "long", "v1"]);
    assert.equal(code, 0, said);
    assert.ok(
      job.servers.log.some((line) => line.endsWith("Bearer -> 401")),
      job.servers.log.join("\n"),
    );
    const stored = job.servers.log.flatMap((line) => /^PUT .*digest=(\S+) .* -> 201$/.exec(line)?.[1] ?? []);
    assert.equal(stored.length, new Set(stored).size, job.servers.log.join("\n"));
  },
);

test("a token that expires before anything arrives ends in an error, not in an endless loop", { skip }, async () => {
  job.servers.faults.requestsOfAToken = 3;
  const { code, said } = await job.push([job.image, "endless", "v1"]);
  assert.equal(code, 1, said);
  assert.match(said, /refuses \S+\/homelab\/endless:v1$/m);
  assert.equal(await job.status("endless", "v1"), 404);
});
