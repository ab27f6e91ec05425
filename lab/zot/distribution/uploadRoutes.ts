// Stands in for zot: the distribution specification's routes for uploads, in one request or in chunks, and for mounts.
import type { Answered, Exchange } from "../server/http.ts";
import { sendEmpty } from "../server/http.ts";
import { sendOciError } from "./errors.ts";
import { isDigest } from "../storage/repositories.ts";
import type { ZotState } from "../server/state.ts";
import { Uploads } from "../storage/uploads.ts";

/** `POST /v2/<name>/blobs/uploads/`: mounts a blob, receives a whole one, or starts an upload. */
export async function startUpload(
  zot: ZotState,
  exchange: Exchange,
  name: string,
  mayRead: (repository: string) => boolean,
): Promise<Answered> {
  const { query, request, response } = exchange;
  const mounts = query.getAll("mount");
  const [mount] = mounts;
  if (mounts.length > 1) return sendEmpty(exchange, 400);
  if (mount !== undefined) {
    const mayMount = zot.config.storage.dedupe && isDigest(mount) && zot.storage.knowsBlob(mount, mayRead);
    if (!mayMount || !zot.storage.findBlob(name, mount)) return acceptUpload(zot, exchange, name);
    response.setHeader("Location", `/v2/${name}/blobs/${mount}`);
    return sendEmpty(exchange, 201);
  }
  if (query.has("from")) return sendEmpty(exchange, 405);
  const digests = query.getAll("digest");
  const [digest] = digests;
  if (digest === undefined) return acceptUpload(zot, exchange, name);
  if (digests.length > 1) return sendEmpty(exchange, 400);
  if (request.headers["content-type"] !== "application/octet-stream") return sendEmpty(exchange, 415);
  const refuseDigest = (): Answered =>
    zot.version.conforms ? sendOciError(exchange, 400, "DIGEST_INVALID", { digest }) : sendEmpty(exchange, 500);
  if (!isDigest(digest)) return refuseDigest();
  const length = request.headers["content-length"] ?? "-1";
  if (length === "-1" || (length === "0" && !zot.version.conforms)) {
    return sendOciError(exchange, 400, "BLOB_UPLOAD_INVALID", { digest, "Content-Length": length });
  }
  const uploads = new Uploads(zot.storage.repositories);
  const id = uploads.start(name);
  await uploads.append(name, id, request);
  if (!(await uploads.finish(name, id, digest))) {
    uploads.cancel(name, id);
    return refuseDigest();
  }
  zot.storage.uploaded(name, digest);
  response.setHeader("Location", `/v2/${name}/blobs/${digest}`);
  response.setHeader("Blob-Upload-UUID", id);
  return sendEmpty(exchange, 201);
}

function acceptUpload(zot: ZotState, exchange: Exchange, name: string): Answered {
  const id = new Uploads(zot.storage.repositories).start(name);
  setLocation(exchange, name, id);
  exchange.response.setHeader("Range", "0-0");
  return sendEmpty(exchange, 202);
}

/** `/v2/<name>/blobs/uploads/<id>` */
export async function uploadRoute(zot: ZotState, exchange: Exchange, name: string, id: string): Promise<Answered> {
  const uploads = new Uploads(zot.storage.repositories);
  switch (exchange.method) {
    case "GET":
      return uploadProgress(uploads, exchange, name, id);
    case "PATCH":
      return receivePiece(uploads, exchange, name, id);
    case "PUT":
      return finishUpload(zot, exchange, name, id);
    default:
      if (uploads.size(name, id) === undefined) return sendUnknown(exchange, id);
      uploads.cancel(name, id);
      return sendEmpty(exchange, 204);
  }
}

function uploadProgress(uploads: Uploads, exchange: Exchange, name: string, id: string): Answered {
  const size = uploads.size(name, id);
  if (size === undefined) return sendUnknown(exchange, id);
  setLocation(exchange, name, id);
  exchange.response.setHeader("Range", `0-${Math.max(size - 1, 0)}`);
  return sendEmpty(exchange, 204);
}

/** `PATCH`: appends a stream, or a chunk whose `Content-Range` must start at the upload's size. */
async function receivePiece(uploads: Uploads, exchange: Exchange, name: string, id: string): Promise<Answered> {
  const { request, response } = exchange;
  const length = request.headers["content-length"];
  const contentRange = request.headers["content-range"] ?? "";
  const hasPlace = length !== undefined && contentRange !== "";
  const range = parseContentRange(contentRange);
  if (hasPlace && (range === undefined || range.to - range.from + 1 !== Number(length))) {
    return sendEmpty(exchange, 416);
  }
  const before = uploads.sizeBeforeAppend(name, id);
  if (before === undefined) return sendUnknown(exchange, id);
  if (hasPlace && range?.from !== before) return sendOutOfPlace(exchange, id);
  const after = await uploads.append(name, id, request);
  setLocation(exchange, name, id);
  // For a streamed chunk, zot returns the chunk's length, not the upload's size so far.
  response.setHeader("Range", `0-${(hasPlace ? after : after - before) - 1}`);
  response.setHeader("Blob-Upload-UUID", id);
  return sendEmpty(exchange, 202);
}

/** `PUT`: receives the last chunk, which may be empty or the whole blob, and checks the blob's digest. */
async function finishUpload(zot: ZotState, exchange: Exchange, name: string, id: string): Promise<Answered> {
  const uploads = new Uploads(zot.storage.repositories);
  const { query, request, response } = exchange;
  const [digest = "", ...others] = query.getAll("digest");
  if (others.length > 0 || !isDigest(digest)) return sendEmpty(exchange, 400);
  const length = request.headers["content-length"];
  const contentRange = request.headers["content-range"];
  if (length === undefined && contentRange !== undefined) {
    const problem = 'strconv.ParseInt: parsing "": invalid syntax';
    return sendOciError(exchange, 400, "BLOB_UPLOAD_INVALID", { digest, "conversion error": problem });
  }
  // zot ignores a body of unknown length.
  if (contentRange !== undefined || Number(length ?? "0") > 0) {
    const from = contentRange === undefined ? 0 : parseContentRange(contentRange)?.from;
    if (from === undefined) return sendOutOfPlace(exchange, id);
    const size = uploads.sizeBeforeAppend(name, id);
    if (size === undefined) return sendUnknown(exchange, id);
    if (from !== size) return sendOutOfPlace(exchange, id);
    await uploads.append(name, id, request);
  }
  if (uploads.size(name, id) === undefined) return sendUnknown(exchange, id);
  // After a wrong digest, the upload is kept and can be finished with the right one.
  if (!(await uploads.finish(name, id, digest))) return sendOciError(exchange, 400, "DIGEST_INVALID", { digest });
  zot.storage.uploaded(name, digest);
  response.setHeader("Location", `/v2/${name}/blobs/${digest}`);
  response.setHeader("Docker-Content-Digest", digest);
  return sendEmpty(exchange, 201);
}

function sendUnknown(exchange: Exchange, id: string): Answered {
  return sendOciError(exchange, 404, "BLOB_UPLOAD_UNKNOWN", { session_id: id });
}

function sendOutOfPlace(exchange: Exchange, id: string): Answered {
  return sendOciError(exchange, 416, "BLOB_UPLOAD_INVALID", { session_id: id });
}

function setLocation({ response }: Exchange, name: string, id: string): void {
  response.setHeader("Location", `/v2/${name}/blobs/uploads/${id}`);
}

function parseContentRange(header: string): { readonly from: number; readonly to: number } | undefined {
  const match = /^\s*(\d+)\s*-\s*(\d+)\s*$/.exec(header);
  const range = { from: Number(match?.[1]), to: Number(match?.[2]) };
  return match === null || range.from > range.to ? undefined : range;
}
