// Stands in for Authentik: what every kind of stage is given, and what it can answer.
import type { Database } from "../models/database.ts";
import type { JsonObject } from "../../shared/json.ts";
import type { Origin } from "../sessions/origins.ts";
import type { Sessions, Visit } from "../sessions/sessions.ts";
import type { Plan, Row } from "../models/state.ts";
import type { FieldErrors } from "../models/validation.ts";
import { avatar } from "../api/views.ts";

/** What a stage works with. */
export interface Turn {
  readonly database: Database;
  readonly sessions: Sessions;
  readonly visit: Visit;
  readonly plan: Plan;
  readonly stage: Row;
  /** By which address the request came in, and from whom. */
  readonly origin: Origin;
}

/** `passed` continues with the next stage, `denied` ends the flow. */
export type Verdict = "passed" | "denied";

export interface StageKind {
  /** What the stage asks, or its verdict when it has nothing to ask. */
  challenge(turn: Turn): JsonObject | Verdict;
  /** Takes an answer. Complaints let the stage ask again. */
  respond(turn: Turn, answer: Readonly<JsonObject>): FieldErrors | Verdict;
}

/** The account that the flow is about, if anybody has that name. */
export const pendingUser = ({ database, plan }: Turn): Row | undefined =>
  database.get("authentik_core.user", plan.pendingUser ?? null);

/** One complaint about one field. */
export const complain = (field: string, string: string): FieldErrors => ({ [field]: [{ string, code: "invalid" }] });

/** What the challenges about a known account have in common. */
export const aboutUser = ({ plan }: Turn): JsonObject => ({
  pending_user: plan.pendingName ?? "",
  pending_user_avatar: avatar,
});
