// Stands in for Authentik: the interface of a stage.
import type { Database } from "../models/database.ts";
import type { JsonObject } from "../../shared/json.ts";
import type { Origin } from "../sessions/origins.ts";
import type { Sessions, Visit } from "../sessions/sessions.ts";
import type { Plan, Row } from "../models/state.ts";
import type { FieldErrors } from "../models/validation.ts";
import { avatar } from "../api/views.ts";

/** Context of a stage. */
export interface Turn {
  readonly database: Database;
  readonly sessions: Sessions;
  readonly visit: Visit;
  readonly plan: Plan;
  readonly stage: Row;
  /** The request's base URL and client. */
  readonly origin: Origin;
}

/** `passed` continues with the next stage, `denied` ends the flow. */
export type Verdict = "passed" | "denied";

export interface StageKind {
  /** The stage's challenge, or its verdict if it needs no input. */
  challenge(turn: Turn): JsonObject | Verdict;
  /** Handles a response. Errors repeat the challenge. */
  respond(turn: Turn, answer: Readonly<JsonObject>): FieldErrors | Verdict;
}

/** The account that is signing in; `undefined` if the name is unknown. */
export const pendingUser = ({ database, plan }: Turn): Row | undefined =>
  database.get("authentik_core.user", plan.pendingUser ?? null);

/** An error for one field. */
export const complain = (field: string, string: string): FieldErrors => ({ [field]: [{ string, code: "invalid" }] });

/** Fields that all challenges for a known account have. */
export const aboutUser = ({ plan }: Turn): JsonObject => ({
  pending_user: plan.pendingName ?? "",
  pending_user_avatar: avatar,
});
