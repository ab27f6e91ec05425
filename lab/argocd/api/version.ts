// Part of the lab's Argo CD: the release that it reports.

const Version = "v3.3.2+8a3940d.dirty";

/** For clients without a token. */
export const shortVersion = { Version };

/** For clients with a token. */
export const fullVersion = {
  Version,
  BuildDate: "1970-01-01T00:00:00Z",
  GitCommit: "8a3940d8db27928931f0a85ba7c636e54786bddc",
  GoVersion: "go1.26.8",
  Compiler: "gc",
  Platform: "linux/amd64",
  KustomizeVersion: 'could not get kustomize version: exec: "kustomize": executable file not found in $PATH',
  HelmVersion: 'could not get helm version: exec: "helm": executable file not found in $PATH',
  JsonnetVersion: "v0.21.0",
};
