import { accessProblems } from "../../access/checks.ts";
import { isObject, objectAt, valueAt } from "../../../../core/json.ts";
import type { JsonObject } from "../../../../core/json.ts";
import { shown } from "./problem.ts";
import type { ConfigProblem } from "./problem.ts";

/** What the config has to agree with. */
export interface Expected {
  /** zot's own address, as people and CI use it. */
  readonly registryUrl: string;
  /** The issuer as the identity provider writes it. zot compares it byte by byte. */
  readonly issuer: string;
}

/**
 * What `zot verify` takes for valid, and what then does not work, or not safely (facts/zot.md, section f). What only the host can tell
 * (files that are missing, an issuer that does not answer) is checked there.
 */
export function* configProblems(config: JsonObject, expected: Expected): Generator<ConfigProblem> {
  yield* listenerProblems(objectAt(config, "http"), expected);
  yield* signInProblems(objectAt(config, "http", "auth"), expected);
  yield* accessProblems(config);
  yield* storageProblems(objectAt(config, "storage"));
  yield* extensionProblems(objectAt(config, "extensions"));
  yield* secretProblems(config, []);
}

function* listenerProblems(http: JsonObject, expected: Expected): Generator<ConfigProblem> {
  const url = valueAt(http, "externalUrl");
  if (url !== expected.registryUrl) {
    yield {
      path: "http.externalUrl",
      message: `got ${shown(url)}; it has to be registry.url "${expected.registryUrl}", or a sign-in returns to somewhere else.`,
    };
  }
  const port = valueAt(http, "port");
  if (typeof port !== "string" || !/^\d+$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
    yield {
      path: "http.port",
      message: `got ${shown(port)}; it has to be a port between 1 and 65535 as a text: with none, zot listens on one that nobody knows.`,
    };
  }
  const address = valueAt(http, "address");
  if (typeof address !== "string" || !/^(localhost|[0-9.]+|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*)$/.test(address)) {
    yield {
      path: "http.address",
      message: `got ${shown(address)}; it has to be an IP address, or zot does not start.`,
    };
  }
}

function* signInProblems(auth: JsonObject, expected: Expected): Generator<ConfigProblem> {
  const providers = objectAt(auth, "openid", "providers");
  if (Object.keys(providers).length === 0) {
    yield {
      path: "http.auth.openid.providers",
      message: "is empty: nobody could sign in, and no API key could be made. It has to have the provider oidc.",
    };
  }
  for (const [name, provider] of Object.entries(providers)) {
    yield* providerProblems(objectAt({ provider }, "provider"), `http.auth.openid.providers.${name}`, name, expected);
  }
  if (valueAt(auth, "bearer") !== undefined) {
    yield {
      path: "http.auth.bearer",
      message:
        "does not go together with openid: zot would refuse every sign-in, API key and anonymous pull. Leave it out, or run a second zot for it.",
    };
  }
  const apiKey = valueAt(auth, "apikey");
  if (apiKey !== true) {
    yield {
      path: "http.auth.apikey",
      message: `got ${shown(apiKey)}; it has to be true, since CI signs in with a key (zot turns keys on with openid all the same).`,
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
      message: `got ${shown(scopes)}, which zot takes for one scope of that name. It has to be a list, such as ["openid", "email", "profile"].`,
    };
  }
  for (const claim of ["username", "groups"]) {
    const mapped = valueAt(provider, "claimMapping", claim);
    if (mapped === undefined || (typeof mapped === "string" && /^[\w.:/-]+$/.test(mapped))) continue;
    yield {
      path: `${path}.claimMapping.${claim}`,
      message: `got ${shown(mapped)}; it has to be a claim's name. Where a token lacks it, zot goes by the e-mail address, without an error.`,
    };
  }
  if (name !== "oidc") return;
  const issuer = valueAt(provider, "issuer");
  if (issuer === expected.issuer) return;
  const slash =
    typeof issuer === "string" && `${issuer}/` === expected.issuer ? " The slash at its end is missing." : "";
  yield {
    path: `${path}.issuer`,
    message: `got ${shown(issuer)}; it has to be "${expected.issuer}", byte for byte, or zot does not start.${slash}`,
  };
}

function* storageProblems(storage: JsonObject): Generator<ConfigProblem> {
  const root = valueAt(storage, "rootDirectory");
  if (typeof root !== "string" || root === "") {
    yield { path: "storage.rootDirectory", message: `got ${shown(root)}; it has to be the folder of the images.` };
  }
  yield* numberedDurations(storage, "storage");
}

/** A number where a duration belongs is nanoseconds to zot: `gcDelay: 24` collects at once. */
function* numberedDurations(value: unknown, path: string): Generator<ConfigProblem> {
  if (Array.isArray(value)) {
    for (const [index, entry] of value.entries()) yield* numberedDurations(entry, `${path}.${index}`);
    return;
  }
  if (!isObject(value)) return;
  for (const [key, inner] of Object.entries(value)) {
    const isDuration = /^(gcDelay|gcInterval|delay|\w+Within|\w*Interval|\w*Timeout|\w*RetryDelay)$/i.test(key);
    if (isDuration && typeof inner === "number") {
      yield {
        path: `${path}.${key}`,
        message: `got ${inner}, which zot takes for nanoseconds. It has to be a text with a unit, such as "24h".`,
      };
    }
    yield* numberedDurations(inner, `${path}.${key}`);
  }
}

function* extensionProblems(extensions: JsonObject): Generator<ConfigProblem> {
  if (valueAt(extensions, "apikey") !== undefined) {
    yield {
      path: "extensions.apikey",
      message: "is ignored by zot: API keys are turned on in http.auth.apikey, as this program does. Leave it out.",
    };
  }
  if (valueAt(extensions, "mgmt") !== undefined) {
    yield { path: "extensions.mgmt", message: "is ignored by zot, which always has this API. Leave it out." };
  }
  const registries = valueAt(extensions, "sync", "registries");
  for (const [index, registry] of (Array.isArray(registries) ? registries : []).entries()) {
    const urls = valueAt(registry, "urls");
    if (Array.isArray(urls) && urls.length > 0) continue;
    yield {
      path: `extensions.sync.registries.${index}.urls`,
      message: "is empty: nothing would ever be fetched. It has to have the registry's address.",
    };
  }
  yield* numberedDurations(extensions, "extensions");
}

/** Values that are secrets by their key. The config is readable for everybody on its host, and stands in Pulumi's state. */
const SECRET_KEY = /^(clientsecret|secretkey|accesskey|password|token|bindpassword|authorization|private_?key)$/i;
const URL_WITH_PASSWORD = /^[a-z][a-z0-9+.-]*:\/\/[^/@\s]*:[^/@\s]+@/i;

function* secretProblems(value: unknown, path: readonly string[]): Generator<ConfigProblem> {
  if (Array.isArray(value)) {
    for (const [index, entry] of value.entries()) yield* secretProblems(entry, [...path, String(index)]);
    return;
  }
  if (isObject(value)) {
    for (const [key, inner] of Object.entries(value)) yield* secretProblems(inner, [...path, key]);
    return;
  }
  if (typeof value !== "string" || value === "") return;
  if (!SECRET_KEY.test(path.at(-1) ?? "") && !URL_WITH_PASSWORD.test(value)) return;
  yield {
    path: path.join("."),
    message:
      "holds a secret (not shown), which would stand in Pulumi's state and in a file that everybody on the host can read. Use zot's way of a file (credentialsFile and the like), or the service's environment.",
  };
}
