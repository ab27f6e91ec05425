/** What zot's config on its host says of sign-in, keys and groups. No secret of it. */
export interface ConfigSeen {
  /** `http.auth.apikey` is true. */
  readonly apikey: boolean;
  /** `http.auth.openid` names a provider. */
  readonly openid: boolean;
  readonly bearer: boolean;
  readonly htpasswd: boolean;
  /** `extensions.apikey` is there, which zot ignores. */
  readonly misplacedApikey: boolean;
  /** The claim that `claimMapping.groups` names; without it zot looks at `groups`. */
  readonly groupsClaim: string;
  /** For each glob of `accessControl.repositories`, the groups that may create. */
  readonly creators: Readonly<Record<string, readonly string[]>>;
}

/** Reads zot's config file, `undefined` when it is no JSON object. zot does not mind the case of its keys. */
export function readConfigSeen(text: string): ConfigSeen | undefined {
  const config = parse(text);
  if (!isRecord(config)) return undefined;
  const auth = property(property(config, "http"), "auth");
  const openid = property(auth, "openid");
  const providers = property(openid, "providers");
  const mapped = property(property(property(providers, "oidc"), "claimMapping"), "groups");
  const repositories = property(property(property(config, "http"), "accessControl"), "repositories");
  return {
    apikey: ["true", "1"].includes(String(property(auth, "apikey"))),
    openid: isRecord(providers) && Object.keys(providers).length > 0,
    bearer: isRecord(property(auth, "bearer")),
    htpasswd: isRecord(property(auth, "htpasswd")),
    misplacedApikey: property(property(config, "extensions"), "apikey") !== undefined,
    groupsClaim: typeof mapped === "string" && mapped !== "" ? mapped : "groups",
    creators: Object.fromEntries(
      Object.entries(isRecord(repositories) ? repositories : {}).map(([glob, value]) => [glob, creatorsOf(value)]),
    ),
  };
}

function creatorsOf(repository: unknown): readonly string[] {
  const policies = property(repository, "policies");
  return (Array.isArray(policies) ? (policies as readonly unknown[]) : [])
    .filter((policy) => texts(property(policy, "actions")).includes("create"))
    .flatMap((policy) => texts(property(policy, "groups")));
}

/** zot takes a text for a list of one. */
function texts(value: unknown): readonly string[] {
  return [value].flat().filter((entry) => typeof entry === "string");
}

function property(value: unknown, name: string): unknown {
  if (!isRecord(value)) return undefined;
  const key = Object.keys(value).find((candidate) => candidate.toLowerCase() === name.toLowerCase());
  return key === undefined ? undefined : value[key];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
