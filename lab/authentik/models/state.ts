// Stands in for Authentik: everything that it remembers between two starts, as one document.
import { randomBytes } from "node:crypto";
import type { Json } from "../../shared/json.ts";

/** The key of an object: a number for users and providers, a uuid for the rest. */
export type Key = string | number;

/** One object of Authentik's database. */
export interface Row {
  pk: Key;
  [field: string]: Json;
}

/** A flow on its way, kept in the browser's session. */
export interface Plan {
  /** Slug of the flow. */
  readonly flow: string;
  /** What is still to be done, the current stage first. */
  stages: PlannedStage[];
  /** Key of the account that the flow is about; `null` for an unknown name, `undefined` before a name was given. */
  pendingUser?: Key | null;
  /** The name as it was typed. */
  pendingName?: string;
  failedAttempts: number;
  /** How the account has proved itself so far, in Authentik's words: `password` or `token`. */
  authMethod?: string;
  /** The query of the authorization that this flow is for. */
  readonly authorization?: string;
  /** What a stage put aside for its own next step, such as the secret of a device being enrolled. */
  memo?: string;
}

export interface PlannedStage {
  readonly stage: Key;
  /** The binding whose policies are asked again when the stage's turn comes. */
  readonly reevaluate?: Key;
}

/** A browser's session. */
export interface Session {
  user: Key | null;
  plan: Plan | null;
  csrf: string;
  /** Milliseconds since 1970; `null` while the session lasts as long as the browser. */
  expires: number | null;
  /** Seconds since 1970 of the sign-in. */
  authTime: number | null;
}

export interface AuthentikState {
  readonly secretKey: string;
  /** The objects by model, `authentik_core.user`. */
  rows: Record<string, Row[]>;
  nextNumber: Record<string, number>;
  sessions: Record<string, Session>;
  /** What the OpenID provider library stores: codes, tokens, grants. */
  openid: Record<string, Json>;
}

export const emptyState = (): AuthentikState => ({
  secretKey: randomBytes(32).toString("hex"),
  rows: {},
  nextNumber: {},
  sessions: {},
  openid: {},
});
