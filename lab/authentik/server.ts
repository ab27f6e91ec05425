// Stands in for Authentik: its server and its worker in one process, with the state in one file.
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import type { RunningServer } from "../shared/listen.ts";
import { listen } from "../shared/listen.ts";
import { Store } from "../shared/store.ts";
import { api } from "./api/api.ts";
import { BlueprintFolder } from "./blueprints/files.ts";
import { Database } from "./models/database.ts";
import { executorRoutes } from "./flows/executor.ts";
import { text } from "../shared/json.ts";
import { openidPrefix } from "./oauth2/applications.ts";
import { answerOpenid } from "./oauth2/endpoints.ts";
import { OpenidProviders } from "./oauth2/library/providers.ts";
import { incoming, Origins } from "./sessions/origins.ts";
import { flowPage } from "./pages/flowPage.ts";
import { homePage, pageNotFound } from "./pages/pages.ts";
import { passes } from "./policies/policies.ts";
import { page, sendPage } from "./pages/responses.ts";
import type { AuthentikSeed } from "./models/seed.ts";
import { defaultSeed, plant } from "./models/seed.ts";
import { Sessions } from "./sessions/sessions.ts";
import type { AuthentikState } from "./models/state.ts";
import { emptyState } from "./models/state.ts";
import { applicationView } from "./api/views.ts";
import { Worker } from "./blueprints/worker.ts";

export { defaultSeed, withSeed } from "./models/seed.ts";
export type { AuthentikSeed, SeedGroup, SeedToken, SeedUser } from "./models/seed.ts";

export interface AuthentikOptions {
  /** Default 0, a free port. */
  readonly port?: number;
  /** Setting of the port, for the error message if the port is in use. */
  readonly setting?: string;
  /** Folder of the state. The seed is used only if it is empty. */
  readonly data: string;
  /** Folder where the ConfigMap with the blueprints is mounted; its file `zot.yaml` is the blueprint `custom/zot.yaml`. */
  readonly blueprintsDirectory: string;
  /** Environment of the worker, which `!Env` reads. The server does not see it. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Environment of the server, with which it validates a blueprint in a request. Default: empty. */
  readonly serverEnvironment?: Readonly<Record<string, string | undefined>>;
  /** Default `defaultSeed()`. */
  readonly seed?: AuthentikSeed;
  /** The Authentik release. Default: `AUTHENTIK_LAB_VERSION`, or `2026.2.0`. */
  readonly version?: string;
  /** The public URL of Authentik, if it differs from the listening address. */
  readonly publicUrl?: string;
  /** Networks of trusted proxies, such as `10.0.0.0/8`, used since 2026.8. Default: loopback and private networks. */
  readonly trustedProxies?: readonly string[];
  /** Milliseconds until the worker notices a change or starts a task. Default 200. */
  readonly workerDelayMs?: number;
  /** Receives the worker's log, line by line. */
  readonly log?: (line: string) => void;
}

export async function startAuthentik(options: AuthentikOptions): Promise<RunningServer> {
  const {
    port = 0,
    setting,
    environment = {},
    version = process.env["AUTHENTIK_LAB_VERSION"] ?? "2026.2.0",
    publicUrl,
    trustedProxies,
  } = options;
  const { workerDelayMs = 200 } = options;
  const store = Store.open<AuthentikState>(join(options.data, "authentik.json"), emptyState);
  const database = new Database(store, version);
  if (Object.keys(database.state.rows).length === 0) {
    plant(database, options.seed ?? defaultSeed());
    database.save();
  }
  const folder = new BlueprintFolder(options.blueprintsDirectory);
  const log = options.log ?? (() => undefined);
  const worker = new Worker({ database, folder, environment, delay: workerDelayMs, log });
  const sessions = new Sessions(database);
  const origins = new Origins({
    version,
    ...(publicUrl === undefined ? {} : { publicUrl }),
    ...(trustedProxies === undefined ? {} : { trustedProxies }),
  });
  const openid = new OpenidProviders({ database, sessions, origins });
  const web = getRequestListener(
    pages({ database, sessions, origins, folder, worker, openid, environment: options.serverEnvironment ?? {} }).fetch,
  );
  const server = await listen(
    (request, response) => {
      if (request.url?.startsWith(openidPrefix) === true) void serveOpenid(openid, request, response);
      else void web(request, response);
    },
    { name: "Authentik", port, ...(setting === undefined ? {} : { setting }) },
  );
  worker.start();
  return {
    url: server.url,
    close: async () => {
      worker.stop();
      await server.close();
    },
  };
}

async function serveOpenid(openid: OpenidProviders, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    await answerOpenid(openid, request, response);
  } catch (error) {
    process.stderr.write(
      `Authentik (lab): ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    if (!response.headersSent) sendPage(response, 500, "<!doctype html><title>Server error</title>");
    else response.end();
  }
}

interface PagesOptions {
  readonly database: Database;
  readonly sessions: Sessions;
  readonly origins: Origins;
  readonly folder: BlueprintFolder;
  readonly worker: Worker;
  readonly openid: OpenidProviders;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

function pages({ database, sessions, origins, folder, worker, openid, environment }: PagesOptions): Hono {
  const app = new Hono({ strict: true });
  for (const health of ["live", "ready"]) app.get(`/-/health/${health}/`, () => page(""));
  app.route("/", executorRoutes({ database, sessions, origins, authorize: openid.authorize.bind(openid) }));
  app.route("/api/v3", api({ database, sessions, origins, folder, worker, environment }));
  app.get("/if/flow/:slug/", (c) => {
    const flow = database.find("authentik_flows.flow", { slug: c.req.param("slug") });
    return flow === undefined ? page(pageNotFound, 404) : page(flowPage(text(flow["title"]), text(flow["slug"])));
  });
  // "Not you?" on the sign-in page.
  app.get("/flows/-/cancel/", (c) => {
    const visit = sessions.find(c.req.header("cookie"));
    if (visit !== undefined) visit.session.plan = null;
    database.save();
    return c.redirect("/");
  });
  app.get("/if/user/", (c) => {
    const user = sessions.userOf(sessions.find(c.req.header("cookie"), origins.of(incoming(c))));
    if (user === undefined) return c.redirect("/if/flow/default-authentication-flow/?next=%2Fif%2Fuser%2F");
    const applications = database
      .all("authentik_core.application")
      .filter((application) => passes(database, application, user))
      .map((application) => ({
        name: text(application["name"]),
        url: text(applicationView(database, application)["launch_url"]),
      }));
    return page(homePage(text(user["username"]), applications));
  });
  app.get("/", (c) => c.redirect("/if/user/"));
  app.notFound(() => page(pageNotFound, 404));
  return app;
}
