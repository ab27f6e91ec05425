import { isObject } from "../../../../core/json.ts";
import type { JsonObject } from "../../../../core/json.ts";
import { objectAt, spelled, valueAt } from "../syntax/anyCase.ts";
import { nanoseconds } from "../syntax/goDuration.ts";

// What zot makes of a config: `applyDefaultValues` in pkg/cli/server/root.go and `New` in pkg/api/config/config.go of zot 2.1.13 to 2.1.20.

const SHORTEST_INTERVAL = 2 * 3600e9;
/** Parts of `extensions` that are on unless they say otherwise, and nothing if they are off. */
const PARTS = ["metrics", "search", "ui", "scrub"];

/** The config with zot's defaults for what it does not say, and without what zot ignores: two configs of which this is equal mean the same. */
export function effectiveConfig(config: JsonObject): JsonObject {
  // zot replaces it with the version that it implements.
  const { storage, http, log, extensions, ...rest } = known(without(config, "distSpecVersion"));
  return {
    ...rest,
    storage: effectiveStorage(objectOf(storage), { dedupe: true, gc: true }),
    http: effectiveHttp(objectOf(http)),
    log: withDefaults(objectOf(log), { level: "debug" }),
    ...(isObject(extensions) ? { extensions: effectiveExtensions(extensions) } : {}),
  };
}

/** The parts that are looked into, under zot's own names. Of keys that differ only in case, the first counts, as everywhere. */
function known(config: JsonObject): JsonObject {
  const names = ["storage", "http", "log", "extensions"];
  const named = Object.entries(config).map(
    ([key, value]) => [names.find((name) => name === key.toLowerCase()) ?? key, value] as const,
  );
  return Object.fromEntries(named.toReversed());
}

function effectiveStorage(storage: JsonObject, defaults: JsonObject): JsonObject {
  const filled = withDefaults(storage, defaults);
  const cleaning = isTrue(valueAt(filled, "gc"))
    ? withDefaults(filled, { gcDelay: "1h", gcInterval: "1h" })
    : without(without(filled, "gcDelay"), "gcInterval");
  const retained = edited(cleaning, "retention", (retention) => {
    if (!isObject(retention)) return retention;
    const policies = valueAt(retention, "policies");
    if (!Array.isArray(policies) || policies.length === 0) return undefined;
    return edited(
      withDefaults(retention, { dryRun: false, delay: valueAt(cleaning, "gcDelay") }),
      "policies",
      eachObject((policy) => withDefaults(policy, { deleteUntagged: true, deleteReferrers: false })),
    );
  });
  return edited(retained, "subPaths", (subPaths) =>
    mapped(subPaths, (sub) => effectiveStorage(sub, { dedupe: false, gc: false })),
  );
}

function effectiveHttp(http: JsonObject): JsonObject {
  const filled = withDefaults(http, { address: "127.0.0.1", port: "8080" });
  return edited(filled, "auth", (auth) => {
    if (!isObject(auth)) return auth;
    const isOpenId = Object.keys(objectAt(auth, "openid")).length > 0;
    const isTls = isObject(valueAt(http, "tls"));
    const forced = { ...(isOpenId ? { apikey: true } : {}), ...(isTls ? { secureSession: true } : {}) };
    const rest = Object.keys(forced).reduce(without, auth);
    return withDefaults({ ...rest, ...forced }, { apikey: false, secureSession: false, failDelay: 0 });
  });
}

function effectiveExtensions(extensions: JsonObject): JsonObject {
  let effective = extensions;
  for (const part of PARTS) {
    effective = edited(effective, part, (value) => {
      if (!isObject(value)) return value;
      const filled = withDefaults(value, { enable: true });
      return isTrue(valueAt(filled, "enable")) ? filled : undefined;
    });
  }
  effective = edited(effective, "lint", (lint) => (isTrue(valueAt(lint, "enable")) ? lint : undefined));
  effective = edited(effective, "metrics", (metrics) =>
    edited(withDefaults(objectOf(metrics), { prometheus: {} }), "prometheus", (prometheus) =>
      withDefaults(objectOf(prometheus), { path: "/metrics" }),
    ),
  );
  effective = edited(effective, "scrub", (scrub) =>
    edited(withDefaults(objectOf(scrub), { interval: "24h" }), "interval", atLeastTwoHours),
  );
  effective = edited(effective, "search", (search) =>
    edited(objectOf(search), "cve", (cve) => {
      const filled = withDefaults(objectOf(cve), { updateInterval: "2h", trivy: {} });
      return edited(edited(filled, "updateInterval", atLeastTwoHours), "trivy", (trivy) =>
        withDefaults(objectOf(trivy), {
          dbRepository: "ghcr.io/aquasecurity/trivy-db",
          javaDBRepository: "ghcr.io/aquasecurity/trivy-java-db",
        }),
      );
    }),
  );
  return edited(effective, "sync", (sync) =>
    edited(
      withDefaults(objectOf(sync), { enable: true }),
      "registries",
      eachObject((registry) =>
        edited(
          withDefaults(registry, { tlsVerify: true, syncTimeout: "3h", onDemand: false, preserveDigest: false }),
          "content",
          eachObject((content) => edited(content, "destination", betweenSlashes)),
        ),
      ),
    ),
  );
}

/** zot ignores slashes at both ends. */
function betweenSlashes(folder: unknown): unknown {
  return typeof folder === "string" ? folder.replaceAll(/^\/+|\/+$/g, "") : folder;
}

function atLeastTwoHours(interval: unknown): unknown {
  const time = nanoseconds(interval);
  return time !== undefined && time < SHORTEST_INTERVAL ? "2h" : interval;
}

/** zot reads `"true"` and `1` as true. */
export function isTrue(value: unknown): boolean {
  return value === true || /^(1|t|true)$/i.test(String(value));
}

function withDefaults(object: JsonObject, defaults: JsonObject): JsonObject {
  const missing = Object.entries(defaults).filter(
    ([key, value]) => value !== undefined && (valueAt(object, key) ?? undefined) === undefined,
  );
  return { ...missing.reduce((rest, [key]) => without(rest, key), object), ...Object.fromEntries(missing) };
}

/** The object with another value at a key that it has, in its own spelling; `undefined` removes it. */
function edited(object: JsonObject, key: string, edit: (value: unknown) => unknown): JsonObject {
  const name = spelled(object, key);
  if (name === undefined) return object;
  const value = edit(object[name]);
  return value === undefined ? without(object, key) : { ...object, [name]: value };
}

function without(object: JsonObject, key: string): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => name.toLowerCase() !== key.toLowerCase()));
}

function mapped(object: unknown, change: (value: JsonObject) => JsonObject): unknown {
  if (!isObject(object)) return object;
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => [key, isObject(value) ? change(value) : value]),
  );
}

function eachObject(change: (value: JsonObject) => JsonObject): (value: unknown) => unknown {
  return (value) =>
    Array.isArray(value) ? value.map((entry: unknown) => (isObject(entry) ? change(entry) : entry)) : value;
}

function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}
