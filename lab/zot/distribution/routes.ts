// Stands in for zot: the routes under `/v2/`, including zot's extensions, and the permissions they need.
import type { Action, Subject } from "../access/accessControl.ts";
import { isAllowed, manifestWriteActions } from "../access/accessControl.ts";
import { authenticate, comesFromUi, refuseForbidden } from "../access/authentication.ts";
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
  const subject = isPreflight ? { name: "", groups: [] } : await authenticate(zot, exchange);
  if (subject === answered) return answered;
  if (!isPreflight && !mayUse(zot, exchange, route, subject)) return refuseForbidden(zot, exchange, subject);
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

function readableBy(zot: ZotState): (subject: Subject) => (repository: string) => boolean {
  return (subject) => (repository) => can(zot, subject, ["read"], repository);
}

function mayUse(zot: ZotState, exchange: Exchange, route: Route, subject: Subject): boolean {
  if (route.repository === undefined) return true;
  return can(zot, subject, neededActions(zot, exchange, route.repository, route.reference), route.repository);
}

function neededActions(zot: ZotState, exchange: Exchange, repository: string, reference?: string): readonly Action[] {
  switch (exchange.method) {
    case "GET":
    case "HEAD":
      return ["read"];
    case "DELETE":
      return ["delete"];
    default: {
      if (reference === undefined) return ["create"];
      const existing = new Set(zot.storage.tags(repository));
      return manifestWriteActions(reference, queryTags(exchange), existing, zot.version);
    }
  }
}

function can(zot: ZotState, subject: Subject, actions: readonly Action[], repository: string): boolean {
  // Whether access control is on is decided at startup. If a reload removes it, zot denies everything.
  if (zot.startConfig.http.accessControl === undefined) return true;
  const { accessControl } = zot.config.http;
  return (
    accessControl !== undefined && actions.every((action) => isAllowed(accessControl, subject, action, repository))
  );
}

/** `GET /v2/`: identifies the registry, and tells clients that they can authenticate. */
function ping(zot: ZotState, exchange: Exchange): Answered {
  const { allowOrigin, realm } = zot.startConfig.http;
  setCorsHeaders(exchange, "GET,OPTIONS", allowOrigin);
  if (exchange.method === "OPTIONS") return sendEmpty(exchange, 204);
  exchange.response.setHeader("Docker-Distribution-Api-Version", "registry/2.0");
  if (authenticatesUsers(zot.config) && !comesFromUi(exchange)) {
    exchange.response.setHeader("WWW-Authenticate", `basic realm=${realm}`);
  }
  return send(exchange, 200, "application/json", "");
}
