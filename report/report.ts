/**
 * What a run found, as data: report.json as it is, and what the page, JUnit and Markdown are made from. It holds no secret: it is built from named
 * fields of the state, in which secrets are encrypted, and of the engine's events, in which they are masked.
 */
export interface Report {
  /** Version of this shape. A new field does not change it. */
  readonly version: 1;
  readonly stack: string;
  /** What ran: `up`, `check`, or `report` for the state as it is. */
  readonly command: "up" | "check" | "report";
  /** When the run ended, RFC 3339. */
  readonly ended: string;
  readonly succeeded: boolean;
  /** How it ended, in sentences. */
  readonly says: readonly string[];
  /** How long the engine ran. Absent if it did not run. */
  readonly seconds?: number;
  /** That of the first account. Absent before there is a key. */
  readonly key?: KeyLife;
  /** Those of the other accounts; absent if there is none. */
  readonly furtherKeys?: readonly KeyLife[];
  /** Accounts whose jobs push with their own tokens; absent if there is none. */
  readonly jobs?: readonly JobsOfAccount[];
  /** Resources in the order of the run. */
  readonly steps: readonly Step[];
  readonly access: AccessMatrix;
  /** What else was proved. */
  readonly proofs: readonly Proof[];
  /** Warnings and errors. */
  readonly findings: readonly Finding[];
  /** Versions by system: `{ zot: "2.1.20" }`. */
  readonly versions: Readonly<Record<string, string>>;
  /** What stands in for a real plugin or server. */
  readonly standIns: readonly string[];
}

export interface KeyLife {
  readonly account: string;
  readonly label: string;
  /** RFC 3339, as the other dates. */
  readonly created: string;
  readonly rotates: string;
  readonly expires: string;
  /** How many keys of the account this stack does not manage. */
  readonly unmanaged: number;
}

/** An account whose jobs push with the tokens that Forgejo gives them. */
export interface JobsOfAccount {
  /** What the jobs' user names begin with. */
  readonly account: string;
  /** Repositories, organisations and users. */
  readonly repositories: readonly string[];
  /** What image names begin with, without the registry. */
  readonly prefix: string;
  readonly audience: string;
  /** The Actions variable from which the jobs learn it. */
  readonly variable: string;
}

export type StepState =
  | "created"
  | "updated"
  | "replaced"
  | "deleted"
  | "unchanged"
  | "differs"
  | "failed"
  | "not run"
  | "recorded";

/** A resource, and what the run did with it. */
export interface Step {
  readonly urn: string;
  readonly name: string;
  readonly type: string;
  /** Name of the component that it belongs to; empty if there is none. */
  readonly component: string;
  /** Urns of resources that come before it. */
  readonly dependsOn: readonly string[];
  readonly state: StepState;
  /** How long it took. The engine's events are exact to a second. */
  readonly seconds?: number;
  /** How it differs from what is declared, for `differs`. */
  readonly difference?: string;
}

export interface AccessMatrix {
  /** Whether the run should have measured it and did not: then the rows are those of the last run that did. */
  readonly outdated?: true;
  /** When it was measured, RFC 3339: of several accounts, the one that was measured first. Absent if it was not. */
  readonly checked?: string;
  readonly rows: readonly AccessMeasured[];
}

/** A row of the access matrix: who, what, and the HTTP status expected and measured. */
export interface AccessMeasured {
  /** `ci` is the account; of several accounts, it is the user name. */
  readonly subject: string;
  readonly operation: string;
  /** The repository, prefix or path, if it is not the one of the tests. */
  readonly target?: string;
  readonly expected: number;
  readonly measured: number;
  /** What to look at next, if it differs. */
  readonly lookAt?: string;
  /** Whether the run should have measured the access of this account and did not, unlike that of others. */
  readonly outdated?: true;
}

export interface Proof {
  /** What kind of proof: `sign-in`, `build`, `services`. */
  readonly group: string;
  /** Name of its resource, if the group has several. */
  readonly step?: string;
  readonly name: string;
  readonly result: "passed" | "failed" | "skipped";
  readonly found: string;
}

export interface Finding {
  readonly severity: "warning" | "error";
  /** Name of the resource; absent for the run as a whole. */
  readonly step?: string;
  readonly text: string;
}

export function passed(row: AccessMeasured): boolean {
  return row.measured === row.expected;
}

/** Each key that the report is about. */
export function keysOf({ key, furtherKeys = [] }: Report): readonly KeyLife[] {
  return key === undefined ? [] : [key, ...furtherKeys];
}

/** Whether the run measured the row, and not an earlier one. */
export function isOfRun(row: AccessMeasured, access: AccessMatrix): boolean {
  return access.outdated !== true && row.outdated !== true;
}

/** How a row reads: `anonymous: pull`, `ci: list tags (private/app)`. */
export function titleOf({ subject, operation, target }: AccessMeasured): string {
  return `${subject}: ${operation}${target === undefined ? "" : ` (${target})`}`;
}
