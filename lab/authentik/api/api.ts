// Stands in for Authentik: its API under `/api/v3`.
import { Hono } from "hono";
import { Access } from "./access.ts";
import type { BlueprintFolder } from "../blueprints/files.ts";
import { blueprintRoutes } from "./routes/blueprints.ts";
import { coreRoutes } from "./routes/core.ts";
import type { Database } from "../models/database.ts";
import { tellMethods } from "./methods.ts";
import type { Resource } from "./routes/models.ts";
import { modelRoutes } from "./routes/models.ts";
import { bindingView, flowView, policyView, stageBindingView, stageView } from "./flowViews.ts";
import type { Origins } from "../sessions/origins.ts";
import { permissionRoutes } from "./routes/permissions.ts";
import { rbacRoutes } from "./routes/rbac.ts";
import type { Sessions } from "../sessions/sessions.ts";
import { certificateView, providerView, scopeMappingView } from "./views.ts";
import type { Worker } from "../blueprints/worker.ts";

export interface ApiOptions {
  readonly database: Database;
  readonly sessions: Sessions;
  readonly origins: Origins;
  readonly folder: BlueprintFolder;
  readonly worker: Worker;
  /** Environment of the server. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export function api({ database, sessions, origins, folder, worker, environment }: ApiOptions): Hono {
  const access = new Access(database, sessions, origins);
  const app = new Hono();
  app.use(tellMethods(app));
  app.get("/admin/version/", (c) => {
    access.caller(c);
    return c.json({
      version_current: database.version,
      version_latest: "0.0.0",
      version_latest_valid: false,
      build_hash: "",
      outdated: false,
      outpost_outdated: false,
    });
  });
  app.get("/root/config/", (c) =>
    c.json({
      error_reporting: {
        enabled: false,
        sentry_dsn: "",
        environment: "customer",
        send_pii: false,
        traces_sample_rate: 0.1,
      },
      capabilities: ["can_impersonate", "is_enterprise"],
      cache_timeout: 300,
      cache_timeout_flows: 300,
      cache_timeout_policies: 300,
    }),
  );
  app.route("/", blueprintRoutes({ database, access, folder, worker, environment }));
  app.route("/", coreRoutes(database, access));
  app.route("/", rbacRoutes(database, access));
  app.route("/", permissionRoutes(database, access));
  for (const resource of otherResources(database)) app.route("/", modelRoutes({ database, access, resource }));
  return app;
}

function otherResources(database: Database): readonly Resource[] {
  const stages = (path: string, model: string): Resource => {
    return { path, model, filters: ["name"], view: (row) => stageView(database, model, row) };
  };
  const policies = (path: string, model: string): Resource => {
    return { path, model, filters: ["name"], view: (row) => policyView(database, model, row) };
  };
  return [
    {
      path: "/providers/oauth2",
      model: "authentik_providers_oauth2.oauth2provider",
      filters: ["name", "client_id", "client_type", "authorization_flow", "sub_mode"],
      view: (row) => providerView(database, row),
    },
    {
      path: "/propertymappings/provider/scope",
      model: "authentik_providers_oauth2.scopemapping",
      filters: ["managed", "name", "scope_name"],
      choices: ["managed"],
      view: scopeMappingView,
    },
    {
      path: "/crypto/certificatekeypairs",
      model: "authentik_crypto.certificatekeypair",
      filters: ["managed", "name"],
      changes: [],
      view: certificateView,
    },
    {
      path: "/policies/bindings",
      model: "authentik_policies.policybinding",
      filters: ["target", "policy", "order", "enabled", "timeout"],
      view: (row) => bindingView(database, row),
    },
    {
      path: "/flows/instances",
      model: "authentik_flows.flow",
      lookup: "slug",
      filters: ["slug", "name", "designation"],
      view: (row) => flowView(database, row),
    },
    {
      path: "/flows/bindings",
      model: "authentik_flows.flowstagebinding",
      filters: ["target", "stage", "order"],
      view: (row) => stageBindingView(database, row),
    },
    {
      path: "/policies/reputation/scores",
      model: "authentik_policies_reputation.reputation",
      filters: ["identifier", "ip", "score"],
      changes: ["delete"],
      view: (row) => ({ ...row }),
    },
    policies("/policies/reputation", "authentik_policies_reputation.reputationpolicy"),
    policies("/policies/expression", "authentik_policies_expression.expressionpolicy"),
    stages("/stages/identification", "authentik_stages_identification.identificationstage"),
    stages("/stages/password", "authentik_stages_password.passwordstage"),
    stages("/stages/user_login", "authentik_stages_user_login.userloginstage"),
    stages("/stages/authenticator/validate", "authentik_stages_authenticator_validate.authenticatorvalidatestage"),
    stages("/stages/authenticator/totp", "authentik_stages_authenticator_totp.authenticatortotpstage"),
    stages("/stages/authenticator/static", "authentik_stages_authenticator_static.authenticatorstaticstage"),
    stages("/stages/consent", "authentik_stages_consent.consentstage"),
  ];
}
