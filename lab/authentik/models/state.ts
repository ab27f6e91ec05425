// Stands in for Authentik: its persistent state, as one document.
import { randomBytes } from "node:crypto";
import type { Json } from "../../shared/json.ts";

/** The key of an object: a number for users and providers, a UUID for others. */
export type Key = string | number;

/** One object of Authentik's database. */
export interface Row {
  pk: Key;
  [field: string]: Json;
}

/** A running flow, kept in the browser's session. */
export interface Plan {
  /** Slug of the flow. */
  readonly flow: string;
  /** Remaining stages, the current one first. */
  stages: PlannedStage[];
  /** Key of the account that is signing in; `null` for an unknown name, `undefined` before a name was entered. */
  pendingUser?: Key | null;
  /** The name as entered. */
  pendingName?: string;
  failedAttempts: number;
  /** Authentik's name for the authentication method: `password` or `token`. */
  authMethod?: string;
  /** Query string of the flow's authorization request. */
  readonly authorization?: string;
  /** Data that a stage keeps for its next step, such as the secret of a device being enrolled. */
  memo?: string;
}

export interface PlannedStage {
  readonly stage: Key;
  /** The binding whose policies are evaluated again when the flow reaches the stage. */
  readonly reevaluate?: Key;
}

/** A browser's session. */
export interface Session {
  user: Key | null;
  plan: Plan | null;
  csrf: string;
  /** Milliseconds since 1970; `null` if the session ends when the browser closes. */
  expires: number | null;
  /** Time of the sign-in, in seconds since 1970. */
  authTime: number | null;
}

export interface AuthentikState {
  readonly secretKey: string;
  /** Objects by model, such as `authentik_core.user`. */
  rows: Record<string, Row[]>;
  nextNumber: Record<string, number>;
  sessions: Record<string, Session>;
  /** The OpenID provider library's data: codes, tokens, grants. */
  openid: Record<string, Json>;
}

export const emptyState = (): AuthentikState => ({
  secretKey: randomBytes(32).toString("hex"),
  rows: {},
  nextNumber: {},
  sessions: {},
  openid: {},
});
