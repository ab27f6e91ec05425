// Stands in for zot: the distribution specification's blob route, with the byte ranges that lazy pulling needs.
import { randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { ByteRange } from "./byteRanges.ts";
import { parseByteRanges } from "./byteRanges.ts";
import type { Answered, Exchange } from "../server/http.ts";
import { answered, sendEmpty } from "../server/http.ts";
import { sendOciError } from "./errors.ts";
import { isDigest } from "../storage/repositories.ts";
import type { ZotState } from "../server/state.ts";

/** `/v2/<name>/blobs/<digest>`. `mayRead` says whether the client may read a repository. */
export async function blobRoute(
  zot: ZotState,
  exchange: Exchange,
  name: string,
  digest: string,
  mayRead: (repository: string) => boolean,
): Promise<Answered> {
  const { method, request, response } = exchange;
  if (method === "DELETE") return deleteBlob(zot, exchange, name, digest);
  if (!isDigest(digest)) {
    // zot does not handle this error for HEAD; older releases do not for GET either.
    if (method === "HEAD" || !zot.version.blobDigestChecked) return sendEmpty(exchange, 500);
    return sendOciError(exchange, 400, "DIGEST_INVALID", { digest });
  }
  const range = method === "GET" ? request.headers.range : undefined;
  // For HEAD and byte ranges, zot searches all repositories and links the blob into this one, creating the repository if needed.
  // Only for HEAD does it first check that the client may read a repository that received the blob.
  const looksElsewhere = method === "HEAD" ? zot.storage.knowsBlob(digest, mayRead) : range !== undefined;
  if (looksElsewhere && zot.config.storage.dedupe) zot.storage.findBlob(name, digest);
  const size = zot.storage.repositories.blobSize(name, digest);
  if (size === undefined) return sendOciError(exchange, 404, "BLOB_UNKNOWN", { digest });
  const blob = {
    path: zot.storage.repositories.blobPath(name, digest),
    mediaType: zot.storage.blobMediaType(name, digest),
    digest,
    size,
  };
  if (range !== undefined) return sendRanges(exchange, blob, range);
  response.setHeader("Content-Length", String(size));
  const mediaType = zot.version.blobMediaTypes ? blob.mediaType : method === "GET" ? request.headers.accept : undefined;
  if (mediaType !== undefined) response.setHeader("Content-Type", mediaType);
  response.setHeader("Docker-Content-Digest", digest);
  if (method === "HEAD") response.setHeader("Accept-Ranges", "bytes");
  response.writeHead(200);
  if (method === "HEAD") response.end();
  else await pipeline(createReadStream(blob.path), response);
  return answered;
}

function deleteBlob(zot: ZotState, exchange: Exchange, name: string, digest: string): Answered {
  if (!isDigest(digest)) return sendEmpty(exchange, 404);
  switch (zot.storage.deleteBlob(name, digest)) {
    case "unknown":
      return sendOciError(exchange, 404, "BLOB_UNKNOWN", { digest });
    case "referenced":
      return sendOciError(exchange, 405, "DENIED", { digest });
    case "deleted":
      return sendEmpty(exchange, 202);
  }
}

interface Blob {
  readonly path: string;
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** Sends one range as it is, several as a multipart body. */
async function sendRanges(exchange: Exchange, blob: Blob, header: string): Promise<Answered> {
  const { response } = exchange;
  const ranges = parseByteRanges(header, blob.size);
  const [first] = ranges ?? [];
  if (ranges === undefined || first === undefined) {
    response.setHeader("Content-Range", `bytes */${blob.size}`);
    return sendEmpty(exchange, 416);
  }
  response.setHeader("Docker-Content-Digest", blob.digest);
  if (ranges.length > 1) return sendParts(exchange, blob, ranges);
  response.setHeader("Content-Range", contentRange(first, blob));
  response.setHeader("Content-Type", blob.mediaType);
  response.setHeader("Content-Length", String(first.end - first.start + 1));
  response.writeHead(206);
  await pipeline(createReadStream(blob.path, first), response);
  return answered;
}

async function sendParts({ response }: Exchange, blob: Blob, ranges: readonly ByteRange[]): Promise<Answered> {
  const boundary = randomBytes(30).toString("hex");
  const heads = ranges.map((range, index) => {
    const fields = `Content-Range: ${contentRange(range, blob)}\r\nContent-Type: ${blob.mediaType}\r\n\r\n`;
    return `${index === 0 ? "" : "\r\n"}--${boundary}\r\n${fields}`;
  });
  const tail = `\r\n--${boundary}--\r\n`;
  const bytes = ranges.reduce((sum, { start, end }) => sum + end - start + 1, 0);
  response.setHeader("Content-Type", `multipart/byteranges; boundary=${boundary}`);
  response.setHeader("Content-Length", String(Buffer.byteLength(heads.join("") + tail) + bytes));
  response.writeHead(206);
  for (const [index, range] of ranges.entries()) {
    response.write(heads[index]);
    await pipeline(createReadStream(blob.path, range), response, { end: false });
  }
  response.end(tail);
  return answered;
}

function contentRange({ start, end }: ByteRange, { size }: Blob): string {
  return `bytes ${start}-${end}/${size}`;
}
