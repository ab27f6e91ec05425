// Stands in for Forgejo 14.0.2 with its Actions runner, or for a later release, whose jobs get tokens.
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { join } from "node:path";
import { listen } from "../shared/listen.ts";
import type { RunningServer } from "../shared/listen.ts";
import { Store } from "../shared/store.ts";
import { addActionsRoutes } from "./api/actions.ts";
import { json, Moved, moved, Refusal, refusal, text } from "./api/format/responses.ts";
import { addContentsRoutes } from "./api/contents.ts";
import { addEntryRoutes } from "./api/secretsAndVariables.ts";
import type { RunnerOptions } from "./runner/jobContext.ts";
import { JobTokenIssuer } from "./jobToken/issuer.ts";
import { addJobTokenRoutes } from "./jobToken/routes.ts";
import { addOwnerRoutes } from "./api/owners.ts";
import { addRunnerRoutes } from "./api/runners.ts";
import { addRepositoryRoutes } from "./api/repositories.ts";
import { routesOf } from "./api/routes.ts";
import { failLostJobs, startRunner } from "./runner/runner.ts";
import { initialState } from "./seed.ts";
import type { ForgejoSeed } from "./seed.ts";
import type { Instance, State } from "./state.ts";
import { forgejoVersion } from "./version.ts";
import { trigger } from "./runner/trigger.ts";
import type { Trigger } from "./runner/trigger.ts";

export type { RunnerOptions } from "./runner/jobContext.ts";
export type { Trigger } from "./runner/trigger.ts";
export type { ForgejoSeed, OrganisationSeed, RepositorySeed, TeamSeed, TokenSeed, UserSeed } from "./seed.ts";

export interface ForgejoOptions {
  /** 0 selects a free port. */
  readonly port: number;
  /** Setting of the port, for the error message if the port is in use. */
  readonly setting?: string;
  /** Folder for the state and the jobs' logs. */
  readonly data: string;
  /** Used only if the folder is empty. */
  readonly seed?: ForgejoSeed;
  /** Options of the runner. Default: a runner with default options. null: no runner, so that runs wait forever. */
  readonly runner?: RunnerOptions | null;
  /** The release to emulate. Default 14.0.2; from 15.0.0 on, jobs get tokens. */
  readonly version?: string;
  /** Lifetime of a job's ID token in seconds, Forgejo's `ID_TOKEN_EXPIRATION_TIME`. Default 3600. */
  readonly idTokenLifetime?: number;
}

export interface ForgejoServer extends RunningServer {
  /** Starts a workflow as git would, which the lab does not have: by a push or a pull request. Returns the id of the run. */
  trigger(by: Trigger): number;
}

export async function startForgejo(options: ForgejoOptions): Promise<ForgejoServer> {
  const version = forgejoVersion(options.version);
  const instance: Instance = {
    store: Store.open<State>(join(options.data, "forgejo.json"), () => initialState(options.seed ?? {}, version)),
    logs: join(options.data, "logs"),
    url: "",
    version,
    jobTokens: version.jobTokens ? new JobTokenIssuer(options.data, options.idTokenLifetime ?? 3600) : undefined,
    runnerLabels: options.runner === null ? undefined : (options.runner?.labels ?? []),
    wake: () => undefined,
  };
  const answer = getRequestListener(forgejo(instance).fetch);
  const server = await listen((request, response) => void answer(request, response), {
    name: "Forgejo",
    port: options.port,
    ...(options.setting === undefined ? {} : { setting: options.setting }),
  });
  instance.url = server.url;
  failLostJobs(instance);
  const runner = options.runner === null ? null : startRunner(instance, options.runner ?? {});
  instance.wake = () => runner?.wake();
  instance.wake();
  return {
    url: server.url,
    trigger: (by) => trigger(instance, by).id,
    close: async () => {
      await server.close();
      await runner?.close();
    },
  };
}

function forgejo(instance: Instance): Hono {
  const app = new Hono({ strict: false });
  const route = routesOf(app, instance);
  route("/api/v1/version", { GET: () => json(200, { version: `${instance.version.release}+gitea-1.22.0` }) });
  route("/api/v1/settings/api", {
    GET: () =>
      json(200, {
        max_response_items: 50,
        default_paging_num: 30,
        default_git_trees_per_page: 1000,
        default_max_blob_size: 10485760,
      }),
  });
  addOwnerRoutes(route);
  addEntryRoutes(route);
  addActionsRoutes(route);
  if (instance.version.listsRunners) addRunnerRoutes(route);
  addContentsRoutes(route);
  addRepositoryRoutes(route);
  addJobTokenRoutes(app, instance);
  app.get("/api/healthz", () => json(200, { status: "pass", description: "Forgejo" }));
  app.notFound(({ req }) =>
    req.path.startsWith("/api/") ? text(404, "404 page not found\n") : text(404, "Not found.\n"),
  );
  app.onError((error, context) => {
    if (error instanceof Refusal) return refusal(error, instance.url);
    if (error instanceof Moved) return moved(error, context.req.method);
    throw error;
  });
  return app;
}
