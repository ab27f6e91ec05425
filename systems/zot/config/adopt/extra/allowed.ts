import { isObject, list, present, string } from "../../../../../core/json.ts";
import type { JsonObject } from "../../../../../core/json.ts";
import { ciLimitProblems } from "../../../access/settingsProblems.ts";
import { NEWEST_KNOWN } from "../../../version.ts";
import { objectAt, valueAt } from "../../syntax/anyCase.ts";
import { describeShared, fills, mirrorsOf, sharedPlaces } from "../../mirrors/mirrors.ts";
import { knownKeys, schemaProblems } from "../../schema/known.ts";
import { builtInSchema } from "../../schema/schema.ts";
import { holdsToken } from "../../schema/secretValues.ts";
import type { AdoptContext } from "../context.ts";
import { assemble, ciGroupOf, render } from "../candidate.ts";
import type { Candidate } from "../candidate.ts";
import { ciImages } from "../ciImages.ts";
import { inLowerCase, withoutPart } from "./part.ts";
import { withoutIdlePolicies, withoutOverwrite } from "./policies.ts";
import { restOf } from "./rest.ts";
import { DEFAULT_CI_USER } from "../../../keys/settings.ts";

const EXTRA = "zot.extra.";

/** Settings that pass the checks. */
export interface Allowed {
  readonly candidate: Candidate;
  /** The setting zot.extra. */
  readonly extra: JsonObject;
  /** What the checks refused to keep: the reasons by path. */
  readonly refused: ReadonlyMap<string, string>;
}

/** Something that a check refuses, and the settings without it. */
interface Refusal {
  readonly path: string;
  readonly reason: string;
  readonly candidate?: Candidate;
  readonly extra?: JsonObject;
}

/** Keeps in `zot.extra` what a config says besides the settings, as far as the checks of a deployment let it. */
export function allowed(config: JsonObject, first: Candidate, context: AdoptContext): Allowed {
  const refused = new Map<string, string>();
  let candidate = first;
  const rest = restOf(config, render(candidate, {}, context));
  let extra = inKnownSpelling(withoutIdlePolicies(withoutToldOtherwise(rest, candidate)));
  for (;;) {
    const refusal = refusalOf(candidate, extra, context);
    if (refusal === undefined) return { candidate, extra, refused };
    refused.set(refusal.path, refusal.reason);
    candidate = refusal.candidate ?? candidate;
    extra = refusal.extra ?? extra;
  }
}

/** zot's schema names keys in zot's own spelling and in lower case, zot itself reads any. */
function inKnownSpelling(extra: JsonObject): JsonObject {
  for (const { path } of schemaProblems(extra, builtInSchema())) {
    const next = inLowerCase(extra, path.slice(EXTRA.length));
    if (next !== undefined) return inKnownSpelling(next);
  }
  return extra;
}

function refusalOf(candidate: Candidate, extra: JsonObject, context: AdoptContext): Refusal | undefined {
  return (
    refusedExtra(candidate, extra, context) ??
    overwriting(candidate, extra, context) ??
    mirrorOverCi(candidate, extra, context) ??
    mirrorTwice(candidate, extra, context) ??
    syncOfNothing(candidate, extra, context) ??
    webHook(extra)
  );
}

/** What the checks of the config and of zot's schema say about `zot.extra`. */
function refusedExtra(candidate: Candidate, extra: JsonObject, context: AdoptContext): Refusal | undefined {
  const { version, schema } = context;
  const known = knownKeys(extra, { version: version ?? NEWEST_KNOWN, schema, isKnown: version !== undefined });
  const { problems } = assemble(candidate, extra, context, known.schema);
  // As long as zot's release is not known, the settings are checked for the newest.
  const others = assemble(candidate, extra, { ...context, version: undefined }).problems;
  for (const { path, message } of [...problems, ...others]) {
    const without = path.startsWith(EXTRA) ? withoutPart(extra, path.slice(EXTRA.length)) : undefined;
    if (without !== undefined) return { path: without.path, reason: message, extra: without.rest };
  }
  return undefined;
}

/** Rules by which CI could overwrite or delete its images. */
function overwriting(candidate: Candidate, extra: JsonObject, context: AdoptContext): Refusal | undefined {
  const { args } = assemble(candidate, extra, context);
  const control = `${EXTRA}http.accessControl.`;
  const { imagePrefix, repository } = imagesOf(candidate, extra, context);
  const user = candidate.roles.ciUser ?? DEFAULT_CI_USER;
  const group = ciGroupOf(candidate);
  const images = { user, group, prefixes: [imagePrefix], prefixSetting: "ci.imagePrefix", repository };
  for (const { path, message } of ciLimitProblems(args.rules, extra, images)) {
    const place = path.startsWith(EXTRA) ? path.slice(EXTRA.length) : path;
    if (path.startsWith(control)) {
      const glob = path.startsWith(`${control}repositories.`)
        ? path.slice(`${control}repositories.`.length)
        : undefined;
      const roles = { ...candidate.roles, ciGroup: group, ciUser: user };
      return { path: place, reason: message, extra: withoutOverwrite(extra, glob, roles) };
    }
    const glob = /^access\.namespaces\.(.*)\.signedInActions$/.exec(path)?.[1];
    const access = harmless(candidate.access, glob);
    return {
      path: `http.accessControl.repositories.${glob ?? "**"}.defaultPolicy`,
      reason: message,
      candidate: { ...candidate, access },
    };
  }
  return undefined;
}

function harmless(access: JsonObject, glob: string | undefined): JsonObject {
  const namespaces = objectAt(access, "namespaces");
  if (glob === undefined) return { ...access, signedInActions: withoutOverwriting(access["signedInActions"]) };
  const rules = objectAt(namespaces, glob);
  // What it does not say, it takes from the rules for all.
  const actions = withoutOverwriting(rules["signedInActions"] ?? access["signedInActions"]);
  return { ...access, namespaces: { ...namespaces, [glob]: { ...rules, signedInActions: actions } } };
}

function withoutOverwriting(actions: unknown): readonly unknown[] {
  return list(actions).filter((action) => action !== "update" && action !== "delete");
}

/** A registry of which zot would store images among CI's. */
function mirrorOverCi(candidate: Candidate, extra: JsonObject, context: AdoptContext): Refusal | undefined {
  if (candidate.pullThrough.length > 0) return undefined;
  const { imagePrefix, repository } = imagesOf(candidate, extra, context);
  const mirror = mirrorsOf(extra).find((one) => [imagePrefix, repository].some((name) => fills(one, name)));
  const without = mirror && withoutPart(extra, `extensions.sync.registries.${mirror.registry}`);
  if (without === undefined) return undefined;
  return {
    path: without.path,
    reason:
      "mirrors into the folder that CI pushes to: the next pull would replace what CI pushed with the upstream image. Mirror it into a folder of its own (registry.pullThrough).",
    extra: without.rest,
  };
}

/** A registry that is mirrored to where another one is. */
function mirrorTwice(candidate: Candidate, extra: JsonObject, context: AdoptContext): Refusal | undefined {
  const { pullThrough } = candidate;
  const [shared] = sharedPlaces(mirrorsOf(render(candidate, extra, context)));
  const firsts = pullThrough.map(({ name }) => pullThrough.findIndex((other) => other["name"] === name));
  const twice = firsts.findIndex((first, index) => first < index);
  const [first, later] = twice === -1 ? [shared?.first, shared?.later] : [firsts[twice], twice];
  if (first === undefined || later === undefined) return undefined;
  const path = `extensions.sync.registries.${later}`;
  const repository = shared?.repository ?? `${string(pullThrough[later]?.["name"])}/…`;
  const reason = describeShared(repository, `the one before it at place ${first + 1}`);
  if (pullThrough.length > 0)
    return { path, reason, candidate: { ...candidate, pullThrough: pullThrough.toSpliced(later, 1) } };
  const without = withoutPart(extra, path);
  return without && { path: without.path, reason, extra: without.rest };
}

/** A sink whose address seems to contain a token, as those of chats do. Whoever puts it into the settings by hand may. */
function webHook(extra: JsonObject): Refusal | undefined {
  const sinks = list(valueAt(extra, "extensions", "events", "sinks"));
  const index = sinks.findIndex((sink) => holdsToken(string(valueAt(sink, "address"))));
  const without = index === -1 ? undefined : withoutPart(extra, `extensions.events.sinks.${index}`);
  if (without === undefined) return undefined;
  return {
    path: without.path,
    reason:
      "its address seems to contain a token (not shown), and the settings are no place for secrets. Add the sink to zot.extra yourself if everyone who can read the settings may know it.",
    extra: without.rest,
  };
}

/** Settings for mirroring, without a registry to mirror. */
function syncOfNothing(candidate: Candidate, extra: JsonObject, context: AdoptContext): Refusal | undefined {
  const sync = valueAt(render(candidate, extra, context), "extensions", "sync");
  if (!isObject(sync) || list(valueAt(sync, "registries")).length > 0) return undefined;
  const rest = withoutPart(extra, "extensions.sync")?.rest ?? extra;
  return {
    path: "extensions.sync",
    reason: "has no effect without a registry to mirror.",
    candidate: { ...candidate, zot: present({ ...candidate.zot, sync: undefined }) },
    extra: rest,
  };
}

function imagesOf(
  candidate: Candidate,
  extra: JsonObject,
  context: AdoptContext,
): { readonly imagePrefix: string; readonly repository: string } {
  const { imagePrefix, acceptance } = ciImages(candidate, extra, context.imagePrefix);
  return { imagePrefix: imagePrefix ?? "zot-auth-sample", repository: acceptance ?? "zot-auth/acceptance" };
}

/** Without what the settings say in another place, or in another form. */
function withoutToldOtherwise(extra: JsonObject, candidate: Candidate): JsonObject {
  const provider = ["http", "auth", "openid", "providers", "oidc"];
  const metrics = ["http", "accessControl", "metrics"];
  const places = [
    [...provider, "clientid"],
    [...provider, "clientsecret"],
    ...(candidate.access["anonymousMetrics"] === true
      ? [
          [...metrics, "users"],
          [...metrics, "anonymousPolicy"],
        ]
      : []),
  ];
  return places.reduce((rest, place) => {
    const isThere = valueAt(rest, ...place) !== undefined;
    return isThere ? (withoutPart(rest, place.join("."))?.rest ?? rest) : rest;
  }, extra);
}
