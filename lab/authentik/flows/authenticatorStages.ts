// Stands in for Authentik: validation and enrolment of the second factor.
import { newTotpSecret, totpStep } from "../models/credentials.ts";
import type { Json, JsonObject } from "../../shared/json.ts";
import { list, text } from "../../shared/json.ts";
import { randomKey } from "../models/fields.ts";
import { models } from "../models/models.ts";
import type { StageKind, Turn } from "./stage.ts";
import { aboutUser, complain, pendingUser } from "./stage.ts";
import type { Row } from "../models/state.ts";

const totpModel = "authentik_stages_authenticator_totp.totpdevice";
const staticModel = "authentik_stages_authenticator_static.staticdevice";

/** Prompts for a code. The stage decides whether accounts without a device pass, are denied or must enrol one. */
export const validateStage: StageKind = {
  challenge: (turn) => {
    const { stage } = turn;
    const devices = devicesOf(turn);
    if (devices.length > 0) return ask(turn, devices.map(deviceChallenge), []);
    switch (text(stage["not_configured_action"])) {
      case "skip":
        return "passed";
      case "configure":
        return offerEnrolment(turn);
      default:
        return "denied";
    }
  },
  respond: (turn, answer) => {
    const selected = answer["selected_stage"];
    if (selected !== undefined && devicesOf(turn).length === 0) {
      if (!list(turn.stage["configuration_stages"]).includes(selected))
        return complain("selected_stage", "Selected stage is invalid");
      enrolNext(turn, selected);
      return "passed";
    }
    return takeCode(turn, text(answer["code"])) ? "passed" : complain("code", wrongCode);
  },
};

/** Enrolments, by model of the stage. */
export const setupStages: Readonly<Record<string, StageKind>> = {
  "authentik_stages_authenticator_totp.authenticatortotpstage": {
    challenge: (turn) => {
      const secret = (turn.plan.memo ??= newTotpSecret());
      const label = encodeURIComponent(`authentik:${turn.plan.pendingName ?? ""}`);
      const config_url = `otpauth://totp/${label}?secret=${secret}&algorithm=SHA1&digits=6&period=30&issuer=${encodeURIComponent(new URL(turn.origin.base).host)}`;
      return { component: "ak-stage-authenticator-totp", ...aboutUser(turn), config_url };
    },
    respond: ({ database, plan }, answer) => {
      const last_t = plan.memo === undefined ? undefined : totpStep(plan.memo, text(answer["code"]));
      if (plan.memo === undefined || last_t === undefined) return complain("code", "Code does not match");
      database.create(totpModel, { user: plan.pendingUser ?? null, key: plan.memo, name: "TOTP Device", last_t });
      return "passed";
    },
  },
  "authentik_stages_authenticator_static.authenticatorstaticstage": {
    challenge: (turn) => {
      const { stage } = turn;
      turn.plan.memo ??= Array.from({ length: Number(stage["token_count"]) }, () =>
        randomKey(Number(stage["token_length"])),
      ).join(" ");
      return { component: "ak-stage-authenticator-static", ...aboutUser(turn), codes: turn.plan.memo.split(" ") };
    },
    respond: ({ database, plan }) => {
      database.create(staticModel, { user: plan.pendingUser ?? null, codes: plan.memo?.split(" ") ?? [] });
      return "passed";
    },
  },
};

const wrongCode = "Invalid Token. Please ensure the time on your device is accurate and try again.";

function offerEnrolment(turn: Turn): JsonObject | "passed" | "denied" {
  const offered = list(turn.stage["configuration_stages"]);
  const [only] = offered;
  if (only === undefined) return "denied";
  if (offered.length > 1)
    return ask(
      turn,
      [],
      offered.map((pk) => offeredStage(turn, pk)),
    );
  enrolNext(turn, only);
  return "passed";
}

function enrolNext({ plan }: Turn, stage: Json): void {
  plan.stages.splice(1, 0, { stage: text(stage) });
}

const ask = (turn: Turn, challenges: Json[], stages: Json[]): JsonObject => ({
  component: "ak-stage-authenticator-validate",
  ...aboutUser(turn),
  device_challenges: challenges,
  configuration_stages: stages,
});

function offeredStage({ database }: Turn, pk: Json): JsonObject {
  const found = database.resolve({ any: "stage" }, pk);
  return {
    pk,
    name: text(found?.row["friendly_name"]) || (found?.row["name"] ?? ""),
    verbose_name: (models[found?.model ?? ""]?.shown?.one ?? "").replace("Setup Stage", "").trim(),
    meta_model_name: found?.model ?? "",
  };
}

interface Device {
  readonly deviceClass: "totp" | "static";
  readonly row: Row;
}

function devicesOf(turn: Turn): readonly Device[] {
  const user = pendingUser(turn);
  const find = (model: string, deviceClass: Device["deviceClass"]) =>
    list(turn.stage["device_classes"]).includes(deviceClass) && user !== undefined
      ? turn.database.all(model).flatMap((row) => (row["user"] === user.pk ? [{ deviceClass, row }] : []))
      : [];
  return [...find(staticModel, "static"), ...find(totpModel, "totp")];
}

const deviceChallenge = ({ deviceClass, row }: Device): JsonObject => ({
  device_class: deviceClass,
  device_uid: row.pk,
  challenge: {},
  last_used: null,
});

/** Accepts a code from the app or a one-time code. Each works only once. */
function takeCode(turn: Turn, code: string): boolean {
  return devicesOf(turn).some(({ deviceClass, row }) => {
    if (deviceClass === "totp") {
      const step = totpStep(text(row["key"]), code, Number(row["last_t"] ?? 0));
      if (step !== undefined) row["last_t"] = step;
      return step !== undefined;
    }
    const codes = list(row["codes"]);
    if (!codes.includes(code)) return false;
    row["codes"] = codes.filter((other) => other !== code);
    return true;
  });
}
