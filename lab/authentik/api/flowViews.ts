// Stands in for Authentik: flows, their stages and their policies as the API returns them.
import type { Database } from "../models/database.ts";
import type { JsonObject } from "../../shared/json.ts";
import { list, text } from "../../shared/json.ts";
import { models } from "../models/models.ts";
import { bindingsOf } from "../policies/policies.ts";
import type { Row } from "../models/state.ts";
import { partialGroupView, partialUserView, pick } from "./views.ts";

const background = "/static/dist/assets/images/flow_background.jpg";

export function flowView(database: Database, flow: Row): JsonObject {
  return {
    ...pick(flow, ["pk", "policybindingmodel_ptr_id", "name", "slug", "title", "designation", "background"]),
    background_url: background,
    background_themed_urls: null,
    stages: stageBindings(database, "target", flow).map((binding) => binding["stage"] ?? null),
    policies: bindingsOf(database, flow).map((binding) => binding.pk),
    cache_count: 0,
    ...pick(flow, ["policy_engine_mode", "compatibility_mode"]),
    export_url: exportUrl(flow),
    ...pick(flow, ["layout", "denied_action", "authentication"]),
  };
}

/** A flow as it appears inside a stage. */
const flowSetView = (flow: Row): JsonObject => ({
  ...pick(flow, ["pk", "policybindingmodel_ptr_id", "name", "slug", "title", "designation"]),
  background_url: background,
  ...pick(flow, ["policy_engine_mode", "compatibility_mode"]),
  export_url: exportUrl(flow),
  ...pick(flow, ["layout", "denied_action"]),
});

const exportUrl = (flow: Row): string => `/api/v3/flows/instances/${text(flow["slug"])}/export/`;

const stageBindings = (database: Database, side: "target" | "stage", of: Row): readonly Row[] =>
  database.all("authentik_flows.flowstagebinding").filter((binding) => binding[side] === of.pk);

export function stageView(database: Database, model: string, stage: Row): JsonObject {
  const { pk, name = "", ...fields } = stage;
  const flows = stageBindings(database, "stage", stage).map((binding) =>
    database.get("authentik_flows.flow", binding["target"]),
  );
  const setups = list(fields["configuration_stages"]).map((key) => database.resolve({ any: "stage" }, key)?.row);
  return {
    pk,
    name,
    ...kindView(model),
    flow_set: flows.flatMap((flow) => (flow === undefined ? [] : [flowSetView(flow)])),
    ...fields,
    ...(fields["configuration_stages"] === undefined ? {} : { configuration_stages: sortedByName(setups) }),
    ...(fields["webauthn_allowed_device_types"] === undefined ? {} : { webauthn_allowed_device_types_obj: [] }),
  };
}

const sortedByName = (rows: readonly (Row | undefined)[]) =>
  rows
    .filter((row) => row !== undefined)
    .sort((left, right) => (text(left["name"]) < text(right["name"]) ? -1 : 1))
    .map((row) => row.pk);

/** Fields that describe the type of an object. */
function kindView(model: string): JsonObject {
  const { component, one, many } = models[model]?.shown ?? { component: "", one: model, many: model };
  return { component, verbose_name: one, verbose_name_plural: many, meta_model_name: model };
}

export function stageBindingView(database: Database, binding: Row): JsonObject {
  const stage = database.resolve({ any: "stage" }, binding["stage"] ?? null);
  return {
    ...pick(binding, ["pk", "policybindingmodel_ptr_id", "target", "stage"]),
    stage_obj: stage === undefined ? null : stageBriefView(database, stage.model, stage.row),
    ...pick(binding, ["evaluate_on_plan", "re_evaluate_policies", "order", "policy_engine_mode"]),
    ...pick(binding, ["invalid_response_action"]),
  };
}

/** Fields that all stages have in common. */
const stageBriefView = (database: Database, model: string, stage: Row): JsonObject => {
  const shared = ["pk", "name", "component", "verbose_name", "verbose_name_plural", "meta_model_name", "flow_set"];
  return Object.fromEntries(
    Object.entries(stageView(database, model, stage)).filter(([field]) => shared.includes(field)),
  );
};

export function policyView(database: Database, model: string, policy: Row): JsonObject {
  const { pk, name = "", execution_logging = false, ...fields } = policy;
  const bound_to = database
    .all("authentik_policies.policybinding")
    .filter((binding) => binding["policy"] === pk).length;
  return { pk, name, execution_logging, ...kindView(model), bound_to, ...fields };
}

export function bindingView(database: Database, binding: Row): JsonObject {
  const policy = database.resolve({ any: "policy" }, binding["policy"] ?? null);
  const group = database.get("authentik_core.group", binding["group"]);
  const user = database.get("authentik_core.user", binding["user"]);
  return {
    ...pick(binding, ["pk", "policy", "group", "user"]),
    policy_obj: policy === undefined ? null : policyView(database, policy.model, policy.row),
    group_obj: group === undefined ? null : partialGroupView(group),
    user_obj: user === undefined ? null : partialUserView(database, user),
    ...pick(binding, ["target", "negate", "enabled", "order", "timeout", "failure_result", "expires", "expiring"]),
  };
}
