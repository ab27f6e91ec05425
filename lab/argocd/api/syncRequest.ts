// Part of the lab's Argo CD: sync requests, and the operations they start.
import type { Application, Info, Operation, ResourceReference } from "../application.ts";
import { invalidArgument } from "./grpcError.ts";

export interface SyncRequest {
  readonly project?: string;
  readonly appNamespace?: string;
  readonly revision?: string;
  readonly dryRun?: boolean;
  readonly prune?: boolean;
  readonly infos?: readonly Info[];
  readonly resources?: readonly ResourceReference[];
  readonly syncOptions?: { readonly items?: readonly string[] };
}

const types = {
  project: "string",
  appNamespace: "string",
  revision: "string",
  dryRun: "bool",
  prune: "bool",
  infos: "[]*v1alpha1.Info",
  resources: "[]v1alpha1.SyncOperationResource",
  syncOptions: "application.SyncOptions",
} as const;

/** Parses the body. An empty body is a sync with default options; unknown fields are ignored. */
export function readSyncRequest(text: string): SyncRequest {
  if (text.trim() === "") return {};
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw invalidArgument(goSyntaxError(text, error));
  }
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw invalidArgument(
      `json: cannot unmarshal ${goType(body)} into Go value of type application.ApplicationSyncRequest`,
    );
  }
  const known = Object.entries(body).filter(([name, value]) => name in types && value !== null);
  for (const [name, value] of known) {
    const type = types[name as keyof typeof types];
    if (type === goType(value) || (type.startsWith("[]") && Array.isArray(value))) continue;
    if (type === "application.SyncOptions" && goType(value) === "object") continue;
    throw invalidArgument(
      `json: cannot unmarshal ${goType(value)} into Go struct field ApplicationSyncRequest.${name} of type ${type}`,
    );
  }
  return Object.fromEntries(known);
}

/** The operation of a request. `revision` is the resolved commit. */
export function operationFor(
  { spec }: Application,
  request: SyncRequest,
  revision: string,
  username: string,
): Operation {
  const { dryRun = false, prune = false, infos, resources } = request;
  const syncOptions = request.syncOptions?.items ?? spec.syncPolicy?.syncOptions;
  return {
    sync: {
      revision,
      ...(prune ? { prune } : {}),
      ...(dryRun ? { dryRun } : {}),
      ...(resources === undefined ? {} : { resources: resources.map(withoutCoreGroup) }),
      source: spec.source,
      ...(syncOptions === undefined ? {} : { syncOptions }),
    },
    initiatedBy: { username },
    ...(infos === undefined || infos.length === 0 ? {} : { info: infos }),
    retry: {},
  };
}

function withoutCoreGroup({ group = "", ...reference }: ResourceReference): ResourceReference {
  return group === "" ? reference : { group, ...reference };
}

function goType(value: unknown): string {
  if (Array.isArray(value)) return "array";
  return typeof value === "boolean" ? "bool" : typeof value;
}

function goSyntaxError(text: string, error: unknown): string {
  const reason = error instanceof Error ? error.message : "";
  const character = /Unexpected token '?(.)'?/.exec(reason)?.[1];
  if (character === undefined || /end of JSON|Expected|Unterminated/.test(reason)) return "unexpected EOF";
  const first = text.trimStart().startsWith(character);
  return `invalid character '${character}' ${first ? "looking for beginning of value" : "after top-level value"}`;
}
