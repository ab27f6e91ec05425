// Stands in for zot: validates a decoded configuration, in zot's order and with its messages.
import { conditionProblem } from "../access/conditions.ts";
import type { BearerConfig } from "./bearer.ts";
import { enablesBearer } from "./bearer.ts";
import type { AccessControlConfig, AuthConfig, OidcProviderConfig, ZotConfig } from "./config.ts";
import { ConfigError } from "./error.ts";
import { formatDuration } from "./durations.ts";
import { isValidGlob } from "../../../systems/zot/access/globs/match.ts";
import type { Log } from "../server/log.ts";
import { readSecretFile } from "./secretFiles.ts";
import type { ZotVersion } from "../version.ts";

const logLevels = ["debug", "trace", "info", "warn", "warning", "error", "fatal", "panic"];
const openIdProviders = ["google", "gitlab", "oidc"];
const oauth2Providers = ["github"];
const distSpecVersion = "1.1.1";

/** Throws a `ConfigError` for what zot rejects, logs a warning for what it ignores, and returns the configuration with its secrets. */
export function checkConfig(config: ZotConfig, version: ZotVersion, log: Log): ZotConfig {
  const withSecrets = readSecrets(config, log);
  warnOfIgnored(withSecrets, log);
  checkLogLevel(withSecrets);
  checkStorage(withSecrets, log);
  checkPort(withSecrets.http.port);
  checkExtensions(withSecrets, version);
  checkProviders(withSecrets.http.auth, log);
  checkBearer(withSecrets.http.auth?.bearer, log);
  checkAccessControl(withSecrets);
  if (config.distSpecVersion !== "" && config.distSpecVersion !== distSpecVersion) {
    log("warn", "config dist-spec version differs from version actually used", {
      "config version": config.distSpecVersion,
      "supported version": distSpecVersion,
    });
  }
  return withSecrets;
}

function invalid(message: string): ConfigError {
  return new ConfigError(`invalid server config: ${message}`, message, { error: "invalid server config" });
}

function readSecrets(config: ZotConfig, log: Log): ZotConfig {
  const { auth } = config.http;
  if (auth === undefined) return config;
  if (auth.sessionKeysFile !== "")
    readOrExplain("failed to read sessionKeysFile", log, () => readSessionKeys(auth.sessionKeysFile));
  if (auth.openid === undefined) return config;
  const providers = Object.entries(auth.openid.providers).map(([name, provider]) => {
    if (provider.credentialsFile === "") return [name, provider] as const;
    const credentials = readOrExplain("failed to read openid provider config file(s)", log, () =>
      readSecretFile(provider.credentialsFile, ["ClientID", "ClientSecret"]),
    );
    const { ClientID: clientId = "", ClientSecret: clientSecret = "" } = credentials;
    return [name, { ...provider, clientId, clientSecret }] as const;
  });
  const openid = { ...auth.openid, providers: Object.fromEntries(providers) };
  return { ...config, http: { ...config.http, auth: { ...auth, openid } } };
}

/** The keys that keep sessions valid across restarts. */
export function readSessionKeys(file: string): { readonly hashKey: string } {
  return { hashKey: readSecretFile(file, ["HashKey", "EncryptKey"])["HashKey"] ?? "" };
}

/** zot logs an invalid secret file twice: what is wrong with it, and what it is for. */
function readOrExplain<T>(purpose: string, log: Log, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    log("error", error.logged, error.fields);
    throw new ConfigError(error.message, purpose, { error: error.message });
  }
}

function warnOfIgnored(config: ZotConfig, log: Log): void {
  if (config.extensions.ignored.includes("apikey")) {
    log(
      "warn",
      "apikey extension configuration will be ignored as API keys are now configurable in the HTTP settings.",
    );
  }
  if (config.extensions.ignored.includes("mgmt")) {
    log("warn", "mgmt extensions configuration option has been made redundant and will be ignored.");
  }
}

function checkLogLevel(config: ZotConfig): void {
  const { level } = config.log;
  if (logLevels.includes(level.toLowerCase())) return;
  const message = `invalid server config: invalid log level '${level}', supported levels are: ${logLevels.join(", ")}`;
  // zot logs the invalid level as the field `level`, which hides the line's own.
  throw new ConfigError(message, message, { error: "invalid server config", level });
}

function checkStorage({ storage }: ZotConfig, log: Log): void {
  const checks = [
    ["garbage-collect delay", storage.gcDelay],
    ["periodic garbage-collect interval", storage.gcInterval],
  ] as const;
  for (const [name, value] of checks) {
    if (value === undefined) continue;
    if (value < 0) {
      const message = `invalid ${name} specified`;
      throw new ConfigError(`invalid server config: ${message} ${formatDuration(value)}`, message, {
        error: "invalid server config",
      });
    }
    if (!storage.gc && value > 0) {
      log("warn", `${name} specified without enabling garbage-collect, will be ignored`, {
        error: "invalid server config",
      });
    }
  }
}

function checkPort(port: string): void {
  const valid = port === "" || (/^\+?\d+$/.test(port) && Number(port) <= 65535);
  if (!valid) throw new ConfigError(`invalid server config: invalid port ${port}`, "invalid port");
}

function checkExtensions({ extensions }: ZotConfig, version: ZotVersion): void {
  if (extensions.ui && !extensions.search) throw invalid("failed to enable ui, search extension must be enabled");
  const path = extensions.metricsPath;
  if (path !== undefined && version.metricsAnonymousPolicy && !path.startsWith("/")) {
    const reason = "invalid server config\nmetrics path must start with /";
    throw new ConfigError(reason, "invalid metrics config", { error: reason });
  }
}

function checkProviders(auth: AuthConfig | undefined, log: Log): void {
  for (const [name, provider] of Object.entries(auth?.openid?.providers ?? {})) checkProvider(name, provider, log);
}

function checkProvider(name: string, provider: OidcProviderConfig, log: Log): void {
  const isOpenId = openIdProviders.includes(name);
  if (!isOpenId && !oauth2Providers.includes(name)) throw invalid("unsupported openid/oauth2 provider");
  if (provider.credentialsFile === "") {
    log("warn", "deprecated: use the new OpenID provider credentialsfile instead of clientid and clientsecret.");
  }
  if (isOpenId && (provider.clientId === "" || provider.issuer === "" || provider.scopes.length === 0)) {
    throw invalid("OpenID provider config requires clientid, issuer and scopes parameters");
  }
  if (!isOpenId && (provider.clientId === "" || provider.scopes.length === 0)) {
    throw invalid("OAuth2 provider config requires clientid and scopes parameters");
  }
}

function checkBearer(bearer: BearerConfig | undefined, log: Log): void {
  const upstream = bearer?.upstreamTokenEndpoint;
  if (upstream === undefined) return;
  if (upstream.realm === "" || upstream.service === "") {
    throw invalid("upstreamTokenEndpoint.realm and upstreamTokenEndpoint.service must be configured together");
  }
  const protocol = URL.parse(upstream.realm)?.protocol;
  if (protocol === undefined) throw invalid("upstreamTokenEndpoint.realm must be an absolute URL");
  if (protocol === "https:") return;
  if (protocol !== "http:" || !upstream.allowInsecureHttp) {
    throw invalid("upstreamTokenEndpoint.realm must use https unless upstreamTokenEndpoint.allowInsecureHttp is true");
  }
  log(
    "warn",
    "upstreamTokenEndpoint.allowInsecureHttp is enabled; token endpoint credentials may be sent over plaintext HTTP",
  );
}

function checkAccessControl({ http }: ZotConfig): void {
  const { accessControl, auth } = http;
  if (accessControl === undefined) return;
  const authenticates =
    auth !== undefined &&
    (auth.passwords || auth.mtls || auth.openid !== undefined || auth.apiKey || enablesBearer(auth.bearer));
  if (!authenticates && !hasOnlyAnonymousPolicies(accessControl)) {
    throw invalid(
      "access control config requires one of htpasswd, ldap, openid or mTLS authentication or using only 'anonymousPolicy' policies",
    );
  }
  const problem = conditionProblem(accessControl);
  if (problem !== undefined) {
    const message = "failed to compile access control policy conditions";
    throw new ConfigError(`invalid server config: ${problem}`, message, { error: problem });
  }
  if (Object.keys(accessControl.repositories).every(isValidGlob)) return;
  throw new ConfigError(
    "syntax error in pattern: failed to compile authorization pattern",
    "failed to compile authorization pattern",
    { error: "syntax error in pattern" },
  );
}

/** Whether the access control has anonymous policies and no others. */
export function hasOnlyAnonymousPolicies(accessControl: AccessControlConfig): boolean {
  const { adminPolicy, repositories } = accessControl;
  const groups = Object.values(repositories);
  if (adminPolicy.actions.length + adminPolicy.users.length > 0) return false;
  const named = groups.some(
    ({ defaultPolicy, policies }) =>
      defaultPolicy.length > 0 || policies.some(({ actions, users }) => actions.length + users.length > 0),
  );
  return !named && groups.some(({ anonymousPolicy }) => anonymousPolicy.length > 0);
}
