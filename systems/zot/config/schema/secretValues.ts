/** Keys of secret values in zot's config. */
const SECRET_KEY =
  /(secret|password|passphrase|token|authorization|cookie|(secret|access|account|private|api)_?key)$|^x-.*(key|secret|signature)$/i;
/** Requests to an event sink carry these, often a token among them. */
const HEADERS = /^headers$/i;
/** The address of a web hook often contains its token. */
const SINKS = /^sinks$/i;
const WEB_HOOK = /^(https?:\/\/[^/]+\/).+$/i;
const URL_WITH_PASSWORD = /^[a-z][a-z0-9+.-]*:\/\/[^/@\s]*:[^/\s]+@/i;
/** Of registries and event sinks, where a token stands in place of the user. */
const URL_WITH_TOKEN = /^(https?|nats|tls|wss?):\/\/[^/\s]+@/i;
/** A token may stand in place of the user. */
const USER_IN_URL = /^([a-z][a-z0-9+.-]*:\/\/)[^/\s]+@/i;

/** Whether a text in zot's config is a secret: everyone on the host can read the config, and it is stored in Pulumi's state. */
export function isSecret(key: string, value: string): boolean {
  return value !== "" && (SECRET_KEY.test(key) || URL_WITH_PASSWORD.test(value) || URL_WITH_TOKEN.test(value));
}

/** Whether a path or a query of a URL has a part that nobody would choose as a name: 16 characters or more with letters and digits. */
export function holdsToken(address: string): boolean {
  const { pathname = "", search = "" } = URL.parse(address) ?? {};
  return `${pathname}${search}`.split(/[/?&=]/).some((part) => /^(?=.*\d)(?=.*[a-z])[\w.~+-]{16,}$/i.test(part));
}

/** A value of zot's config with `[secret]` in place of secrets, for a message. */
export function withoutSecrets(value: unknown, key = "", within: readonly string[] = []): unknown {
  if (Array.isArray(value)) return value.map((entry) => withoutSecrets(entry, key, within));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name, withoutSecrets(inner, name, [...within, key])]),
    );
  }
  // `http.auth.apikey` is a switch.
  if (value === "" || value === null || value === undefined || typeof value === "boolean") return value;
  if (SECRET_KEY.test(key) || within.some((name) => HEADERS.test(name))) return "[secret]";
  if (typeof value !== "string") return value;
  const shown = value.replace(USER_IN_URL, "$1[secret]@");
  return within.some((name) => SINKS.test(name)) ? shown.replace(WEB_HOOK, "$1[secret]") : shown;
}
