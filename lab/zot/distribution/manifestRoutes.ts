// Stands in for zot: the distribution specification's routes for manifests, tags, referrers and the catalog.
import type { Answered, Exchange } from "../server/http.ts";
import { readBody, send, sendEmpty, sendJson, setCorsHeaders } from "../server/http.ts";
import { indexType, isManifestType } from "../storage/manifestChecks.ts";
import { sendOciError } from "./errors.ts";
import { isDigest } from "../storage/repositories.ts";
import type { ZotState } from "../server/state.ts";
import { ManifestInvalid } from "../storage/storage.ts";

const manifestLimit = 4 * 1024 * 1024;
const mostQueryTags = 46;
const tagPattern = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;

/** The valid tags in `?tag=`, without duplicates. */
export function queryTags({ query }: Exchange): string[] {
  return [...new Set(query.getAll("tag").map((tag) => tag.trim()))].filter((tag) => tagPattern.test(tag));
}

/** `/v2/<name>/manifests/<reference>` */
export async function manifestRoute(
  zot: ZotState,
  exchange: Exchange,
  name: string,
  reference: string,
): Promise<Answered> {
  const { method, response } = exchange;
  if (method === "PUT") return putManifest(zot, exchange, name, reference);
  if (method === "HEAD" || method === "OPTIONS") {
    setCorsHeaders(exchange, "HEAD,GET,DELETE,OPTIONS", zot.startConfig.http.allowOrigin);
    if (method === "OPTIONS") return sendEmpty(exchange, 204);
  }
  if (!zot.storage.repositories.exists(name)) {
    return sendOciError(
      exchange,
      method === "DELETE" ? 400 : 404,
      "NAME_UNKNOWN",
      method === "HEAD" ? { reference } : { name },
    );
  }
  if (method === "DELETE") return deleteManifest(zot, exchange, name, reference);
  const manifest = zot.storage.manifest(name, reference);
  if (manifest === undefined) return sendOciError(exchange, 404, "MANIFEST_UNKNOWN", { reference });
  response.setHeader("Docker-Content-Digest", manifest.digest);
  return send(exchange, 200, manifest.mediaType, manifest.content.toString());
}

async function putManifest(zot: ZotState, exchange: Exchange, name: string, reference: string): Promise<Answered> {
  const { query, request, response } = exchange;
  const mediaType = request.headers["content-type"] ?? "";
  // zot treats any other text with a colon as a tag.
  if (zot.version.conforms && /^sha(?:256|384|512):./.test(reference) && !isDigest(reference)) {
    return sendOciError(exchange, 400, "DIGEST_INVALID", { reference });
  }
  if (!isManifestType(mediaType)) return sendOciError(exchange, 415, "MANIFEST_INVALID", { mediaType });
  const tags = zot.version.tagQuery ? queryTags(exchange) : [];
  if (zot.version.tagQuery) {
    const reason = tagQueryProblem(query.getAll("tag"), tags, isDigest(reference));
    if (reason !== undefined)
      return sendOciError(exchange, reason.startsWith("too many") ? 414 : 400, "MANIFEST_INVALID", { reason });
  }
  const content = await readBody(request, manifestLimit);
  if (content === undefined) {
    const reason = `manifest body exceeds maximum allowed size of ${manifestLimit} bytes`;
    return sendOciError(exchange, 413, "MANIFEST_INVALID", { reason });
  }
  try {
    const { digest, subject } = zot.storage.putManifest(name, reference, mediaType, content, tags);
    if (subject !== undefined) response.setHeader("OCI-Subject", subject);
    response.setHeader("Location", `/v2/${name}/manifests/${digest}`);
    response.setHeader("Docker-Content-Digest", digest);
    for (const tag of tags) response.appendHeader("OCI-Tag", tag);
    return sendEmpty(exchange, 201);
  } catch (error) {
    if (!(error instanceof ManifestInvalid)) throw error;
    return sendOciError(exchange, 400, "MANIFEST_INVALID", { ...error.detail, reference });
  }
}

function tagQueryProblem(asked: readonly string[], tags: readonly string[], byDigest: boolean): string | undefined {
  if (asked.length > mostQueryTags) return `too many tag query parameters (max ${mostQueryTags})`;
  const wrong = asked.map((tag) => tag.trim()).find((tag) => !tags.includes(tag));
  if (wrong === "") return "empty tag query parameter";
  if (wrong !== undefined) return "invalid tag query parameter: not a valid OCI/Docker tag";
  return asked.length > 0 && !byDigest
    ? "tag query parameters are only valid when pushing a manifest by digest"
    : undefined;
}

function deleteManifest(zot: ZotState, exchange: Exchange, name: string, reference: string): Answered {
  switch (zot.storage.deleteManifest(name, reference)) {
    case "unknown":
      return sendOciError(exchange, 404, "MANIFEST_UNKNOWN", { reference });
    case "referenced":
      return sendOciError(exchange, 405, "DENIED", { reference });
    case "deleted":
      return sendEmpty(exchange, 202);
  }
}

/** `/v2/<name>/tags/list` */
export function tagsRoute(zot: ZotState, exchange: Exchange, name: string): Answered {
  setCorsHeaders(exchange, "GET,OPTIONS", zot.startConfig.http.allowOrigin);
  if (exchange.method === "OPTIONS") return sendEmpty(exchange, 204);
  const limits = exchange.query.getAll("n");
  const [limit] = limits;
  const [last = "", ...moreLasts] = exchange.query.getAll("last");
  if (limits.length > 1 || moreLasts.length > 0 || (limit !== undefined && !/^\d+$/.test(limit))) {
    return sendEmpty(exchange, 400);
  }
  const tags = zot.storage.tags(name);
  if (tags === undefined) return sendOciError(exchange, 404, "NAME_UNKNOWN", { name });
  if (last !== "" && !tags.includes(last)) return sendEmpty(exchange, 404);
  const following = tags.slice(tags.indexOf(last) + 1);
  const page = following.slice(0, limit === undefined ? undefined : Number(limit));
  if (limit !== undefined && page.length < following.length) {
    setNextPage(exchange, `/v2/${name}/tags/list`, limit, page);
  }
  return sendJson(exchange, 200, { name, tags: page });
}

/** `/v2/_catalog`: the repositories that the client may read. */
export function catalogRoute(zot: ZotState, exchange: Exchange, mayRead: (repository: string) => boolean): Answered {
  setCorsHeaders(exchange, "GET,OPTIONS", zot.startConfig.http.allowOrigin);
  if (exchange.method === "OPTIONS") return sendEmpty(exchange, 204);
  const last = exchange.query.get("last") ?? "";
  const names = zot.storage.repositories.names();
  // If the repository in `last` does not exist, the list is empty.
  const following = last === "" ? names : names.includes(last) ? names.slice(names.indexOf(last) + 1) : [];
  const readable = following.filter(mayRead);
  const limit = exchange.query.get("n") ?? "";
  if (!/^\d+$/.test(limit)) return sendJson(exchange, 200, { repositories: readable });
  const repositories = readable.slice(0, Number(limit));
  // zot does not check whether more repositories follow, so the last page can be empty.
  if (repositories.length === Number(limit)) setNextPage(exchange, "/v2/_catalog", limit, repositories);
  return sendJson(exchange, 200, { repositories });
}

function setNextPage({ response }: Exchange, path: string, limit: string, page: readonly string[]): void {
  const last = page.at(-1);
  if (last !== undefined) response.setHeader("Link", `<${path}?n=${limit}&last=${last}>; rel="next"`);
}

/** `/v2/<name>/referrers/<digest>` */
export function referrersRoute(zot: ZotState, exchange: Exchange, name: string, digest: string): Answered {
  setCorsHeaders(exchange, "GET,OPTIONS", zot.startConfig.http.allowOrigin);
  if (exchange.method === "OPTIONS") return sendEmpty(exchange, 204);
  if (!isDigest(digest)) return sendEmpty(exchange, 400);
  if (!zot.version.conforms && !zot.storage.repositories.exists(name)) return sendEmpty(exchange, 404);
  const artifactTypes = exchange.query.getAll("artifactType");
  const manifests = zot.storage.referrers(name, digest, artifactTypes);
  if (artifactTypes.length > 0) exchange.response.setHeader("OCI-Filters-Applied", "artifactType");
  return send(exchange, 200, indexType, JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests }));
}
