// Where zot deviates from the distribution specification, as measured: byte ranges, blobs shared between
// repositories, and the manifests it accepts. docs/background/conformance.md has the public suites' results.
import assert from "node:assert/strict";
import test, { after, before, describe } from "node:test";
import { zotVersion } from "../../../lab/zot/version.ts";
import { digestOf, image, manifestType, pushBlob, pushImage } from "./support/images.ts";
import { startRegistry } from "./support/registry.ts";
import type { TestRegistry } from "./support/registry.ts";
import { isKnown, metricsAccess } from "./support/releaseDifferences.ts";
import type { ZotProgram } from "./support/zotPrograms.ts";
import { findRealZot, standIn } from "./support/zotPrograms.ts";

const indexType = "application/vnd.oci.image.index.v1+json";
const configType = "application/vnd.oci.image.config.v1+json";
const layerType = "application/vnd.oci.image.layer.v1.tar";

const realZot = findRealZot();
for (const program of [standIn(), ...(realZot === undefined ? [] : [realZot])]) {
  // Byte ranges work like this since v2.1.17.
  const isComparable = isKnown(program.release) && zotVersion(program.release).atLeast("2.1.17");
  const skip = isComparable ? false : `differences between ${program.release} and v2.1.20 are unknown`;
  describe(program.name, { skip }, () => distribution(program));
}

function distribution(program: ZotProgram): void {
  const { conforms } = zotVersion(program.release);
  let registry: TestRegistry;
  let admin: Readonly<Record<string, string>>;
  let zotCi: Readonly<Record<string, string>>;
  const shared = image("shared");
  const layer = digestOf(shared.layer);

  before(async () => {
    registry = await startRegistry(({ http: { accessControl } }) => {
      assert.ok(accessControl !== undefined);
      accessControl.metrics = metricsAccess(program.release);
      accessControl.repositories["private/**"] = {
        policies: [{ groups: ["admins"], actions: ["read", "create", "update", "delete"] }],
      };
    }, program);
    admin = { Authorization: await registry.mint("admin") };
    zotCi = { Authorization: await registry.mint("zot-ci") };
    assert.equal(await pushImage(registry.url, "d/app", "v1", shared, admin), 201);
  });
  after(() => registry.close());

  const ask = (method: string, path: string, headers: Readonly<Record<string, string>> = {}, body?: string) =>
    fetch(`${registry.url}/v2/${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
  const status = async (...args: Parameters<typeof ask>): Promise<number> => (await ask(...args)).status;
  const errorOf = async (answer: Response): Promise<{ code: string; detail: Record<string, string> }> => {
    const { errors } = (await answer.json()) as { errors: { code: string; detail: Record<string, string> }[] };
    assert.ok(errors[0] !== undefined);
    return errors[0];
  };

  test("a blob is served in the requested range", async () => {
    const cases = [
      ["bytes=0-4", "bytes 0-4/12", "layer"],
      ["bytes=6-", "bytes 6-11/12", "shared"],
      ["bytes=-3", "bytes 9-11/12", "red"],
      ["bytes=-99", "bytes 0-11/12", "layer shared"],
      ["bytes=6-99", "bytes 6-11/12", "shared"],
      ["bytes=0-1,2-4", "bytes 0-4/12", "layer"],
      ["bytes= 0-0", "bytes 0-0/12", "l"],
    ] as const;
    for (const [Range, place, content] of cases) {
      const answer = await ask("GET", `d/app/blobs/${layer}`, { Range });
      const seen = [answer.status, answer.headers.get("content-range"), answer.headers.get("content-type")];
      assert.deepEqual([...seen, await answer.text()], [206, place, layerType, content], Range);
      assert.equal(answer.headers.get("docker-content-digest"), layer);
    }
    const head = await ask("HEAD", `d/app/blobs/${layer}`, { Range: "bytes=0-4" });
    assert.deepEqual(
      [head.status, head.headers.get("accept-ranges"), head.headers.get("content-length")],
      [200, "bytes", "12"],
    );
  });

  test("several ranges are sent as a multipart body", async () => {
    const answer = await ask("GET", `d/app/blobs/${layer}`, { Range: "bytes=6-7, 0-1" });
    assert.equal(answer.status, 206);
    const type = answer.headers.get("content-type") ?? "";
    const boundary = /^multipart\/byteranges; boundary=([0-9a-f]{60})$/.exec(type)?.[1] ?? "";
    const part = (place: string, content: string): string =>
      `--${boundary}\r\nContent-Range: bytes ${place}/12\r\nContent-Type: ${layerType}\r\n\r\n${content}\r\n`;
    assert.equal(await answer.text(), `${part("0-1", "la")}${part("6-7", "sh")}--${boundary}--\r\n`);
  });

  test("an out-of-bounds or malformed range is rejected", async () => {
    const many = Array.from({ length: 17 }, () => "0-0").join(",");
    for (const Range of ["bytes=12-", "bytes=-0", "bytes=5-2", "bytes=a-b", "bytes=", "items=0-1", `bytes=${many}`]) {
      const answer = await ask("GET", `d/app/blobs/${layer}`, { Range });
      assert.deepEqual(
        [answer.status, answer.headers.get("content-range"), await answer.text()],
        [416, "bytes */12", ""],
        Range,
      );
    }
  });

  test("HEAD of a blob links it from any repository, even into one that does not exist yet", async () => {
    assert.equal(await status("GET", `d/new/blobs/${layer}`), 404);
    assert.equal(await status("GET", "d/new/tags/list"), 404);
    assert.equal(await status("HEAD", `d/new/blobs/${layer}`), 200);
    assert.equal(await status("GET", `d/new/blobs/${layer}`), 200);
    assert.deepEqual(await (await ask("GET", "d/new/tags/list")).json(), { name: "d/new", tags: [] });
  });

  test("a deleted blob is found in another repository, but only on the second request after the original was deleted", async () => {
    const twice = digestOf("twice");
    const blob = (method: string, repository: string): Promise<number> =>
      status(method, `${repository}/blobs/${twice}`, admin);
    await pushBlob(registry.url, "d/first", "twice", admin);
    await pushBlob(registry.url, "d/second", "twice", admin);
    assert.deepEqual([await blob("DELETE", "d/second"), await blob("GET", "d/second")], [202, 404]);
    assert.deepEqual([await blob("HEAD", "d/second"), await blob("GET", "d/second")], [200, 200]);
    assert.deepEqual([await blob("DELETE", "d/first"), await blob("HEAD", "d/first")], [202, 404]);
    assert.deepEqual([await blob("HEAD", "d/first"), await blob("DELETE", "d/first")], [200, 202]);
  });

  test("HEAD and mounts do not expose a private blob, but a byte range does", async () => {
    const secret = digestOf(image("secret").layer);
    assert.equal(await pushImage(registry.url, "private/app", "v1", image("secret"), admin), 201);
    assert.equal(await status("GET", `private/app/blobs/${secret}`), 401);
    assert.equal(await status("HEAD", `d/app/blobs/${secret}`), 404);
    assert.equal(await status("POST", `d/app/blobs/uploads/?mount=${secret}&from=private/app`, zotCi), 202);
    assert.equal(await status("GET", `d/app/blobs/${secret}`), 404);
    assert.equal(await status("GET", `d/app/blobs/${secret}`, { Range: "bytes=0-" }), 206);
    assert.equal(await status("GET", `d/app/blobs/${secret}`), 200);
  });

  test("without deduplication, zot does not look for blobs in other repositories", async (t) => {
    const own = await startRegistry(({ storage, http: { accessControl } }) => {
      storage["dedupe"] = false;
      if (accessControl !== undefined) accessControl.metrics = metricsAccess(program.release);
    }, program);
    t.after(() => own.close());
    const Authorization = await own.mint("admin");
    assert.equal(await pushImage(own.url, "d/app", "v1", shared, { Authorization }), 201);
    const blob = `${own.url}/v2/d/new/blobs/${layer}`;
    assert.equal((await fetch(blob, { method: "HEAD" })).status, 404);
    assert.equal((await fetch(blob, { headers: { Range: "bytes=0-" } })).status, 404);
    const mount = `${own.url}/v2/d/new/blobs/uploads/?mount=${layer}&from=d/app`;
    assert.equal((await fetch(mount, { method: "POST", headers: { Authorization } })).status, 202);
  });

  test("zot returns these errors for missing blobs, missing uploads and malformed digests", async () => {
    const absent = digestOf("absent");
    for (const path of [`d/app/blobs/${absent}`, `d/nowhere/blobs/${absent}`]) {
      for (const method of ["GET", "DELETE"]) {
        const answer = await ask(method, path, admin);
        assert.deepEqual([answer.status, (await errorOf(answer)).code], [404, "BLOB_UNKNOWN"], `${method} ${path}`);
      }
    }
    const malformed = "d/app/blobs/sha256:short";
    assert.deepEqual(
      [await status("GET", malformed), await status("HEAD", malformed), await status("DELETE", malformed, admin)],
      [400, 500, 404],
    );
    const upload = "d/nowhere2/blobs/uploads/00000000-0000-4000-8000-000000000000";
    const piece = await ask("PATCH", upload, admin, "x");
    assert.deepEqual([piece.status, (await errorOf(piece)).code], [404, "BLOB_UPLOAD_UNKNOWN"]);
    assert.equal(await status("GET", "d/nowhere2/tags/list"), 200, "the repository is created anyway");
  });

  test("for a streamed chunk, zot returns the chunk's length, not the upload's size", async () => {
    const start = await ask("POST", "d/app/blobs/uploads/", admin);
    const upload = (start.headers.get("location") ?? "").replace("/v2/", "");
    const ranges = [];
    for (const body of ["hello", "12"]) ranges.push((await ask("PATCH", upload, admin, body)).headers.get("range"));
    ranges.push((await ask("GET", upload, admin)).headers.get("range"));
    assert.deepEqual(ranges, ["0-4", "0-1", "0-6"]);
  });

  test("zot accepts and rejects these manifests", async () => {
    const descriptor = (mediaType: string, content: string) => ({
      mediaType,
      digest: digestOf(content),
      size: content.length,
    });
    const config = descriptor(configType, shared.config);
    const elsewhere = "application/vnd.oci.image.layer.nondistributable.v1.tar";
    const cases: readonly (readonly [string, object, number])[] = [
      ["no layers", { config, layers: [] }, 201],
      ["a nondistributable layer", { config, layers: [descriptor(elsewhere, "absent")] }, 201],
      ["a compressed nondistributable layer", { config, layers: [descriptor(`${elsewhere}+zstd`, "absent")] }, 201],
      ["a missing layer", { config, layers: [descriptor(layerType, "absent")] }, 400],
      ["a missing config", { config: descriptor(configType, "absent"), layers: [] }, 400],
      [
        "a config of another type, with missing blobs",
        { config: descriptor("a/b", "absent"), layers: [descriptor("c/d", "absent")] },
        201,
      ],
      ["unknown fields", { config, layers: [], own: { field: 1 } }, 201],
      ["a missing subject", { config, layers: [], subject: descriptor(manifestType, "absent") }, 201],
      ["a wrong size", { config: { ...config, size: 1 }, layers: [] }, 201],
      ["an invalid media type", { config: { ...config, mediaType: "none" }, layers: [] }, 400],
      ["an invalid digest", { config: { ...config, digest: "none" }, layers: [] }, 400],
      ["a size in quotes", { config: { ...config, size: "1" }, layers: [] }, 400],
      ["an annotation that is a number", { config, layers: [], annotations: { a: 1 } }, 400],
      ["a null subject", { config, layers: [], subject: null }, 400],
      ["an older schema", { schemaVersion: 1, config, layers: [] }, 400],
      ["nothing", { schemaVersion: undefined, mediaType: undefined }, 400],
    ];
    for (const [title, fields, expected] of cases) {
      const body = JSON.stringify({ schemaVersion: 2, mediaType: manifestType, ...fields });
      assert.equal(
        await status("PUT", "d/app/manifests/case", { ...admin, "Content-Type": manifestType }, body),
        expected,
        title,
      );
    }
    for (const body of ["", "nope", "[]"]) {
      assert.equal(
        await status("PUT", "d/app/manifests/case", { ...admin, "Content-Type": manifestType }, body),
        400,
        body,
      );
    }
  });

  test("zot accepts and rejects these references and tag queries", async () => {
    const headers = { ...admin, "Content-Type": manifestType };
    const put = (reference: string): Promise<Response> =>
      ask("PUT", `d/app/manifests/${reference}`, headers, shared.manifest);
    assert.equal((await put("other:colon")).status, 201);
    assert.equal((await put("sha256:short")).status, conforms ? 400 : 201);
    const digest = digestOf(shared.manifest);
    const three = await put(`${digest}?tag=one&tag=two&tag=one`);
    assert.deepEqual([three.status, three.headers.get("oci-tag")], [201, "one, two"]);
    const refused = [
      ["v1?tag=x", "tag query parameters are only valid when pushing a manifest by digest"],
      [`${digest}?tag=`, "empty tag query parameter"],
      [`${digest}?tag=-x`, "invalid tag query parameter: not a valid OCI/Docker tag"],
    ] as const;
    for (const [reference, reason] of refused) {
      const answer = await put(reference);
      assert.deepEqual([answer.status, (await errorOf(answer)).detail["reason"]], [400, reason]);
    }
    const many = await put(`${digest}?${Array.from({ length: 47 }, (_, index) => `tag=t${index}`).join("&")}`);
    assert.deepEqual(
      [many.status, (await errorOf(many)).detail["reason"]],
      [414, "too many tag query parameters (max 46)"],
    );
  });

  test("moving a tag to another index deletes the old index's untagged manifests", async () => {
    const [one, two] = [image("one"), image("two")];
    for (const part of [one, two]) {
      assert.equal(await pushImage(registry.url, "d/multi", digestOf(part.manifest), part, admin), 201);
    }
    const putIndex = ({ manifest }: { manifest: string }): Promise<number> => {
      const part = { mediaType: manifestType, digest: digestOf(manifest), size: manifest.length };
      const body = JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests: [part] });
      return status("PUT", "d/multi/manifests/v1", { ...admin, "Content-Type": indexType }, body);
    };
    const isThere = ({ manifest }: { manifest: string }): Promise<number> =>
      status("HEAD", `d/multi/manifests/${digestOf(manifest)}`);
    assert.equal(await putIndex(one), 201);
    assert.equal(await putIndex(two), 201);
    assert.deepEqual([await isThere(one), await isThere(two)], [404, 200]);
  });

  test("the management endpoint shows the release to everyone, but rejects invalid credentials", async () => {
    for (const headers of [{}, admin, zotCi]) {
      const answer = await ask("GET", "_zot/ext/mgmt", headers);
      const { releaseTag, http } = (await answer.json()) as { releaseTag: string; http: object };
      const auth = { openid: { providers: { oidc: { name: "Authentik" } } }, apikey: true };
      assert.deepEqual([answer.status, releaseTag, http], [200, program.release, { auth }]);
      assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
    }
    assert.equal(await status("GET", "_zot/ext/mgmt", { Authorization: "Basic eDp5" }), 401);
  });

  test("a key records the client that created it", async () => {
    const made = await fetch(`${registry.url}/zot/auth/apikey`, {
      method: "POST",
      headers: { ...admin, "User-Agent": "the client" },
      body: "{}",
    });
    assert.equal(((await made.json()) as { creatorUa: string }).creatorUa, "the client");
  });

  test("zot redirects to the cleaned path and does not decode it", async () => {
    const { request } = await import("node:http");
    const { port } = new URL(registry.url);
    const answer = (path: string): Promise<readonly [number | undefined, string | undefined]> =>
      new Promise((resolve, reject) => {
        request({ host: "127.0.0.1", port, path }, (response) => {
          response.resume();
          resolve([response.statusCode, response.headers.location]);
        })
          .on("error", reject)
          .end();
      });
    for (const path of ["/v2//d/app/tags/list?n=1", "/v2/d/../d/app/tags/list?n=1", "/v2/d/app/./tags/list?n=1"]) {
      assert.deepEqual(await answer(path), [301, "/v2/d/app/tags/list?n=1"], path);
    }
    assert.deepEqual(await answer("/v2/%64/app/tags/list"), [404, undefined]);
  });
}
