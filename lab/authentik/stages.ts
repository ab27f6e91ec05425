// Stands in for Authentik: what the stages of a flow ask for, and what they do with the answers.
import { setupStages, validateStage } from "./authenticatorStages.ts";
import { authenticate } from "./backends.ts";
import type { Database } from "./database.ts";
import { durationSeconds } from "./durations.ts";
import type { Json } from "./json.ts";
import { list, text } from "./json.ts";
import type { StageKind, Turn, Verdict } from "./stage.ts";
import { aboutUser, complain, pendingUser } from "./stage.ts";
import type { Row } from "./state.ts";

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
    const { database, stage, plan } = turn;
    const name = text(answer["uid_field"]);
    if (name === "") return complain("uid_field", "This field is required.");
    const user = findAccount(database, stage, name);
    const passwordStage = database.get("authentik_stages_password.passwordstage", stage["password_stage"]);
    if (passwordStage !== undefined) {
      const password = text(answer["password"]);
      if (user === undefined || !authenticate(database, list(passwordStage["backends"]), user, password))
        return complain("non_field_errors", "Failed to authenticate.");
    } else if (user === undefined && stage["pretend_user_exists"] !== true) {
      return complain("non_field_errors", "Failed to authenticate.");
    }
    plan.pendingUser = user?.pk ?? null;
    plan.pendingName = text(user?.["username"]) || name;
    return "passed";
  },
};

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
    const { database, stage, plan } = turn;
    const user = pendingUser(turn);
    const given = text(answer["password"]);
    if (user !== undefined && authenticate(database, list(stage["backends"]), user, given)) return "passed";
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
  const { sessions, visit, stage } = turn;
  const user = pendingUser(turn);
  if (user?.["is_active"] !== true) return "denied";
  const longer = remember ? durationSeconds(text(stage["remember_me_offset"])) : 0;
  sessions.signIn(visit, user, durationSeconds(text(stage["session_duration"])) + longer);
  return "passed";
}

/** The stages that the lab can run, by model. */
const kinds: Readonly<Record<string, StageKind>> = {
  "authentik_stages_identification.identificationstage": identification,
  "authentik_stages_password.passwordstage": password,
  "authentik_stages_user_login.userloginstage": userLogin,
  "authentik_stages_authenticator_validate.authenticatorvalidatestage": validateStage,
  ...setupStages,
};

/** The stage behind a key and how it works; `undefined` for a stage that the lab only stores. */
export function stageKind(database: Database, pk: Json): { readonly row: Row; readonly kind: StageKind } | undefined {
  const found = database.resolve({ any: "stage" }, pk);
  const kind = kinds[found?.model ?? ""];
  return found === undefined || kind === undefined ? undefined : { row: found.row, kind };
}
