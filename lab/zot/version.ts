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
  /** `accessControl.metrics.anonymousPolicy`; before, the empty name in `users` stood for anonymous. */
  readonly metricsAnonymousPolicy: boolean;
  /** Whether this release is at least the one given, `2.1.17`. */
  atLeast(release: string): boolean;
}

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
    commit: name === "v2.1.20" ? "v2.1.20-0-g3b5796d8" : name,
    createOverwritesLatest: !atLeast("2.1.15"),
    tagQuery: atLeast("2.1.16"),
    tagQueryNeedsUpdate: atLeast("2.1.19"),
    dockerPingChallenged: atLeast("2.1.16"),
    apiKeyBodyLimited: atLeast("2.1.16"),
    groupsClaimMapping: atLeast("2.1.17"),
    logoutEndsProviderSession: atLeast("2.1.17"),
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
