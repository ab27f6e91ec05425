// The distribution specification as clients use it, on a registry without authentication.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before, describe } from "node:test";
import type { RunningServer } from "../../../../lab/shared/listen.ts";
import { zotVersion } from "../../../../lab/zot/version.ts";
import { digestOf, image, manifestType, pushBlob, pushImage, putManifest } from "../support/images.ts";
import { freePort } from "../../../support/freePorts.ts";
import { isKnown } from "../support/releaseDifferences.ts";
import type { ZotProgram } from "../support/zotPrograms.ts";
import { findRealZot, standIn } from "../support/zotPrograms.ts";

const realZot = findRealZot();
for (const program of [standIn(), ...(realZot === undefined ? [] : [realZot])]) {
  const skip = isKnown(program.release) ? false : `differences between ${program.release} and v2.1.20 are unknown`;
  describe(program.name, { skip }, () => openRegistry(program));
}

function openRegistry(program: ZotProgram): void {
  const version = zotVersion(program.release);
  const indexType = "application/vnd.oci.image.index.v1+json";
  const folder = mkdtempSync(join(tmpdir(), "zot-open-"));
  const root = join(folder, "storage");
  let server: RunningServer;
  let registry: string;

  before(async () => {
    const config = join(folder, "config.json");
    const http = { address: "127.0.0.1", port: String(await freePort()) };
    writeFileSync(config, JSON.stringify({ distSpecVersion: "1.1.1", storage: { rootDirectory: root }, http }));
    server = await program.start(config, () => undefined);
    registry = `${server.url}/v2`;
  });
  after(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  async function json(path: string): Promise<unknown> {
    return (await fetch(registry + path)).json();
  }

  async function startUpload(repository: string): Promise<string> {
    const answer = await fetch(`${registry}/${repository}/blobs/uploads/`, { method: "POST" });
    assert.deepEqual([answer.status, answer.headers.get("range")], [202, "0-0"]);
    return server.url + (answer.headers.get("location") ?? "");
  }

  test("anonymous users may do everything", async () => {
    const ping = await fetch(`${registry}/`);
    assert.deepEqual([ping.status, ping.headers.get("www-authenticate")], [200, null]);
    const withCredentials = await fetch(`${registry}/_catalog`, { headers: { Authorization: "Basic eDp5" } });
    assert.equal(withCredentials.status, 200);
    for (const path of [
      "/zot/auth/apikey",
      "/zot/auth/login?provider=oidc",
      "/zot/auth/logout",
      "/metrics",
      "/v2/_zot/ext/mgmt",
    ]) {
      assert.equal((await fetch(server.url + path)).status, 404, path);
    }
    assert.equal(await pushImage(server.url, "open/app", "v1", image("open")), 201);
    assert.equal(await pushImage(server.url, "open/app", "v1", image("other")), 201);
    assert.equal((await fetch(`${registry}/open/app/manifests/v1`, { method: "DELETE" })).status, 202);
  });

  test("a blob of several megabytes can be streamed in as skopeo does, and out again", async () => {
    const content = randomBytes(8 * 1024 * 1024);
    const digest = `sha256:${createHash("sha256").update(content).digest("hex")}`;
    let url = await startUpload("big/app");
    const chunked = new ReadableStream({
      start: (controller) => {
        for (let at = 0; at < content.length; at += 65536) controller.enqueue(content.subarray(at, at + 65536));
        controller.close();
      },
    });
    const patch = await fetch(url, { method: "PATCH", body: chunked, duplex: "half" });
    assert.deepEqual([patch.status, patch.headers.get("range")], [202, `0-${content.length - 1}`]);
    assert.match(patch.headers.get("blob-upload-uuid") ?? "", /^[0-9a-f-]{36}$/);
    url = server.url + (patch.headers.get("location") ?? "");
    const put = await fetch(`${url}?digest=${digest}`, { method: "PUT" });
    assert.deepEqual([put.status, put.headers.get("docker-content-digest")], [201, digest]);
    const blob = await fetch(`${registry}/big/app/blobs/${digest}`);
    assert.equal(blob.headers.get("content-type"), version.blobMediaTypes ? "application/octet-stream" : "*/*");
    assert.ok(Buffer.from(await blob.arrayBuffer()).equals(content));
  });

  test("a chunked upload keeps the chunks' order and reports its progress", async () => {
    const url = await startUpload("pieces/app");
    const patch = (range: string, body: string): Promise<Response> =>
      fetch(url, { method: "PATCH", headers: { "Content-Range": range }, body });
    assert.equal((await patch("0-4", "hello")).status, 202);
    assert.equal((await patch("0-4", "hello")).status, 416, "already received");
    assert.equal((await patch("9-13", "world")).status, 416, "a gap");
    assert.equal((await patch("5-6", "world")).status, 416, "the length does not match");
    const progress = await fetch(url);
    assert.deepEqual([progress.status, progress.headers.get("range")], [204, "0-4"]);
    const digest = digestOf("hello world");
    const put = await fetch(`${url}?digest=${digest}`, {
      method: "PUT",
      headers: { "Content-Range": "5-10" },
      body: " world",
    });
    assert.equal(put.status, 201);
    assert.equal(await (await fetch(`${registry}/pieces/app/blobs/${digest}`)).text(), "hello world");
    assert.equal((await fetch(url)).status, 404, "the upload is finished");
  });

  test("an upload can continue after a wrong digest, and a cancelled one is deleted", async () => {
    const url = await startUpload("wrong/app");
    const put = await fetch(`${url}?digest=${digestOf("something else")}`, { method: "PUT", body: "something" });
    assert.equal(put.status, 400);
    assert.match(await put.text(), /"code":"DIGEST_INVALID"/);
    const progress = await fetch(url);
    assert.deepEqual([progress.status, progress.headers.get("range")], [204, "0-8"]);
    assert.equal((await fetch(`${url}?digest=${digestOf("something")}`, { method: "PUT" })).status, 201);
    const other = await startUpload("wrong/app");
    assert.equal((await fetch(other, { method: "DELETE" })).status, 204);
    assert.equal((await fetch(other, { method: "DELETE" })).status, 404);
  });

  test("names that would escape the storage folder are rejected", async () => {
    const paths = [
      "/..%2f..%2fetc/manifests/v1",
      "/_lab/tags/list",
      "/UPPER/tags/list",
      "/a//b/tags/list",
      "/a/blobs/uploads/..%2f..%2findex.json",
    ];
    for (const path of paths) assert.equal((await fetch(registry + path)).status, 404, path);
    const digest = await fetch(`${registry}/big/app/blobs/sha256:..%2f..%2findex.json`);
    assert.equal(digest.status, version.blobDigestChecked ? 400 : 500);
  });

  test("a long invalid name is rejected at once", async () => {
    const begin = performance.now();
    assert.equal((await fetch(`${registry}/${"a".repeat(300)}-/tags/list`)).status, 404);
    assert.ok(performance.now() - begin < 1000);
  });

  test("tags and repositories are paginated", async () => {
    const { layer, config, manifest } = image("pages");
    for (const name of ["page/a", "page/b"]) {
      await pushBlob(server.url, name, layer);
      await pushBlob(server.url, name, config);
      for (const tag of ["v3", "v1", "v2"]) assert.equal(await putManifest(server.url, name, tag, manifest), 201);
    }
    const first = await fetch(`${registry}/page/a/tags/list?n=2`);
    assert.equal(first.headers.get("link"), '</v2/page/a/tags/list?n=2&last=v2>; rel="next"');
    assert.deepEqual(await first.json(), { name: "page/a", tags: ["v1", "v2"] });
    assert.deepEqual(await json("/page/a/tags/list?n=2&last=v2"), { name: "page/a", tags: ["v3"] });
    assert.deepEqual(await json("/page/a/tags/list?n=0"), { name: "page/a", tags: [] });
    assert.equal((await fetch(`${registry}/page/a/tags/list?n=x`)).status, 400);
    assert.equal((await fetch(`${registry}/page/a/tags/list?last=unknown`)).status, 404);
    const catalog = await fetch(`${registry}/_catalog?n=1&last=page/a`);
    assert.equal(catalog.headers.get("link"), '</v2/_catalog?n=1&last=page/b>; rel="next"');
    assert.deepEqual(await catalog.json(), { repositories: ["page/b"] });
    const { repositories } = (await json("/_catalog")) as { repositories: readonly string[] };
    assert.ok(repositories.includes("page/a"));
    const whole = await fetch(`${registry}/_catalog?n=${repositories.length}`);
    assert.notEqual(whole.headers.get("link"), null, "zot links to a next page even if there is none");
    assert.deepEqual(await json(`/_catalog?last=${repositories.at(-1) ?? ""}&n=1`), { repositories: [] });
    assert.deepEqual(await json("/_catalog?last=page/unknown"), { repositories: [] });
  });

  test("referrers are listed by subject and filtered by artifact type", async () => {
    const { layer, config, manifest } = image("subject");
    assert.equal(await pushImage(server.url, "ref/app", "v1", { layer, config, manifest }), 201);
    const subject = { mediaType: manifestType, digest: digestOf(manifest), size: manifest.length };
    const signature = JSON.stringify({
      ...(JSON.parse(manifest) as object),
      artifactType: "application/x.sbom",
      subject,
    });
    const put = await fetch(`${registry}/ref/app/manifests/${digestOf(signature)}`, {
      method: "PUT",
      headers: { "Content-Type": manifestType },
      body: signature,
    });
    assert.deepEqual([put.status, put.headers.get("oci-subject")], [201, subject.digest]);
    const found = {
      mediaType: manifestType,
      digest: digestOf(signature),
      size: signature.length,
      artifactType: "application/x.sbom",
    };
    const list = await fetch(`${registry}/ref/app/referrers/${subject.digest}?artifactType=application/x.sbom`);
    assert.equal(list.headers.get("oci-filters-applied"), "artifactType");
    const annotations = { seed: "subject" };
    assert.deepEqual(await list.json(), {
      schemaVersion: 2,
      mediaType: indexType,
      manifests: [{ ...found, annotations }],
    });
    const other = (await json(`/ref/app/referrers/${subject.digest}?artifactType=x`)) as { manifests: unknown[] };
    assert.deepEqual(other.manifests, []);
  });

  test("an index needs its manifests, and prevents their deletion", async () => {
    const inner = image("inner");
    assert.equal(await pushImage(server.url, "multi/app", digestOf(inner.manifest), inner), 201);
    const manifests = [{ mediaType: manifestType, digest: digestOf(inner.manifest), size: inner.manifest.length }];
    const put = async (body: object): Promise<number> => {
      const headers = { "Content-Type": indexType };
      const url = `${registry}/multi/app/manifests/v1`;
      return (await fetch(url, { method: "PUT", headers, body: JSON.stringify(body) })).status;
    };
    const index = { schemaVersion: 2, mediaType: indexType, manifests };
    assert.equal(await put({ ...index, manifests: [{ ...manifests[0], digest: digestOf("absent") }] }), 400);
    assert.equal(await put(index), 201);
    const remove = await fetch(`${registry}/multi/app/manifests/${digestOf(inner.manifest)}`, { method: "DELETE" });
    assert.equal(remove.status, 405);
  });

  test("a manifest with another media type or digest is rejected", async () => {
    const { manifest } = image("open");
    const put = (reference: string, type: string): Promise<Response> =>
      fetch(`${registry}/open/app/manifests/${reference}`, {
        method: "PUT",
        headers: { "Content-Type": type },
        body: manifest,
      });
    assert.equal((await put("v9", "application/vnd.docker.distribution.manifest.v2+json")).status, 415);
    assert.equal((await put(digestOf("another"), manifestType)).status, 400);
    assert.equal((await put("sha256:short", manifestType)).status, version.conforms ? 400 : 201);
  });

  test("after a tag moves, its old manifest is kept only if another tag refers to it", async () => {
    const [old, next] = [image("old"), image("next")];
    assert.equal(await pushImage(server.url, "move/app", "v1", old), 201);
    assert.equal(await pushImage(server.url, "move/app", "kept", old), 201);
    assert.equal(await pushImage(server.url, "move/app", "v1", next), 201);
    const status = async (reference: string): Promise<number> =>
      (await fetch(`${registry}/move/app/manifests/${reference}`)).status;
    assert.equal(await status(digestOf(old.manifest)), 200);
    assert.equal(await pushImage(server.url, "move/app", "kept", next), 201);
    assert.equal(await status(digestOf(old.manifest)), 404);
    // Deleting a manifest deletes all its tags.
    assert.equal(
      (await fetch(`${registry}/move/app/manifests/${digestOf(next.manifest)}`, { method: "DELETE" })).status,
      202,
    );
    assert.deepEqual(await json("/move/app/tags/list"), { name: "move/app", tags: [] });
  });

  test("repositories are OCI image layouts", async () => {
    const { manifest, ...blobs } = image("layout");
    assert.equal(await pushImage(server.url, "layout/app", "v1", { manifest, ...blobs }), 201);
    const folderOf = join(root, "layout", "app");
    assert.equal(readFileSync(join(folderOf, "oci-layout"), "utf8"), '{"imageLayoutVersion":"1.0.0"}');
    const index = JSON.parse(readFileSync(join(folderOf, "index.json"), "utf8")) as unknown;
    const annotations = { "org.opencontainers.image.ref.name": "v1" };
    const entry = { mediaType: manifestType, digest: digestOf(manifest), size: manifest.length, annotations };
    assert.deepEqual(index, { schemaVersion: 2, manifests: [entry] });
    assert.ok(existsSync(join(folderOf, "blobs", "sha256", digestOf(manifest).slice(7))));
  });
}
