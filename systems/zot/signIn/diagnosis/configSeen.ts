import { isObject } from "../../../../core/json.ts";
import { objectAt, valueAt } from "../../config/syntax/anyCase.ts";
import { parseRepositoryRules } from "../../access/policies.ts";

/** What zot's config on its host says about sign-in, keys and groups. No secrets. */
export interface ConfigSeen {
  /** `http.auth.apikey` is true. */
  readonly apikey: boolean;
  /** `http.auth.openid` names a provider. */
  readonly openid: boolean;
  readonly bearer: boolean;
  readonly htpasswd: boolean;
  /** `extensions.apikey` is present, which zot ignores. */
  readonly misplacedApikey: boolean;
  /** The claim that `claimMapping.groups` names; the default is `groups`. */
  readonly groupsClaim: string;
  /** For each glob of `accessControl.repositories`, the groups that may create. */
  readonly creators: Readonly<Record<string, readonly string[]>>;
}

/** Reads zot's config file; `undefined` if it is not a JSON object. */
export function readConfigSeen(text: string): ConfigSeen | undefined {
  const config = parse(text);
  if (!isObject(config)) return undefined;
  const auth = objectAt(config, "http", "auth");
  const mapped = valueAt(auth, "openid", "providers", "oidc", "claimMapping", "groups");
  return {
    apikey: ["true", "1"].includes(String(valueAt(auth, "apikey"))),
    openid: Object.keys(objectAt(auth, "openid", "providers")).length > 0,
    bearer: isObject(valueAt(auth, "bearer")),
    htpasswd: isObject(valueAt(auth, "htpasswd")),
    misplacedApikey: valueAt(config, "extensions", "apikey") !== undefined,
    groupsClaim: typeof mapped === "string" && mapped !== "" ? mapped : "groups",
    creators: Object.fromEntries(
      parseRepositoryRules(config).map(({ glob, policies }) => [
        glob,
        policies.filter(({ actions }) => actions.includes("create")).flatMap(({ groups }) => groups),
      ]),
    ),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
