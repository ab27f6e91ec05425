// Stands in for zot: the routes under `/v2/`, including zot's extensions, and the permissions they need.
import type { NeededPermission, Subject } from "../access/accessControl.ts";
import { anonymous, decide, manifestWritePermissions, mayList } from "../access/accessControl.ts";
import { authenticate, refuseForbidden } from "../access/authentication.ts";
import { setPingChallenge } from "../access/bearer/challenge.ts";
import type { Decision } from "../access/conditions.ts";
import { enablesBearer } from "../config/bearer.ts";
import { blobRoute } from "./blobRoutes.ts";
import { discoverRoute, managementRoute, searchRoute, userPreferencesRoute } from "../extensions.ts";
import type { Answered, Exchange } from "../server/http.ts";
import { answered, send, sendEmpty, sendNotFound, setCorsHeaders } from "../server/http.ts";
import { catalogRoute, manifestRoute, queryTags, referrersRoute, tagsRoute } from "./manifestRoutes.ts";
import type { ZotState } from "../server/state.ts";
import { authenticatesUsers } from "../server/state.ts";
import { startUpload, uploadRoute } from "./uploadRoutes.ts";

interface Route {
  readonly methods: readonly string[];
  /** The repository that the route acts on, if any. */
  readonly repository?: string;
  /** The tag or digest of the manifest that the route acts on, if any. */
  readonly reference?: string;
  run(subject: Subject): Answered | Promise<Answered>;
}

// Each separator is at least one character, so that matching takes linear time.
const component = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const repositoryPath = new RegExp(
  `^/v2/(${component}(?:/${component})*)/(tags/list|manifests/[^/]+|blobs/uploads/|blobs/uploads/[^/]+|blobs/[^/]+|referrers/[^/]+)$`,
);

/** Answers requests under `/v2/`. */
export async function distributionRoutes(zot: ZotState, exchange: Exchange): Promise<Answered> {
  const route = findRoute(zot, exchange);
  if (route === undefined) return sendNotFound(exchange);
  if (!route.methods.includes(exchange.method)) return sendEmpty(exchange, 405);
  const isPreflight = exchange.method === "OPTIONS";
  const subject = isPreflight ? anonymous : await authenticate(zot, exchange);
  if (subject === answered) return answered;
  const { allowed, reason } = isPreflight ? granted : mayUse(zot, exchange, route, subject);
  if (!allowed) return refuseForbidden(zot, exchange, subject, reason);
  return route.run(subject);
}

function findRoute(zot: ZotState, exchange: Exchange): Route | undefined {
  const { path } = exchange;
  const { search, ui } = zot.startConfig.extensions;
  const mayRead = readableBy(zot);
  if (path === "/v2/") return { methods: ["GET", "OPTIONS"], run: () => ping(zot, exchange) };
  if (path === "/v2/_catalog") {
    return { methods: ["GET", "OPTIONS"], run: (subject) => catalogRoute(zot, exchange, mayRead(subject)) };
  }
  if (path === "/v2/_oci/ext/discover") return { methods: ["GET", "OPTIONS"], run: () => discoverRoute(zot, exchange) };
  if (search && path.startsWith("/v2/_zot/ext/mgmt")) {
    return { methods: ["GET", "OPTIONS"], run: () => managementRoute(zot, exchange) };
  }
  if (search && path.startsWith("/v2/_zot/ext/search")) {
    return { methods: ["GET", "POST", "OPTIONS"], run: (subject) => searchRoute(zot, exchange, mayRead(subject)) };
  }
  if (ui && path.startsWith("/v2/_zot/ext/userprefs")) {
    return { methods: ["PUT", "OPTIONS"], run: (subject) => userPreferencesRoute(zot, exchange, subject) };
  }
  return repositoryRoute(zot, exchange);
}

function repositoryRoute(zot: ZotState, exchange: Exchange): Route | undefined {
  const [, repository = "", rest = ""] = repositoryPath.exec(exchange.path) ?? [];
  const last = rest.slice(rest.lastIndexOf("/") + 1);
  const mayRead = readableBy(zot);
  if (rest === "") return undefined;
  if (rest === "tags/list")
    return { repository, methods: ["GET", "OPTIONS"], run: () => tagsRoute(zot, exchange, repository) };
  if (rest.startsWith("manifests/")) {
    const methods = ["HEAD", "GET", "PUT", "DELETE", "OPTIONS"];
    return { repository, reference: last, methods, run: () => manifestRoute(zot, exchange, repository, last) };
  }
  if (rest.startsWith("referrers/")) {
    return { repository, methods: ["GET", "OPTIONS"], run: () => referrersRoute(zot, exchange, repository, last) };
  }
  if (rest === "blobs/uploads/") {
    const run = (subject: Subject): Promise<Answered> => startUpload(zot, exchange, repository, mayRead(subject));
    return { repository, methods: ["POST"], run };
  }
  if (rest.startsWith("blobs/uploads/")) {
    return {
      repository,
      methods: ["GET", "PATCH", "PUT", "DELETE"],
      run: () => uploadRoute(zot, exchange, repository, last),
    };
  }
  const run = (subject: Subject): Promise<Answered> => blobRoute(zot, exchange, repository, last, mayRead(subject));
  return { repository, methods: ["HEAD", "GET", "DELETE"], run };
}

/** Whether lists contain a repository. Whether access control is on is decided at startup: if a reload removes it, zot denies everything. */
function readableBy(zot: ZotState): (subject: Subject) => (repository: string) => boolean {
  if (zot.startConfig.http.accessControl === undefined) return () => () => true;
  const { accessControl } = zot.config.http;
  return (subject) => (repository) =>
    accessControl !== undefined && mayList(accessControl, subject, "read", repository);
}

const granted: Decision = { allowed: true, reason: "" };

function mayUse(zot: ZotState, exchange: Exchange, route: Route, subject: Subject): Decision {
  const { repository } = route;
  if (repository === undefined || zot.startConfig.http.accessControl === undefined) return granted;
  const { accessControl } = zot.config.http;
  if (accessControl === undefined) return { allowed: false, reason: "" };
  for (const needed of neededPermissions(zot, exchange, repository, route.reference)) {
    const decision = decide(accessControl, { ...needed, subject, repository, exchange, log: zot.log });
    if (!decision.allowed) return decision;
  }
  return granted;
}

function neededPermissions(
  zot: ZotState,
  exchange: Exchange,
  repository: string,
  reference?: string,
): readonly NeededPermission[] {
  switch (exchange.method) {
    case "GET":
    case "HEAD":
      return [{ action: "read", reference: reference ?? "" }];
    case "DELETE":
      return [{ action: "delete", reference: reference ?? "" }];
    default: {
      if (reference === undefined) return [{ action: "create", reference: "" }];
      const existing = new Set(zot.storage.tags(repository));
      return manifestWritePermissions(reference, queryTags(exchange), existing, zot.version);
    }
  }
}

/** `GET /v2/`: identifies the registry, and tells clients that they can authenticate. */
function ping(zot: ZotState, exchange: Exchange): Answered {
  const { allowOrigin, auth } = zot.startConfig.http;
  setCorsHeaders(exchange, "GET,OPTIONS", allowOrigin);
  if (exchange.method === "OPTIONS") return sendEmpty(exchange, 204);
  exchange.response.setHeader("Docker-Distribution-Api-Version", "registry/2.0");
  if (authenticatesUsers(zot.config) || enablesBearer(auth?.bearer)) setPingChallenge(zot, exchange);
  return send(exchange, 200, "application/json", "");
}
