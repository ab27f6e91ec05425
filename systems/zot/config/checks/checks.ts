import { accessControlProblems } from "../../access/checks.ts";
import { isObject } from "../../../../core/json.ts";
import { objectAt, valueAt } from "../syntax/anyCase.ts";
import type { JsonObject } from "../../../../core/json.ts";
import { DURATION_KEY } from "../syntax/goDuration.ts";
import { isSecret } from "../schema/secretValues.ts";
import { patternProblems } from "./patterns.ts";
import { shown } from "./problem.ts";
import type { ConfigProblem } from "./problem.ts";

/** What the config must match. */
export interface Expected {
  /** The setting registry.url. */
  readonly registryUrl: string;
  /** The issuer URL of the identity provider. zot compares it byte by byte. */
  readonly issuer: string;
  /** Whether the settings write `http.auth.bearer`. Default: no. */
  readonly bearer?: boolean;
}

/**
 * Mistakes that `zot verify` accepts, but that do not work or are not safe. What only the host knows (missing files, an issuer that does
 * not respond) is checked there.
 */
export function* configProblems(config: JsonObject, expected: Expected): Generator<ConfigProblem> {
  yield* listenerProblems(objectAt(config, "http"), expected);
  yield* signInProblems(objectAt(config, "http", "auth"), expected);
  yield* accessControlProblems(config);
  yield* storageProblems(objectAt(config, "storage"));
  yield* patternProblems(config);
  yield* extensionProblems(objectAt(config, "extensions"));
  yield* secretProblems(config, []);
}

function* listenerProblems(http: JsonObject, expected: Expected): Generator<ConfigProblem> {
  const url = valueAt(http, "externalUrl");
  if (url !== expected.registryUrl) {
    yield {
      path: "http.externalUrl",
      message: `got ${shown(url)}; must be registry.url "${expected.registryUrl}", or sign-ins are redirected to another address.`,
    };
  }
  const port = valueAt(http, "port");
  if (typeof port !== "string" || !/^\d+$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
    yield {
      path: "http.port",
      message: `got ${shown(port)}; must be a string with a port between 1 and 65535. Without one, zot listens on a random port.`,
    };
  }
  const address = valueAt(http, "address");
  if (typeof address !== "string" || !/^(localhost|[0-9.]+|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*)$/.test(address)) {
    yield {
      path: "http.address",
      message: `got ${shown(address)}; must be an IP address, or zot does not start.`,
    };
  }
}

function* signInProblems(auth: JsonObject, expected: Expected): Generator<ConfigProblem> {
  const providers = objectAt(auth, "openid", "providers");
  if (Object.keys(providers).length === 0) {
    yield {
      path: "http.auth.openid.providers",
      message: "is empty: nobody can sign in or create an API key. It must contain the provider oidc.",
    };
  }
  for (const [name, provider] of Object.entries(providers)) {
    yield* providerProblems(objectAt({ provider }, "provider"), `http.auth.openid.providers.${name}`, name, expected);
  }
  if (expected.bearer !== true && valueAt(auth, "bearer") !== undefined) {
    yield {
      path: "http.auth.bearer",
      message:
        "conflicts with openid: zot 2.1.21 and earlier would reject every sign-in, API key and anonymous pull. Remove it. For tokens of Forgejo's jobs, set auth: jobToken in ci.accounts.",
    };
  }
  const asked = ["realm", "service"].filter((key) => valueAt(auth, "bearer", key) !== undefined);
  if (expected.bearer === true && asked.length > 0) {
    yield {
      path: "http.auth.bearer",
      message: `has ${asked.join(" and ")}: zot would answer clients without credentials with a challenge for a token, which they cannot get, so skopeo and crane could no longer pull anonymously. Remove ${asked.length === 1 ? "it" : "them"}.`,
    };
  }
  const apiKey = valueAt(auth, "apikey");
  if (apiKey !== true) {
    yield {
      path: "http.auth.apikey",
      message: `got ${shown(apiKey)}; must be true, because CI authenticates with an API key.`,
    };
  }
}

function* providerProblems(
  provider: JsonObject,
  path: string,
  name: string,
  expected: Expected,
): Generator<ConfigProblem> {
  const scopes = valueAt(provider, "scopes");
  if (typeof scopes === "string") {
    yield {
      path: `${path}.scopes`,
      message: `got ${shown(scopes)}, which zot reads as one scope with that name; must be a list, such as ["openid", "email", "profile"].`,
    };
  }
  for (const claim of ["username", "groups"]) {
    const mapped = valueAt(provider, "claimMapping", claim);
    if (mapped === undefined || (typeof mapped === "string" && /^[\w.:/-]+$/.test(mapped))) continue;
    yield {
      path: `${path}.claimMapping.${claim}`,
      message: `got ${shown(mapped)}; must be the name of a claim. If a token lacks it, zot uses the e-mail address without an error.`,
    };
  }
  if (name !== "oidc") return;
  const issuer = valueAt(provider, "issuer");
  if (issuer === expected.issuer) return;
  const slash = typeof issuer === "string" && `${issuer}/` === expected.issuer ? " The trailing slash is missing." : "";
  yield {
    path: `${path}.issuer`,
    message: `got ${shown(issuer)}; must be exactly "${expected.issuer}", or zot does not start.${slash}`,
  };
}

function* storageProblems(storage: JsonObject): Generator<ConfigProblem> {
  const root = valueAt(storage, "rootDirectory");
  if (typeof root !== "string" || root === "") {
    yield { path: "storage.rootDirectory", message: `got ${shown(root)}; must be the folder for images.` };
  }
  yield* numberedDurations(storage, "storage");
}

/** zot reads a number as nanoseconds where it expects a duration: with `gcDelay: 24`, it collects garbage immediately. */
function* numberedDurations(value: unknown, path: string): Generator<ConfigProblem> {
  if (Array.isArray(value)) {
    for (const [index, entry] of value.entries()) yield* numberedDurations(entry, `${path}.${index}`);
    return;
  }
  if (!isObject(value)) return;
  for (const [key, inner] of Object.entries(value)) {
    const isDuration = DURATION_KEY.test(key);
    if (isDuration && typeof inner === "number") {
      yield {
        path: `${path}.${key}`,
        message: `got ${inner}, which zot reads as nanoseconds; must be a string with a unit, such as "24h".`,
      };
    }
    yield* numberedDurations(inner, `${path}.${key}`);
  }
}

function* extensionProblems(extensions: JsonObject): Generator<ConfigProblem> {
  if (valueAt(extensions, "apikey") !== undefined) {
    yield {
      path: "extensions.apikey",
      message: "is ignored by zot: http.auth.apikey enables API keys, and this program sets it. Remove it.",
    };
  }
  if (valueAt(extensions, "mgmt") !== undefined) {
    yield { path: "extensions.mgmt", message: "is ignored by zot, which always serves this API. Remove it." };
  }
  const registries = valueAt(extensions, "sync", "registries");
  for (const [index, registry] of (Array.isArray(registries) ? registries : []).entries()) {
    const urls = valueAt(registry, "urls");
    if (Array.isArray(urls) && urls.length > 0) continue;
    yield {
      path: `extensions.sync.registries.${index}.urls`,
      message: "is empty: zot would never fetch anything. It must contain the registry's address.",
    };
  }
  yield* numberedDurations(extensions, "extensions");
}

function* secretProblems(value: unknown, path: readonly string[]): Generator<ConfigProblem> {
  if (Array.isArray(value)) {
    for (const [index, entry] of value.entries()) yield* secretProblems(entry, [...path, String(index)]);
    return;
  }
  if (isObject(value)) {
    for (const [key, inner] of Object.entries(value)) yield* secretProblems(inner, [...path, key]);
    return;
  }
  if (typeof value !== "string" || !isSecret(path.at(-1) ?? "", value)) return;
  yield {
    path: path.join("."),
    message:
      "contains a secret (not shown), which would be stored in Pulumi's state and in a file that everyone on the host can read. Use a separate file (such as credentialsFile) or the environment of the service.",
  };
}
