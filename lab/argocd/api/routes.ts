// Part of the lab's Argo CD: the routes of argocd-server.
import { Hono } from "hono";
import type { Context } from "hono";
import type { ArgoCdAccount } from "./accounts.ts";
import { authenticate, find, idOf, may } from "./accounts.ts";
import type { Application } from "../application.ts";
import { now } from "../application.ts";
import type { Controller } from "../controller/controller.ts";
import { GrpcError, failedPrecondition, invalidArgument, permissionDenied } from "./grpcError.ts";
import { RepositoryError } from "../repository.ts";
import type { Manifest } from "../repository.ts";
import type { State } from "../state.ts";
import { silence, streamApplications } from "./stream.ts";
import type { SyncRequest } from "./syncRequest.ts";
import { operationFor, readSyncRequest } from "./syncRequest.ts";
import { fullVersion, shortVersion } from "./version.ts";

export interface ArgoCdParts {
  readonly state: State;
  readonly controllers: ReadonlyMap<string, Controller>;
  readonly accounts: readonly ArgoCdAccount[];
}

export function routes({ state, controllers, accounts }: ArgoCdParts): Hono {
  const app = new Hono();
  const issuedAt = now();
  const user = (context: Context) => authenticate(context.req.header("authorization"), accounts);
  // Of a POST, the gateway reads the body alone.
  const lookUp = (context: Context, account: ArgoCdAccount, body?: SyncRequest) =>
    find(state.applications, account, {
      name: context.req.param("name") ?? "",
      project: body === undefined ? context.req.query("project") : body.project,
      appNamespace: body === undefined ? context.req.query("appNamespace") : body.appNamespace,
    });
  const controllerOf = (application: Application): Controller => {
    const controller = controllers.get(application.metadata.name);
    if (controller === undefined) throw permissionDenied();
    return controller;
  };

  app.use("/api/*", async (context, next) => {
    const type = context.req.header("content-type")?.toLowerCase();
    if (context.req.method !== "GET" && type !== "application/json") return plain(415, "Invalid content type\n");
    return next();
  });
  app.get("/healthz", () => new Response("ok\n", { headers: { "content-type": "text/plain; charset=utf-8" } }));
  app.get("/api/version", (context) => {
    const known = accounts.some(({ token }) => context.req.header("authorization") === `Bearer ${token}`);
    return answer(context, known ? fullVersion : shortVersion);
  });
  app.get("/api/v1/session/userinfo", (context) => {
    const { name } = user(context);
    return answer(context, { loggedIn: true, username: name, iss: "argocd" });
  });
  app.get("/api/v1/account/can-i/:resource/:action/:object{.+}", (context) => {
    const { resource, action, object } = context.req.param();
    const allowed = resource === "applications" && may(user(context), action, object);
    return answer(context, { value: allowed ? "yes" : "no" });
  });
  app.get("/api/v1/applications", (context) => {
    const account = user(context);
    const items = [...state.applications.values()].filter((application) => may(account, "get", idOf(application)));
    return answer(context, { metadata: { resourceVersion: state.version }, items });
  });
  app.get("/api/v1/applications/:name", async (context) => {
    const application = lookUp(context, user(context));
    if ((context.req.query("refresh") ?? "") !== "") await controllerOf(application).refresh();
    return answer(context, application);
  });
  app.get("/api/v1/applications/:name/manifests", (context) => {
    const application = lookUp(context, user(context));
    const controller = controllerOf(application);
    const revision = resolve(controller, context.req.query("revision") ?? application.spec.source.targetRevision);
    const manifests = manifestsOf(controller, revision).map((manifest) => JSON.stringify(manifest));
    return answer(context, { manifests, revision, sourceType: "Directory" });
  });
  app.post("/api/v1/applications/:name/sync", async (context) => {
    const body = readSyncRequest(await context.req.text());
    const account = user(context);
    const application = lookUp(context, account, body);
    const id = idOf(application);
    if (!may(account, "sync", id)) {
      throw permissionDenied(`: applications, sync, ${id}, sub: ${account.name}, iat: ${issuedAt}`);
    }
    const controller = controllerOf(application);
    const revision = resolve(controller, body.revision ?? application.spec.source.targetRevision);
    if (application.operation !== undefined) throw failedPrecondition("another operation is already in progress");
    controller.begin(operationFor(application, body, revision, account.name));
    return answer(context, withoutResourceHealth(application));
  });
  app.delete("/api/v1/applications/:name/operation", (context) => {
    const account = user(context);
    const application = lookUp(context, account);
    if (!may(account, "sync", idOf(application))) throw permissionDenied();
    if (!controllerOf(application).terminate()) {
      throw invalidArgument("Unable to terminate operation. No operation is in progress");
    }
    return answer(context, {});
  });
  app.get("/api/v1/stream/applications", (context) => {
    const account = streamUser(context, accounts);
    if (account instanceof Response) return account;
    const name = context.req.query("name");
    const isWanted = (application: Application) =>
      (name === undefined || name === application.metadata.name) && may(account, "get", idOf(application));
    return [...state.applications.values()].some(isWanted) ? streamApplications(context, state, isWanted) : silence();
  });
  app.notFound(() => plain(404, "Not Found\n"));
  app.onError((error, context) => {
    const refusal = error instanceof GrpcError ? error : new GrpcError(13, 500, error.message);
    return context.json(refusal.body, refusal.status);
  });
  return app;
}

function answer(context: Context, body: object): Response {
  return context.json(body, 200, { "grpc-metadata-content-type": "application/grpc" });
}

function plain(status: number, text: string): Response {
  const headers = { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" };
  return new Response(text, { status, headers });
}

function resolve(controller: Controller, revision: string): string {
  try {
    return controller.repository.resolve(revision);
  } catch (error) {
    if (!(error instanceof RepositoryError)) throw error;
    throw failedPrecondition(`error resolving repo revision: ${error.message}`);
  }
}

function manifestsOf(controller: Controller, revision: string): readonly Manifest[] {
  try {
    return controller.repository.manifests(revision);
  } catch (error) {
    if (!(error instanceof RepositoryError)) throw error;
    throw new GrpcError(2, 500, error.message);
  }
}

/** The account of a stream, or the error response: streams have another format, and the same message for every invalid token. */
function streamUser(context: Context, accounts: readonly ArgoCdAccount[]): ArgoCdAccount | Response {
  try {
    return authenticate(context.req.header("authorization"), accounts);
  } catch (error) {
    if (!(error instanceof GrpcError)) throw error;
    return context.json(new GrpcError(16, 401, "no session information").streamBody as object, 401);
  }
}

/** Only GET returns the health of each resource. */
function withoutResourceHealth(application: Application): Application {
  const answered = structuredClone(application);
  answered.status.resources?.forEach((resource) => delete resource.health);
  return answered;
}
