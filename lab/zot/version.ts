// Stands in for zot: differences between releases, measured (v2.1.13, v2.1.18, v2.1.20, and v2.1.20 with the change for combined bearer tokens) or read in its history.

/** The behaviour of a zot release. */
export interface ZotVersion {
  /** `v2.1.20` */
  readonly release: string;
  /** The commit that the release reports. */
  readonly commit: string;
  /** Permission to create is enough to overwrite the tag `latest`. */
  readonly createOverwritesLatest: boolean;
  /** `PUT /manifests/<digest>?tag=…` sets the tags; older releases ignore the query. */
  readonly tagQuery: boolean;
  /** An existing tag in `?tag=` needs permission to update. */
  readonly tagQueryNeedsUpdate: boolean;
  /** A docker client without credentials gets 401 from `/v2/` if some policies need a user. */
  readonly dockerPingChallenged: boolean;
  /** A request for an API key with more than 8 KiB gets 413. */
  readonly apiKeyBodyLimited: boolean;
  /** Supports `claimMapping.groups`, and a groups claim that is a single string. */
  readonly groupsClaimMapping: boolean;
  /** Logout returns the URL that ends the identity provider's session. */
  readonly logoutEndsProviderSession: boolean;
  /** Sign-in redirects only to its own pages and to allowed origins; older releases redirect to any URL. */
  readonly callbackRestricted: boolean;
  /** Sends a blob with the media type in its manifest; older releases send none for HEAD, and the `Accept` header for GET. */
  readonly blobMediaTypes: boolean;
  /** GET of a blob with a malformed digest returns 400; older releases return 500. */
  readonly blobDigestChecked: boolean;
  /** A malformed digest is not a tag, an empty blob can be uploaded in one request, and uploads and referrers fail as specified. */
  readonly conforms: boolean;
  /** Supports `accessControl.metrics.anonymousPolicy`; in older releases, an empty name in `users` means anonymous. */
  readonly metricsAnonymousPolicy: boolean;
  /** Has `/zot/auth/token`, which exchanges a password for a bearer token. */
  readonly tokenEndpoint: boolean;
  /** Takes bearer tokens beside sign-in, API keys and anonymous users; in older releases, bearer tokens disable these. The first such release is assumed. */
  readonly bearerCombined: boolean;
  /** Whether this is the given release, such as `2.1.17`, or a later one. */
  atLeast(release: string): boolean;
}

/** The commits that the measured releases report. */
const commits: Readonly<Record<string, string>> = {
  "v2.1.13": "4ad3fad3",
  "v2.1.18": "7bb211bc",
  "v2.1.20": "3b5796d8",
};

/** The release that is emulated by default. */
export const defaultRelease = "v2.1.20";

/** The extensions that this build contains. */
export function builtWith(): string {
  return "-events-imagetrust-lint-metrics-mgmt-profile-scrub-search-sync-ui-userprefs";
}

/** The behaviour of a release: `v2.1.20`, with or without the `v`. */
export function zotVersion(release: string = defaultRelease): ZotVersion {
  const match = /^v?(\d+)\.(\d+)\.(\d+)$/.exec(release);
  if (match === null) {
    throw new Error(`Invalid zot version "${release}". Use a release such as ${defaultRelease}.`);
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
    tokenEndpoint: atLeast("2.1.19"),
    bearerCombined: atLeast("2.1.22"),
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
