// Stands in for Forgejo: what the emulated release gives its jobs. All else is as in 14.0.2, from which most recordings are.

export interface ForgejoVersion {
  /** `14.0.2` */
  readonly release: string;
  /** Gives each job that asks for it an ID token: measured on 15.0.3. */
  readonly jobTokens: boolean;
  /** Lists the runners that may take the jobs of a repository, an organisation or a user: read in the source. */
  readonly listsRunners: boolean;
  /** Tokens also have the ids of the actor, the repository and its owner, and so has the `sub` of new repositories: read in the source of 16. */
  readonly idsInTokens: boolean;
  /** The release of the runner. */
  readonly runner: string;
}

export const defaultRelease = "14.0.2";

/** The behaviour of a release: `15.0.3`. */
export function forgejoVersion(release: string = defaultRelease): ForgejoVersion {
  const major = Number(/^(\d+)\.\d+\.\d+$/.exec(release)?.[1]);
  if (Number.isNaN(major) || major < 14) {
    throw new Error(`Invalid Forgejo version "${release}". Use ${defaultRelease} or a later release, such as 15.0.3.`);
  }
  return {
    release,
    jobTokens: major >= 15,
    listsRunners: major >= 15,
    idsInTokens: major >= 16,
    runner: major >= 15 ? "v12.5.2" : "v12.1.2",
  };
}
