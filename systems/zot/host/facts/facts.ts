import type { ZotVersion } from "../../version.ts";

/** The state of a file that we write, from its record and its content. */
export interface WrittenFile {
  /** How often hand edits were repaired, including a pending repair: a new number causes an update. */
  readonly repairs: number;
  /** `edited`: changed by hand since we wrote it. `interrupted`: a deployment did not finish. `unserved`: zot's config is as written, and no zot serves. */
  readonly state: "as written" | "edited" | "interrupted" | "unserved";
}

/** The service file that we wrote last, from its record. */
export interface RecordedService {
  /** As in the settings: `systemd-user:zot`. */
  readonly service: string;
  readonly file: string;
  /** Whether there was one before ours. */
  readonly original: boolean;
}

/** What decides, beside the new config, whether zot must be restarted. A file that does not exist has the hash `none`. */
export interface DeployedZot {
  /** The text of the config file or, until the first deployment is complete, of the original; empty if there is none. */
  readonly configText: string;
  /** SHA-256 (hex) of our credentials file with the client ID and secret that are in the one made by hand; empty if none is known. */
  readonly credentialsByHand: string;
  /** What zot was started with, from the record of the last completed deployment; empty if there was none. */
  readonly start: string;
  /** SHA-256 (hex). */
  readonly hashes: Readonly<Record<"config" | "service" | "sessionKeys", string>>;
  /** What the records of completed deployments say; a file without one is absent. */
  readonly recorded?: Readonly<Partial<Record<RecordedName, RecordedFile>>>;
}

export type RecordedName = "config" | "credentials" | "service" | "sessionKeys";

/** A file that we wrote, from its record. */
export interface RecordedFile {
  /** SHA-256 (hex). */
  readonly hash: string;
  /** The host and the path that the settings named then: `local:/etc/zot/config.json`. Empty in a record of an earlier version. */
  readonly place: string;
  /** The deployment's number (deploy/number.ts); 0 in a record of an earlier version. */
  readonly number: number;
}

/** Files without a record of ours: made by hand. Until the first deployment is complete, that is the original, of which a copy is kept. */
export interface FilesByHand {
  readonly config: boolean;
  readonly sessionKeys: boolean;
  /** The client ID in the credentials file; empty if it names none. `undefined`: there is no such file. */
  readonly credentials: { readonly clientId: string } | undefined;
  /** The names of what the service file sets: `Environment`, or `EnvironmentVariables` in a plist. `undefined`: there is no such file. */
  readonly service: readonly string[] | undefined;
}

/** What the host reports before anything is changed. */
export interface HostFacts {
  readonly version: ZotVersion;
  /** The zot executable, as an absolute path. */
  readonly binary: string;
  /** The home folder of the user who deploys. */
  readonly home: string;
  /** The owner of zot's data, or the user who deploys if there is no data yet. */
  readonly owner: string;
  readonly config: WrittenFile;
  readonly credentials: WrittenFile;
  readonly service: WrittenFile;
  readonly sessionKeys: WrittenFile;
  /** `undefined` if there is none. */
  readonly recordedService?: RecordedService | undefined;
  /** The output of `zot schema`; `undefined` if it was not asked for, or the release has no such command (2.1.16 and later do). */
  readonly schema?: string | undefined;
  /** `undefined` if the host could not be asked. */
  readonly deployed: DeployedZot | undefined;
  /** Absent if the host could not be asked. */
  readonly byHand?: FilesByHand | undefined;
}
