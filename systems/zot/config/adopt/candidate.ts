import { present } from "../../../../core/json.ts";
import type { JsonObject } from "../../../../core/json.ts";
import { registryUrl, serverUrl } from "../../../../core/settings/types.ts";
import { issuerOf } from "../../../authentik/issuer.ts";
import { authentik as authentikSchema } from "../../../authentik/settings.ts";
import { accessRules } from "../../access/rules.ts";
import type { AccessRules } from "../../access/rules.ts";
import { DEFAULT_CI_GROUP, access as accessSchema } from "../../access/settings.ts";
import { registry as registrySchema } from "../../host/settings.ts";
import { NEWEST_KNOWN } from "../../version.ts";
import { objectAt, valueAt } from "../syntax/anyCase.ts";
import type { ZotConfigArgs } from "../render/args.ts";
import { assembleZotConfig } from "../config.ts";
import type { AssembledConfig } from "../config.ts";
import { effectiveConfig } from "../compared/effective.ts";
import { pullThrough as pullThroughSchema } from "../mirrors/settings.ts";
import { zot as zotSchema } from "../settings.ts";
import type * as z from "zod";
import { adoptAccess } from "./settings/access.ts";
import type { AdoptContext, NotKept } from "./context.ts";
import { gapsIn } from "./gaps.ts";
import { adoptExtensions, adoptMirrors } from "./settings/extensions.ts";
import { adoptAuth, adoptAuthentik, adoptHttp } from "./settings/http.ts";
import { absoluteAt, numberAt, textAt } from "./settings/read.ts";
import type { Roles } from "./settings/roles.ts";
import { validPart } from "./settings/schemas.ts";
import { adoptStorage } from "./settings/storage.ts";

/** Settings as they were read from a config, each one valid. */
export interface Candidate {
  readonly registry: {
    readonly url?: string | undefined;
    readonly address?: string | undefined;
    readonly port?: number | undefined;
    readonly dataDirectory?: string | undefined;
    readonly credentialsFile?: string | undefined;
    readonly configFile?: string | undefined;
  };
  readonly pullThrough: readonly JsonObject[];
  readonly zot: JsonObject;
  readonly access: JsonObject;
  readonly authentik: {
    readonly url?: string | undefined;
    readonly application?: string | undefined;
    readonly clientId?: string | undefined;
  };
  readonly roles: Roles;
  /** What the settings that are required lack. */
  readonly notKept: readonly NotKept[];
  /** What stands for settings that the config does not tell. */
  readonly assumed: { readonly dataDirectory: string; readonly credentialsFile: string };
}

export function candidateOf(config: JsonObject, context: AdoptContext, roles: Roles): Candidate {
  const effective = effectiveConfig(config);
  const [http, storage] = [objectAt(config, "http"), objectAt(config, "storage")];
  const url = textAt(http, "externalUrl") ?? context.url;
  const credentialsFile = ["http", "auth", "openid", "providers", "oidc", "credentialsFile"];
  const registry = {
    url: valid(registryUrl, url) ?? valid(registryUrl, context.url),
    address: valid(registrySchema.shape.address, textAt(effective, "http", "address")),
    port: valid(registrySchema.shape.port, numberAt(effective, "http", "port")),
    dataDirectory: absoluteAt(storage, "rootDirectory"),
    credentialsFile: valid(registrySchema.shape.credentialsFile, absoluteAt(config, ...credentialsFile)),
    configFile: valid(registrySchema.shape.configFile, context.configFile),
  };
  const level = valueAt(effective, "log", "level");
  const zot = {
    storage: adoptStorage(storage),
    http: adoptHttp(http),
    auth: adoptAuth(http, registry.url ?? ""),
    log: present({ level, output: absoluteAt(config, "log", "output"), audit: absoluteAt(config, "log", "audit") }),
    ...adoptExtensions(config),
  };
  const authentik = adoptAuthentik(http, context.clientId);
  return {
    registry,
    pullThrough: valid(pullThroughSchema, adoptMirrors(config)) === undefined ? [] : adoptMirrors(config),
    zot: validPart(zotSchema, zot),
    access: validPart(accessSchema, adoptAccess(config, roles)),
    authentik: {
      url: valid(serverUrl, authentik["url"]),
      application: valid(authentikSchema.shape.application, authentik["application"]),
      clientId: valid(authentikSchema.shape.clientId, authentik["clientId"]),
    },
    roles,
    notKept: [...gapsIn(config)],
    assumed: {
      dataDirectory: textAt(storage, "rootDirectory") ?? "/var/lib/registry",
      credentialsFile: textAt(config, ...credentialsFile) ?? "oidc-credentials.json",
    },
  };
}

/** zot's config by the settings, and what the checks say of it. */
export function assemble(
  candidate: Candidate,
  extra: JsonObject,
  context: AdoptContext,
  schema?: z.ZodType,
): AssembledConfig & { readonly args: ZotConfigArgs } {
  const { registry, authentik, assumed } = candidate;
  const args: ZotConfigArgs = {
    url: registry.url ?? "",
    address: registry.address ?? "0.0.0.0",
    port: registry.port ?? 5000,
    pullThrough: pullThroughSchema.parse(candidate.pullThrough),
    issuer: issuerOf({
      url: authentik.url ?? context.authentikUrl ?? "",
      application: authentik.application ?? "zot",
    }),
    rules: rulesOf(candidate, extra),
    zot: zotSchema.parse({ ...candidate.zot, extra }),
  };
  const paths = {
    dataDirectory: registry.dataDirectory ?? assumed.dataDirectory,
    credentialsFile: registry.credentialsFile ?? assumed.credentialsFile,
  };
  return { ...assembleZotConfig(args, context.version ?? NEWEST_KNOWN, paths, schema), args };
}

export function render(candidate: Candidate, extra: JsonObject, context: AdoptContext): JsonObject {
  return assemble(candidate, extra, context).config;
}

export function rulesOf(candidate: Candidate, extra: JsonObject): AccessRules {
  return accessRules(accessSchema.parse(candidate.access), [{ group: ciGroupOf(candidate) }], extra);
}

export function ciGroupOf({ access }: Candidate): string {
  return accessSchema.parse(access).ciGroup ?? DEFAULT_CI_GROUP;
}

function valid<Value>(schema: z.ZodType<Value>, value: unknown): Value | undefined {
  return schema.safeParse(value).data;
}
