// Stands in for Authentik: its consent stage, for providers with explicit consent.
import { isOver, timestamp } from "../models/database.ts";
import { durationSeconds } from "../models/durations.ts";
import type { JsonObject } from "../../shared/json.ts";
import { text } from "../../shared/json.ts";
import { newUuid } from "../models/models.ts";
import { mappingsOf } from "../oauth2/scopeMappings.ts";
import type { StageKind, Turn } from "./stage.ts";
import { aboutUser } from "./stage.ts";
import type { Row } from "../models/state.ts";

const model = "authentik_core.userconsent";

export const consentStage: StageKind = {
  challenge: (turn) => {
    const { application, permissions } = asked(turn);
    if (turn.stage["mode"] !== "always_require" && wasGiven(turn)) return "passed";
    turn.plan.memo = newUuid();
    return {
      component: "ak-stage-consent",
      ...aboutUser(turn),
      header_text: `You're about to sign into ${text(application?.["name"])}.`,
      permissions,
      additional_permissions: [],
      token: turn.plan.memo,
    };
  },
  respond: (turn, answer) => {
    // The token must come from the current challenge.
    if (answer["token"] !== turn.plan.memo) return {};
    const { mode, consent_expire_in } = turn.stage;
    if (mode === "always_require") return "passed";
    const expires = mode === "expiring" ? Date.now() + durationSeconds(text(consent_expire_in)) * 1000 : undefined;
    turn.database.create(model, {
      ...key(turn),
      expiring: expires !== undefined,
      expires: expires === undefined ? null : timestamp(expires),
    });
    return "passed";
  },
};

/** What the flow's authorization request asks for. */
function asked({ database, plan }: Turn): {
  readonly application: Row | undefined;
  readonly permissions: JsonObject[];
} {
  const query = new URLSearchParams(plan.authorization);
  const client_id = query.get("client_id") ?? "";
  const provider = database.find("authentik_providers_oauth2.oauth2provider", { client_id });
  const application = database.find("authentik_core.application", { provider: provider?.pk ?? -1 });
  const scopes = (query.get("scope") ?? "").split(" ");
  const mappings = provider === undefined ? [] : mappingsOf(database, provider);
  const permissions = mappings
    .filter((mapping) => scopes.includes(text(mapping["scope_name"])) && text(mapping["description"]) !== "")
    .map((mapping) => ({ id: text(mapping["scope_name"]), name: text(mapping["description"]) }));
  return { application, permissions };
}

const key = (turn: Turn): JsonObject => {
  const { application, permissions } = asked(turn);
  const names = permissions.map(({ id }) => text(id)).join(" ");
  return { user: turn.plan.pendingUser ?? null, application: application?.pk ?? null, permissions: names };
};

const wasGiven = (turn: Turn): boolean => {
  const given = turn.database.find(model, key(turn));
  return given !== undefined && !isOver(given);
};
