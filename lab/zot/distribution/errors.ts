// Stands in for zot: the errors of the OCI distribution specification with zot's descriptions.
import type { Answered, Exchange } from "../server/http.ts";
import { sendJson } from "../server/http.ts";

const errors = {
  BLOB_UNKNOWN: [
    "blob unknown to registry",
    "blob unknown to registry \tThis error MAY be returned when a blob is unknown  to the registry in a specified repository. " +
      "This can be returned with a standard get or if a manifest references an unknown layer during upload.",
  ],
  BLOB_UPLOAD_INVALID: ["blob upload invalid", "The blob upload encountered an error and can no longer proceed."],
  BLOB_UPLOAD_UNKNOWN: [
    "blob upload unknown to registry",
    "If a blob upload has been cancelled or was never started, this error code MAY be returned.",
  ],
  DENIED: [
    "requested access to the resource is denied",
    "The access controller denied access for the operation on a resource.",
  ],
  DIGEST_INVALID: [
    "provided digest did not match uploaded content",
    "When a blob is uploaded, the registry will check that the content matches the digest provided by the client. The error MAY " +
      'include a detail structure with the key "digest", including the invalid digest string. This error MAY also be returned ' +
      "when a manifest includes an invalid layer digest.",
  ],
  MANIFEST_INVALID: [
    "manifest invalid",
    "During upload, manifests undergo several checks ensuring validity. If those checks fail, this error MAY be returned, unless " +
      "a more specific error is included. The detail will contain information the failed validation.",
  ],
  MANIFEST_UNKNOWN: [
    "manifest unknown",
    "This error is returned when the manifest, identified by name and tag is unknown to the repository.",
  ],
  NAME_UNKNOWN: [
    "repository name not known to registry",
    "This is returned if the name used during an operation is unknown to the registry.",
  ],
  UNSUPPORTED: [
    "the operation is unsupported",
    "The operation was unsupported due to a missing implementation or invalid set of parameters.",
  ],
  UNAUTHORIZED: [
    "authentication required",
    "The access controller was unable to authenticate the client. Often this will be accompanied by a WWW-Authenticate HTTP " +
      "response header indicating how to authenticate.",
  ],
} as const;

export type OciErrorCode = keyof typeof errors;

export interface OciError {
  readonly code: OciErrorCode;
  readonly message: string;
  readonly detail: Readonly<Record<string, string>>;
}

export function ociError(code: OciErrorCode, detail: Readonly<Record<string, string>> = {}): OciError {
  const [message, description] = errors[code];
  // Go sorts the keys of a map.
  const sorted = Object.entries({ description, ...detail }).sort(([a], [b]) => (a < b ? -1 : 1));
  return { code, message, detail: Object.fromEntries(sorted) };
}

/** Answers with one error in the specification's format. */
export function sendOciError(
  exchange: Exchange,
  status: number,
  code: OciErrorCode,
  detail: Readonly<Record<string, string>> = {},
): Answered {
  return sendJson(exchange, status, { errors: [ociError(code, detail)] });
}
