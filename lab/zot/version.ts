// Stands in for zot: what the releases do differently, as far as it was measured (v2.1.13, v2.1.18, v2.1.20) or read in its history.

/** What a zot release does or does not do. */
export interface ZotVersion {
  /** `v2.1.20` */
  readonly release: string;
  /** What the release says about its build. */
  readonly commit: string;
  /** The right to create is enough to overwrite the tag `latest`. */
  readonly createOverwritesLatest: boolean;
  /** `PUT /manifests/<digest>?tag=…` sets the tags; before, the query is ignored. */
  readonly tagQuery: boolean;
  /** A tag in `?tag=` that exists needs the right to update. */
  readonly tagQueryNeedsUpdate: boolean;
  /** A docker client without credentials gets 401 from `/v2/` where some policies need a user. */
  readonly dockerPingChallenged: boolean;
  /** A body of more than 8 KiB for an API key is answered 413. */
  readonly apiKeyBodyLimited: boolean;
  /** `claimMapping.groups`, and a groups claim that is one plain string. */
  readonly groupsClaimMapping: boolean;
  /** Logout answers where to end the identity provider's session. */
  readonly logoutEndsProviderSession: boolean;
  /** After a login only own pages and allowed origins are shown; before, any address. */
  readonly callbackRestricted: boolean;
  /** A blob has the media type that a manifest gives it; before, HEAD tells none and GET tells what the client accepts. */
  readonly blobMediaTypes: boolean;
  /** Getting a blob by a malformed digest is the client's fault; before, zot takes it for its own. */
  readonly blobDigestChecked: boolean;
  /** A malformed digest is no tag, an empty blob can be uploaded at once, and uploads and referrers fail as the specification says. */
  readonly conforms: boolean;
  /** `accessControl.metrics.anonymousPolicy`; before, the empty name in `users` stood for anonymous. */
  readonly metricsAnonymousPolicy: boolean;
  /** Whether this release is at least the one given, `2.1.17`. */
  atLeast(release: string): boolean;
}

/** The commits that the measured releases name as their own. */
const commits: Readonly<Record<string, string>> = {
  "v2.1.13": "4ad3fad3",
  "v2.1.18": "7bb211bc",
  "v2.1.20": "3b5796d8",
};

/** The release that is emulated unless another is asked for. */
export const defaultRelease = "v2.1.20";

/** Describes a release: `v2.1.20`, with or without the `v`. */
export function zotVersion(release: string = defaultRelease): ZotVersion {
  const match = /^v?(\d+)\.(\d+)\.(\d+)$/.exec(release);
  if (match === null) {
    throw new Error(
      `The zot version "${release}" is not of the form v2.1.20, so its behaviour is unknown. Give a release such as ${defaultRelease}.`,
    );
  }
  const name = `v${match[1] ?? ""}.${match[2] ?? ""}.${match[3] ?? ""}`;
  const atLeast = (other: string): boolean => compareReleases(name.slice(1), other) >= 0;
  return {
    release: name,
    commit: commits[name] === undefined ? name : `${name}-0-g${commits[name]}`,
    createOverwritesLatest: !atLeast("2.1.15"),
    tagQuery: atLeast("2.1.16"),
    tagQueryNeedsUpdate: atLeast("2.1.19"),
    dockerPingChallenged: atLeast("2.1.16"),
    apiKeyBodyLimited: atLeast("2.1.16"),
    groupsClaimMapping: atLeast("2.1.17"),
    logoutEndsProviderSession: atLeast("2.1.17"),
    callbackRestricted: atLeast("2.1.15"),
    blobMediaTypes: atLeast("2.1.17"),
    blobDigestChecked: atLeast("2.1.18"),
    conforms: atLeast("2.1.19"),
    metricsAnonymousPolicy: atLeast("2.1.18"),
    atLeast,
  };
}

function compareReleases(left: string, right: string): number {
  const a = left.split(".").map(Number);
  const b = right.split(".").map(Number);
  for (let index = 0; index < 3; index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
