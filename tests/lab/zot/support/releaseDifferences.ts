// Differences of other releases from v2.1.20, which the recordings are from: measured, or read in zot's history.
import { zotVersion } from "../../../../lab/zot/version.ts";
import { digestOf } from "./images.ts";

/** A request of the access matrix and its response. */
export interface Row {
  readonly subject: string;
  readonly operation: string;
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly status: number;
  readonly contentType?: string;
  readonly wwwAuthenticate?: string;
  readonly location?: string;
  readonly responseBody?: string;
  readonly bodyContains?: string;
  readonly "Docker-Content-Digest"?: string;
  readonly "Docker-Distribution-Api-Version"?: string;
}

/** The range of releases whose differences are known. The first, the last and v2.1.18 were measured. */
const known = { first: "2.1.13", last: "2.1.20" };

/** Whether the recordings, with the differences below, apply to this release. */
export function isKnown(release: string): boolean {
  return zotVersion(release).atLeast(known.first) && zotVersion(known.last).atLeast(release.slice(1));
}

/** The `metrics` section of the access control that lets `admin` and anonymous users read them. */
export function metricsAccess(release: string): object {
  return zotVersion(release).metricsAnonymousPolicy
    ? { users: ["admin"], anonymousPolicy: ["read"] }
    : { users: ["admin", ""] };
}

const mayCreateOnly = ["zot-ci-apikey", "zot-ci-session"];

/** The row as this release answers it. */
export function rowOf(release: string, row: Row): Row {
  const version = zotVersion(release);
  switch (row.operation) {
    case "ping-docker-ua":
      return row.status === 401 && !refusesCredentials(row) && !version.dockerPingChallenged ? answeredPing(row) : row;
    case "pull-blob-head":
      return row.status === 200 && !version.blobMediaTypes ? withoutContentType(row) : row;
    case "pull-blob":
      // The tests' `Accept` header.
      return row.status === 200 && !version.blobMediaTypes ? { ...row, contentType: "*/*" } : row;
    case "push-manifest-overwrite-latest":
      return mayCreateOnly.includes(row.subject) && version.createOverwritesLatest ? accepted(row) : row;
    case "push-manifest-digest-with-existing-tag-query":
      return mayCreateOnly.includes(row.subject) && !version.tagQueryNeedsUpdate ? accepted(row) : row;
    default:
      return row;
  }
}

function withoutContentType({ contentType: _type, ...row }: Row): Row {
  return row;
}

/** Whether the credentials are invalid. The response to these is the same in every release. */
function refusesCredentials({ subject }: Row): boolean {
  return subject === "bad-credentials" || subject === "unknown-user";
}

/** The response to the ping of a client other than docker. */
function answeredPing({ responseBody: _body, bodyContains: _contains, ...row }: Row): Row {
  return {
    ...row,
    status: 200,
    contentType: "application/json",
    wwwAuthenticate: "basic realm=",
    "Docker-Distribution-Api-Version": "registry/2.0",
  };
}

/** The row with the manifest accepted instead of rejected. */
function accepted({
  contentType: _type,
  wwwAuthenticate: _challenge,
  responseBody: _body,
  bodyContains: _contains,
  ...row
}: Row): Row {
  const digest = digestOf(row.body ?? "");
  const repository = /^\/v2\/(.+)\/manifests\//.exec(row.path)?.[1] ?? "";
  return {
    ...row,
    status: 201,
    location: `/v2/${repository}/manifests/${digest}`,
    "Docker-Content-Digest": digest,
  };
}

/** A body without the build's release, commit and extensions. */
export function withoutBuild(body: string): string {
  return body
    .replace(/"commit":"v[^"]*"/, '"commit":"<commit>"')
    .replace(/"releaseTag":"v[^"]*"/, '"releaseTag":"<release>"')
    .replace(/"binaryType":"[^"]*"/, '"binaryType":"<type>"')
    .replace(/\/blob\/v[\d.]+\//, "/blob/<release>/");
}
