// The recorded exchanges with a zot that takes bearer tokens beside all else, and with v2.1.20.
import { readFileSync } from "node:fs";

export interface Exchange {
  readonly label: string;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string;
  };
  readonly response: {
    readonly status: number;
    readonly headers: readonly (readonly [string, string])[];
    readonly body: string;
  };
}

/** What a client did, and the requests that zot logged: `GET /v2/ [none] -> 200`. */
export interface ClientRun {
  readonly label: string;
  readonly command: readonly string[];
  readonly exit: number;
  readonly error: string;
  readonly requests_seen_by_zot: readonly string[];
}

export interface VerifyRun {
  readonly case: string;
  readonly exit: number;
  readonly messages: readonly (readonly [string, string | null])[];
  readonly stderr: readonly string[];
}

/** How zot starts with a configuration, and what it answers then. */
export interface ServeRun {
  readonly case: string;
  readonly starts: boolean;
  readonly exit: number | null;
  readonly "token ping"?: number;
  readonly "token push"?: number;
  readonly "anonymous pull-ping"?: number;
  readonly "anonymous ping"?: number;
  readonly login?: number;
  readonly log: readonly string[];
}

export interface RecordedConfig {
  readonly http: {
    readonly auth: { readonly bearer: object };
    readonly accessControl: { readonly repositories: Readonly<Record<string, object>>; readonly metrics: object };
  };
}

export type Claims = Readonly<Record<string, unknown>>;

export interface Recording {
  readonly configs: { readonly plain: RecordedConfig; readonly realm: RecordedConfig };
  readonly forgejo: {
    /** Some with the token's header, some without, and the audience of a token that names none. */
    readonly claims: Readonly<Record<string, Claims | readonly [Claims, Claims] | string>>;
    readonly discovery: object;
  };
  readonly exchanges: Readonly<Record<string, readonly Exchange[]>>;
  readonly clients: { readonly plain: readonly ClientRun[]; readonly realm: readonly ClientRun[] };
  readonly verify: readonly VerifyRun[];
  readonly serve: readonly ServeRun[];
}

export const recording = JSON.parse(
  readFileSync(new URL("../../../../data/keyless/transcripts.json", import.meta.url), "utf8"),
) as Recording;

/** The exchanges of a part of the recording. */
export function exchangesOf(part: string): readonly Exchange[] {
  const exchanges = recording.exchanges[part];
  if (exchanges === undefined) throw new Error(`The recording has no part "${part}".`);
  return exchanges;
}

/** The claims of a token of the real Forgejo, of a job of this event. */
export function claimsOf(event: string): Claims {
  const recorded = recording.forgejo.claims[event];
  if (recorded === undefined || typeof recorded === "string") throw new Error(`No claims are recorded for "${event}".`);
  return isPair(recorded) ? recorded[1] : recorded;
}

function isPair(recorded: Claims | readonly [Claims, Claims]): recorded is readonly [Claims, Claims] {
  return Array.isArray(recorded);
}
