// An in-memory registry for the tests of the skopeo stand-in: anonymous read, and users with permissions and Basic authentication.
import { createHash, randomUUID } from "node:crypto";
import { listen } from "../../../lab/shared/listen.ts";
import type { RunningServer } from "../../../lab/shared/listen.ts";

export type Right = "create" | "update" | "delete";

export interface TestUser {
  readonly password: string;
  readonly rights: readonly Right[];
}

export interface TestRegistry extends RunningServer {
  readonly host: string;
  /** `repository:tag` or `repository@digest` to the manifest. */
  readonly manifests: Map<string, Buffer>;
  readonly blobs: Map<string, Buffer>;
  /** `METHOD path` of each request. */
  readonly requests: string[];
}

interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
}

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";

export async function startRegistry(users: Readonly<Record<string, TestUser>>): Promise<TestRegistry> {
  const manifests = new Map<string, Buffer>();
  const blobs = new Map<string, Buffer>();
  const uploads = new Map<string, Buffer>();
  const requests: string[] = [];
  const server = await listen(
    (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const url = new URL(request.url ?? "/", "http://registry");
        const method = request.method ?? "GET";
        requests.push(`${method} ${url.pathname}`);
        const reply = answer(method, url, request.headers.authorization, Buffer.concat(chunks));
        response.writeHead(reply.status, reply.headers);
        response.end(reply.body);
      });
    },
    { name: "test registry", port: 0 },
  );
  return { ...server, host: server.url.slice("http://".length), manifests, blobs, requests };

  function answer(method: string, url: URL, authorization: string | undefined, body: Buffer): Reply {
    if (url.pathname === "/v2/") return { status: 200 };
    const rights = rightsOf(users, authorization);
    if (rights === null) return refusal(401, "UNAUTHORIZED", "authentication required");
    const may = (right: Right): boolean => rights.includes(right);
    const denied =
      authorization === undefined
        ? refusal(401, "UNAUTHORIZED", "authentication required")
        : refusal(403, "DENIED", "requested access to the resource is denied");
    const [, repository = "", kind, reference = ""] =
      /^\/v2\/(.+?)\/(blobs\/uploads|blobs|manifests|tags)\/(.*)$/.exec(url.pathname) ?? [];
    switch (`${method} ${kind ?? ""}`) {
      case "GET tags":
        return tags(repository, url);
      case "HEAD blobs":
      case "GET blobs":
        return blobs.has(reference)
          ? { status: 200, body: blobs.get(reference) ?? "" }
          : refusal(404, "BLOB_UNKNOWN", "");
      case "POST blobs/uploads": {
        if (!may("create")) return denied;
        const id = randomUUID();
        uploads.set(id, Buffer.alloc(0));
        return { status: 202, headers: { Location: `/v2/${repository}/blobs/uploads/${id}?state=1` } };
      }
      case "PATCH blobs/uploads":
        uploads.set(reference, Buffer.concat([uploads.get(reference) ?? Buffer.alloc(0), body]));
        return { status: 202, headers: { Location: `${url.pathname}?state=2` } };
      case "PUT blobs/uploads": {
        const bytes = uploads.get(reference) ?? Buffer.alloc(0);
        const wanted = url.searchParams.get("digest");
        if (url.searchParams.get("state") !== "2" || digestOf(bytes) !== wanted)
          return refusal(400, "DIGEST_INVALID", "");
        blobs.set(wanted, bytes);
        return { status: 201 };
      }
      case "HEAD manifests":
      case "GET manifests": {
        const bytes = manifests.get(keyOf(repository, reference));
        if (bytes === undefined) return refusal(404, "MANIFEST_UNKNOWN", "manifest unknown");
        const { mediaType } = JSON.parse(bytes.toString()) as { readonly mediaType?: string };
        return { status: 200, headers: { "Content-Type": mediaType ?? MANIFEST }, body: bytes };
      }
      case "PUT manifests": {
        const there = manifests.has(keyOf(repository, reference));
        if (!may(there ? "update" : "create")) return denied;
        manifests.set(keyOf(repository, reference), body);
        manifests.set(keyOf(repository, digestOf(body)), body);
        return { status: 201 };
      }
      case "DELETE manifests":
        if (!may("delete")) return denied;
        for (const [key, bytes] of manifests) if (digestOf(bytes) === reference) manifests.delete(key);
        return { status: 202 };
      default:
        return { status: 404 };
    }
  }

  /** Two tags per page, so that clients must follow the Link header. */
  function tags(repository: string, url: URL): Reply {
    const all = [...manifests.keys()]
      .filter((key) => key.startsWith(`${repository}:`))
      .map((key) => key.slice(repository.length + 1));
    if (all.length === 0) return refusal(404, "NAME_UNKNOWN", "repository name not known to registry");
    const start = Number(url.searchParams.get("from") ?? "0");
    const next = start + 2 < all.length ? { Link: `</v2/${repository}/tags/list?from=${start + 2}>; rel="next"` } : {};
    return {
      status: 200,
      headers: next,
      body: JSON.stringify({ name: repository, tags: all.slice(start, start + 2) }),
    };
  }
}

export function digestOf(bytes: Buffer): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

function keyOf(repository: string, reference: string): string {
  return reference.startsWith("sha256:") ? `${repository}@${reference}` : `${repository}:${reference}`;
}

/** Null for invalid credentials, which do not count as anonymous. */
function rightsOf(
  users: Readonly<Record<string, TestUser>>,
  authorization: string | undefined,
): readonly Right[] | null {
  if (authorization === undefined) return [];
  const credentials = Buffer.from(authorization.slice("Basic ".length), "base64").toString();
  const found = Object.entries(users).find(([name, { password }]) => credentials === `${name}:${password}`);
  return found?.[1].rights ?? null;
}

function refusal(status: number, code: string, message: string): Reply {
  return { status, body: JSON.stringify({ errors: [{ code, message }] }) };
}
