// Stands in for zot: the distribution specification's routes of blobs and their uploads.
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { Subject } from "./accessControl.ts";
import { isAllowed } from "./accessControl.ts";
import type { Answered, Exchange } from "./http.ts";
import { answered, sendEmpty } from "./http.ts";
import { sendOciError } from "./ociErrors.ts";
import { isDigest } from "./repositories.ts";
import type { ZotState } from "./state.ts";
import { Uploads } from "./uploads.ts";

/** `/v2/<name>/blobs/<digest>` */
export async function blobRoute(zot: ZotState, exchange: Exchange, name: string, digest: string): Promise<Answered> {
  const { storage } = zot;
  const { method, response } = exchange;
  if (!isDigest(digest)) return sendOciError(exchange, 400, "DIGEST_INVALID", { digest });
  if (!storage.repositories.exists(name)) return sendOciError(exchange, 404, "NAME_UNKNOWN", { name });
  const size = storage.repositories.blobSize(name, digest);
  if (size === undefined) return sendOciError(exchange, 404, "BLOB_UNKNOWN", { digest });
  if (method === "DELETE") {
    if (storage.deleteBlob(name, digest) === "referenced") return sendOciError(exchange, 405, "DENIED", { digest });
    return sendEmpty(exchange, 202);
  }
  response.setHeader("Content-Length", String(size));
  response.setHeader("Content-Type", storage.blobMediaType(name, digest));
  response.setHeader("Docker-Content-Digest", digest);
  response.writeHead(200);
  if (method === "HEAD") response.end();
  else await pipeline(createReadStream(storage.repositories.blobPath(name, digest)), response);
  return answered;
}

/** `POST /v2/<name>/blobs/uploads/`: mounts a blob, takes a whole one, or begins an upload. */
export async function startUpload(
  zot: ZotState,
  exchange: Exchange,
  subject: Subject,
  name: string,
): Promise<Answered> {
  const { query, request, response } = exchange;
  const { accessControl } = zot.config.http;
  const mounts = query.getAll("mount");
  const [mount] = mounts;
  if (mounts.length > 1) return sendEmpty(exchange, 400);
  if (mount !== undefined) {
    const mayRead = (repository: string): boolean =>
      accessControl === undefined || isAllowed(accessControl, subject, "read", repository);
    if (!zot.storage.mountBlob(name, mount, mayRead)) return acceptUpload(zot, exchange, name);
    response.setHeader("Location", `/v2/${name}/blobs/${mount}`);
    return sendEmpty(exchange, 201);
  }
  if (query.has("from")) return sendEmpty(exchange, 405);
  const digests = query.getAll("digest");
  const [digest] = digests;
  if (digest === undefined) return acceptUpload(zot, exchange, name);
  if (digests.length > 1) return sendEmpty(exchange, 400);
  if (request.headers["content-type"] !== "application/octet-stream") return sendEmpty(exchange, 415);
  if (!isDigest(digest)) return sendOciError(exchange, 400, "DIGEST_INVALID", { digest });
  if (request.headers["content-length"] === undefined) {
    return sendOciError(exchange, 400, "BLOB_UPLOAD_INVALID", { digest, "Content-Length": "-1" });
  }
  const uploads = new Uploads(zot.storage.repositories);
  const id = uploads.start(name);
  await uploads.append(name, id, request);
  if (!(await uploads.finish(name, id, digest))) return sendOciError(exchange, 400, "DIGEST_INVALID", { digest });
  response.setHeader("Location", `/v2/${name}/blobs/${digest}`);
  response.setHeader("Docker-Upload-UUID", id);
  return sendEmpty(exchange, 201);
}

function acceptUpload(zot: ZotState, exchange: Exchange, name: string): Answered {
  const id = new Uploads(zot.storage.repositories).start(name);
  setProgress(exchange, name, id, 0);
  return sendEmpty(exchange, 202);
}

/** `/v2/<name>/blobs/uploads/<id>` */
export async function uploadRoute(zot: ZotState, exchange: Exchange, name: string, id: string): Promise<Answered> {
  const uploads = new Uploads(zot.storage.repositories);
  if (!zot.storage.repositories.exists(name)) return sendOciError(exchange, 404, "NAME_UNKNOWN", { name });
  const size = uploads.size(name, id);
  if (size === undefined) return sendOciError(exchange, 404, "BLOB_UPLOAD_UNKNOWN", { session_id: id });
  switch (exchange.method) {
    case "GET":
      setProgress(exchange, name, id, size);
      return sendEmpty(exchange, 204);
    case "PATCH":
      return receivePiece(uploads, exchange, name, id, size);
    case "PUT":
      return finishUpload(uploads, exchange, name, id, size);
    default:
      uploads.cancel(name, id);
      return sendEmpty(exchange, 204);
  }
}

async function receivePiece(
  uploads: Uploads,
  exchange: Exchange,
  name: string,
  id: string,
  size: number,
): Promise<Answered> {
  const { request, response } = exchange;
  const length = request.headers["content-length"];
  const contentRange = request.headers["content-range"];
  if (length !== undefined && contentRange !== undefined) {
    const range = parseRange(contentRange);
    if (range === undefined || range.to - range.from + 1 !== Number(length)) return sendEmpty(exchange, 416);
    if (range.from !== size) return sendOciError(exchange, 416, "BLOB_UPLOAD_INVALID", { session_id: id });
  }
  const received = await uploads.append(name, id, request);
  setProgress(exchange, name, id, received);
  response.setHeader("Docker-Upload-UUID", id);
  return sendEmpty(exchange, 202);
}

/** `PUT`: the last piece, which may be empty or everything, and the digest of the whole. */
async function finishUpload(
  uploads: Uploads,
  exchange: Exchange,
  name: string,
  id: string,
  size: number,
): Promise<Answered> {
  const { query, request, response } = exchange;
  const [digest = "", ...others] = query.getAll("digest");
  if (others.length > 0 || !isDigest(digest)) return sendEmpty(exchange, 400);
  const length = Number(request.headers["content-length"] ?? "0");
  const contentRange = request.headers["content-range"];
  if (length > 0 || contentRange !== undefined) {
    const from = contentRange === undefined ? 0 : parseRange(contentRange)?.from;
    if (from !== size) return sendOciError(exchange, 416, "BLOB_UPLOAD_INVALID", { session_id: id });
    await uploads.append(name, id, request);
  }
  if (!(await uploads.finish(name, id, digest))) return sendOciError(exchange, 400, "DIGEST_INVALID", { digest });
  response.setHeader("Location", `/v2/${name}/blobs/${digest}`);
  response.setHeader("Docker-Content-Digest", digest);
  return sendEmpty(exchange, 201);
}

function setProgress({ response }: Exchange, name: string, id: string, size: number): void {
  response.setHeader("Location", `/v2/${name}/blobs/uploads/${id}`);
  response.setHeader("Range", `0-${Math.max(size - 1, 0)}`);
}

function parseRange(header: string): { readonly from: number; readonly to: number } | undefined {
  const match = /^\s*(\d+)\s*-\s*(\d+)\s*$/.exec(header);
  const range = { from: Number(match?.[1]), to: Number(match?.[2]) };
  return match === null || range.from > range.to ? undefined : range;
}
