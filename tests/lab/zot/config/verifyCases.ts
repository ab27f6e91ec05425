// Rebuilds the configurations of the recorded `zot verify` cases from the cases' names.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestConfig } from "../support/registry.ts";
import { threeTierConfig } from "../support/registry.ts";

export interface VerifyCase {
  /** Default `config.json`. */
  readonly name?: string;
  /** Absent for a missing file. */
  readonly text?: string;
}

// The tests set keys that the types do not have.
interface Loose {
  [key: string]: Loose;
}

/** All cases by name. Writes their secret files to the folder. */
export function verifyCases(folder: string): ReadonlyMap<string, VerifyCase> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "credentials.json"), '{"clientid":"a","clientsecret":"b"}');
  writeFileSync(join(folder, "keys.json"), JSON.stringify({ hashKey: "h".repeat(64), encryptKey: "e".repeat(32) }));
  writeFileSync(join(folder, "short-keys.json"), JSON.stringify({ hashKey: "h".repeat(64), encryptKey: "seven77" }));
  const cases = new Map<string, VerifyCase>();
  const add = (name: string, change: (config: Loose, provider: Loose, all: Loose) => void): void => {
    const config = baseConfig(folder) as unknown as Loose;
    const provider = at(config, "http", "auth", "openid", "providers", "oidc");
    change(config, provider, at(config, "http", "accessControl", "repositories", "**"));
    cases.set(name, { text: JSON.stringify(config) });
  };
  const base = JSON.stringify(baseConfig(folder));
  cases.set("good", { text: base });
  cases.set("missing file", { name: "nofile.json" });
  cases.set("malformed JSON", { text: base.slice(0, -1) });
  cases.set("empty file", { text: "" });
  cases.set("empty object", { text: "{}" });
  cases.set("JSON with comments", { text: `// comment\n${base}` });
  cases.set("trailing comma", { text: `${base.slice(0, -1)},}` });
  cases.set("yaml", { name: "config.yaml", text: base });
  cases.set("no extension file name", { name: "config", text: base });
  addUnknownKeys(add);
  addAccessControl(add);
  addCredentials(folder, add);
  addProviders(add);
  addServer(add);
  addAuth(folder, add);
  addExtensions(add);
  return cases;
}

type Add = (name: string, change: (config: Loose, provider: Loose, all: Loose) => void) => void;

function baseConfig(folder: string): TestConfig {
  const config = threeTierConfig(folder, 5600, "http://127.0.0.1:9400");
  // The only form that every release accepts.
  if (config.http.accessControl !== undefined) config.http.accessControl.metrics = { users: [""] };
  return { ...config, distSpecVersion: "1.1.0", storage: { ...config.storage, gcDelay: "1h", gcInterval: "24h" } };
}

function at(config: Loose, ...path: readonly string[]): Loose {
  return path.reduce((value, key) => (value[key] ??= {}), config);
}

function set(target: Loose, key: string, value: unknown): void {
  target[key] = value as Loose;
}

function remove(target: Loose, key: string): void {
  Reflect.deleteProperty(target, key);
}

function addUnknownKeys(add: Add): void {
  add("unknown top key", (config) => set(config, "foo", 1));
  add("unknown http key", (config) => set(at(config, "http"), "foo", 1));
  add("unknown openid provider key", (_config, provider) => set(provider, "foo", 1));
  add("unknown policy key", (_config, _provider, all) => set(at(all, "policies", "0"), "foo", 1));
  add("unknown PolicyGroup key (typo anonymousPolicies)", (_config, _provider, all) =>
    set(all, "anonymousPolicies", ["read"]),
  );
  add("accessControl top-level repo glob (old layout)", (config, _provider, all) => {
    set(at(config, "http"), "accessControl", { "**": all });
  });
  add("http.apikey", (config) => set(at(config, "http"), "apikey", true));
  add("auth.apiKeys", (config) => set(at(config, "http", "auth"), "apiKeys", true));
}

function addAccessControl(add: Add): void {
  const policy = (name: string, key: string, value: unknown): void =>
    add(name, (_config, _provider, all) => set(at(all, "policies", "0"), key, value));
  policy("bad action name", "actions", ["raed"]);
  policy('actions as string "read"', "actions", "read");
  policy("empty actions", "actions", []);
  policy("policy condition bad CEL", "conditions", [{ expression: "req.tls.(", message: "TLS only" }]);
  policy("policy condition CEL", "conditions", [{ expression: "req.tls.enabled", message: "TLS only" }]);
  add("policy without users/groups", (_config, _provider, all) => remove(at(all, "policies", "0"), "groups"));
  add("accessControl without ** (only typo glob)", (config) =>
    set(at(config, "http", "accessControl"), "repositories", { "[**": { anonymousPolicy: ["read"] } }),
  );
  add("repositories empty", (config) => set(at(config, "http", "accessControl"), "repositories", {}));
  add("no accessControl", (config) => remove(at(config, "http"), "accessControl"));
  add("no auth at all but accessControl with policies", (config) => remove(at(config, "http"), "auth"));
  add("auth {} + anonymous only", (config) => {
    set(at(config, "http"), "auth", {});
    set(at(config, "http"), "accessControl", { repositories: { "**": { anonymousPolicy: ["read"] } } });
  });
  add("metrics.anonymousPolicy", (config) =>
    set(at(config, "http", "accessControl"), "metrics", { anonymousPolicy: ["read"] }),
  );
  add("adminPolicy users", (config) =>
    set(at(config, "http", "accessControl"), "adminPolicy", { users: ["admin"], actions: ["read"] }),
  );
  add("adminPolicy groups", (config) =>
    set(at(config, "http", "accessControl"), "adminPolicy", { groups: ["admins"], actions: ["read"] }),
  );
  add("groups", (config) => set(at(config, "http", "accessControl"), "groups", { team: { users: ["someone"] } }));
}

function addCredentials(folder: string, add: Add): void {
  add("missing credentialsFile", (_config, provider) => set(provider, "credentialsFile", "/nope.json"));
  add("no credentialsFile, no clientid", (_config, provider) => remove(provider, "credentialsFile"));
  add("inline clientid/clientsecret", (_config, provider) => {
    remove(provider, "credentialsFile");
    Object.assign(provider, { clientid: "a", clientsecret: "b" });
  });
  const files = [
    ["cred-unknown.json", '{"clientid":"a","clientsecret":"b","x":1}'],
    ["cred-missing.json", '{"clientid":"a"}'],
    ["cred-empty.json", "{}"],
    ["cred-bad.json", "{"],
    ["cred-case.json", '{"clientID":"a","clientSecret":"b"}'],
    ["cred-snake.json", '{"client_id":"a","client_secret":"b"}'],
    ["cred-emptyval.json", '{"clientid":"","clientsecret":""}'],
    ["cred-noext", '{"clientid":"a","clientsecret":"b"}'],
  ] as const;
  for (const [file, text] of files) {
    writeFileSync(join(folder, file), text);
    add(`credentialsFile ${file} ${text}`, (_config, provider) => set(provider, "credentialsFile", join(folder, file)));
  }
}

function addProviders(add: Add): void {
  const provider = (name: string, key: string, value: unknown): void =>
    add(name, (_config, oidc) => set(oidc, key, value));
  add("issuer missing", (_config, oidc) => remove(oidc, "issuer"));
  add("scopes missing", (_config, oidc) => remove(oidc, "scopes"));
  provider("scopes empty", "scopes", []);
  provider("scopes as string", "scopes", "openid email");
  provider("issuer garbage", "issuer", "garbage");
  provider("issuer unreachable", "issuer", "http://127.0.0.1:1");
  provider("claimMapping.groups", "claimMapping", { username: "preferred_username", groups: "roles" });
  provider("claimMapping.username bogus", "claimMapping", { username: "bogus" });
  add("provider name authentik", (config, oidc) =>
    set(at(config, "http", "auth", "openid"), "providers", { authentik: oidc }),
  );
  add("providers empty", (config) => set(at(config, "http", "auth", "openid"), "providers", {}));
  add("openid {}", (config) => set(at(config, "http", "auth"), "openid", {}));
}

function addServer(add: Add): void {
  for (const port of ["abc", "70000", "-1", "", "0"])
    add(`port '${port}'`, (config) => set(at(config, "http"), "port", port));
  const http = (name: string, key: string, value: unknown): void =>
    add(name, (config) => set(at(config, "http"), key, value));
  const storage = (name: string, values: object): void =>
    add(name, (config) => Object.assign(at(config, "storage"), values));
  http("port 5600", "port", 5600);
  http("address garbage", "address", "garbage");
  http("externalUrl garbage", "externalUrl", "garbage");
  http("tls cert missing file", "tls", { cert: "/nope.crt", key: "/nope.key" });
  http("ratelimit", "ratelimit", { rate: 5, methods: [{ method: "GET", rate: 5 }] });
  add("externalUrl missing", (config) => remove(at(config, "http"), "externalUrl"));
  storage("rootDirectory missing", { rootDirectory: "/nope/nope" });
  storage("rootDirectory not writable", { rootDirectory: "/proc/nope" });
  storage("gcDelay bad", { gcDelay: "1x" });
  storage("gcDelay negative", { gcDelay: "-1h" });
  storage("gcDelay number", { gcDelay: 3600 });
  storage("gc false with gcDelay", { gc: false });
  storage("retention", {
    retention: { delay: "1h", policies: [{ repositories: ["**"], keepTags: [{ patterns: [".*"] }] }] },
  });
  add("log level bad", (config) => set(config, "log", { level: "verbose" }));
  add("log missing", (config) => remove(config, "log"));
  add("distSpecVersion 1.0", (config) => set(config, "distSpecVersion", "1.0"));
  add("distSpecVersion missing", (config) => remove(config, "distSpecVersion"));
}

function addAuth(folder: string, add: Add): void {
  const auth = (name: string, values: object): void =>
    add(name, (config) => Object.assign(at(config, "http", "auth"), values));
  add("key case: HTTP.AUTH.ApiKey", (config) => {
    const { auth: settings, ...http } = at(config, "http");
    const { apikey, ...others } = settings as unknown as Record<string, unknown>;
    remove(config, "http");
    set(config, "HTTP", { ...http, AUTH: { ...others, ApiKey: apikey } });
  });
  add("apikey only, no openid", (config) => set(at(config, "http"), "auth", { apikey: true }));
  auth("apikey false + openid", { apikey: false });
  auth('apikey string "yes"', { apikey: "yes" });
  auth('apikey string "true"', { apikey: "true" });
  auth("auth.apikey object", { apikey: { enable: true } });
  auth("htpasswd missing file", { htpasswd: { path: "/nope" } });
  auth("sessionKeysFile missing", { sessionKeysFile: "/nope.json" });
  auth("sessionKeysFile ok", { sessionKeysFile: join(folder, "keys.json") });
  auth("sessionKeysFile encryptKey of 7 bytes", { sessionKeysFile: join(folder, "short-keys.json") });
  auth("failDelay", { failDelay: 5 });
  auth("failDelay string", { failDelay: "5s" });
  auth("secureSession", { secureSession: true });
  auth("bearer.oidc + openid both", {
    bearer: { realm: "r", service: "s", oidc: [{ issuer: "http://127.0.0.1:9400", audiences: ["zot"] }] },
  });
}

function addExtensions(add: Add): void {
  const extension = (name: string, key: string, value: unknown): void =>
    add(name, (config) => set(at(config, "extensions"), key, value));
  extension("extensions.apikey.enable", "apikey", { enable: true });
  extension("extensions.apiKey bool", "apiKey", true);
  extension("extensions.mgmt (deprecated)", "mgmt", { enable: true });
  add("extensions.apikey only (not in http.auth)", (config) => {
    remove(at(config, "http", "auth"), "apikey");
    set(at(config, "extensions"), "apikey", { enable: true });
  });
  add("extensions.ui without search", (config) => set(config, "extensions", { ui: { enable: true } }));
  const registry = { urls: ["https://registry.example.test"], onDemand: true, content: [{ prefix: "**" }] };
  extension("sync registry no urls", "sync", { enable: true, registries: [{ ...registry, urls: [] }] });
  extension("sync credentialsFile missing", "sync", {
    enable: true,
    credentialsFile: "/nope.json",
    registries: [registry],
  });
  extension("metrics path bad", "metrics", { enable: true, prometheus: { path: "metrics" } });
}
