// Stands in for Authentik: the stages of a flow.
import { setupStages, validateStage } from "./authenticatorStages.ts";
import { authenticate } from "./passwordBackends.ts";
import { consentStage } from "./consentStage.ts";
import type { Database } from "../models/database.ts";
import { durationSeconds } from "../models/durations.ts";
import type { Json } from "../../shared/json.ts";
import { list, text } from "../../shared/json.ts";
import { rate } from "../policies/reputation.ts";
import type { StageKind, Turn, Verdict } from "./stage.ts";
import { aboutUser, complain, pendingUser } from "./stage.ts";
import type { Row } from "../models/state.ts";

const identification: StageKind = {
  challenge: ({ stage }) => ({
    component: "ak-stage-identification",
    user_fields: stage["user_fields"] ?? [],
    pending_user_identifier: null,
    password_fields: stage["password_stage"] !== null,
    allow_show_password: false,
    flow_designation: "authentication",
    captcha_stage: null,
    primary_action: "Log in",
    sources: [],
    show_source_labels: false,
    enable_remember_me: false,
    passkey_challenge: null,
  }),
  respond: (turn, answer) => {
    const { database, stage, plan, origin } = turn;
    const name = text(answer["uid_field"]);
    if (name === "") return complain("non_field_errors", "No identification data provided.");
    const user = findAccount(database, stage, name);
    const passwordStage = database.get("authentik_stages_password.passwordstage", stage["password_stage"]);
    plan.pendingUser = user?.pk ?? null;
    plan.pendingName = text(user?.["username"]) || name;
    if (user === undefined) {
      rate(database, name, origin.ip, -1);
      const pretends = stage["pretend_user_exists"] === true && passwordStage === undefined;
      return pretends ? "passed" : complain("non_field_errors", "Failed to authenticate.");
    }
    if (passwordStage === undefined || prove(turn, passwordStage, user, text(answer["password"]))) return "passed";
    return complain("non_field_errors", "Failed to authenticate.");
  },
};

/** Checks the password with the stage's backends. A wrong one lowers the reputation. */
function prove({ database, plan, origin }: Turn, stage: Row, user: Row, given: string): boolean {
  const method = authenticate(database, list(stage["backends"]), user, given);
  if (method === undefined) rate(database, text(user["username"]), origin.ip, -1);
  else plan.authMethod = method;
  return method !== undefined;
}

function findAccount(database: Database, stage: Row, name: string): Row | undefined {
  const fold = (value: string) => (stage["case_insensitive_matching"] === true ? value.toLowerCase() : value);
  return database
    .all("authentik_core.user")
    .find((user) => list(stage["user_fields"]).some((field) => fold(text(user[text(field)])) === fold(name)));
}

const password: StageKind = {
  challenge: (turn) => ({
    component: "ak-stage-password",
    ...aboutUser(turn),
    allow_show_password: turn.stage["allow_show_password"] === true,
  }),
  respond: (turn, answer) => {
    const { database, stage, plan, origin } = turn;
    const user = pendingUser(turn);
    if (user === undefined) rate(database, plan.pendingName ?? "", origin.ip, -1);
    else if (prove(turn, stage, user, text(answer["password"]))) return "passed";
    plan.failedAttempts += 1;
    if (plan.failedAttempts >= Number(stage["failed_attempts_before_cancel"])) return "denied";
    return complain("password", "Invalid password");
  },
};

const userLogin: StageKind = {
  challenge: (turn) =>
    durationSeconds(text(turn.stage["remember_me_offset"])) > 0
      ? { component: "ak-stage-user-login", ...aboutUser(turn) }
      : signIn(turn, false),
  respond: (turn, answer) => signIn(turn, answer["remember_me"] === true),
};

function signIn(turn: Turn, remember: boolean): Verdict {
  const { database, sessions, visit, stage, origin } = turn;
  const user = pendingUser(turn);
  if (user?.["is_active"] !== true) return "denied";
  const longer = remember ? durationSeconds(text(stage["remember_me_offset"])) : 0;
  sessions.signIn(visit, user, durationSeconds(text(stage["session_duration"])) + longer);
  rate(database, text(user["username"]), origin.ip, 1);
  return "passed";
}

/** The stages that the lab implements, by model. */
const kinds: Readonly<Record<string, StageKind>> = {
  "authentik_stages_identification.identificationstage": identification,
  "authentik_stages_password.passwordstage": password,
  "authentik_stages_user_login.userloginstage": userLogin,
  "authentik_stages_authenticator_validate.authenticatorvalidatestage": validateStage,
  "authentik_stages_consent.consentstage": consentStage,
  ...setupStages,
};

/** A stage and its implementation; `undefined` for a stage that the lab only stores. */
export function stageKind(database: Database, pk: Json): { readonly row: Row; readonly kind: StageKind } | undefined {
  const found = database.resolve({ any: "stage" }, pk);
  const kind = kinds[found?.model ?? ""];
  return found === undefined || kind === undefined ? undefined : { row: found.row, kind };
}
