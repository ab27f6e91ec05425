import { isObject } from "../../../../../core/json.ts";
import type { JsonObject } from "../../../../../core/json.ts";

/**
 * What must go as a whole, because without one of its keys it means something else: a provider without its secret, a directory that is asked without
 * a password. In lower case; `*` is any key.
 */
const WHOLE = [
  "http.auth.openid.providers.*",
  "http.auth.ldap",
  "http.auth.bearer",
  "http.accesscontrol.adminpolicy",
  "http.accesscontrol.repositories.*.policies.*",
  "extensions.events.sinks.*",
  "extensions.sync.registries.*",
  "extensions.apikey",
  "extensions.mgmt",
];

/**
 * `zot.extra` without a part.
 *
 * @param place where a check found something: `http.auth.ldap.bindPassword`. Keys may contain dots.
 * @returns the rest, and the path of what is gone; `undefined` if nothing is there
 */
export function withoutPart(
  extra: JsonObject,
  place: string,
): { readonly rest: JsonObject; readonly path: string } | undefined {
  const path = keysOf(extra, place);
  if (path === undefined) return undefined;
  // The provider itself is written by settings.
  const isOurs = startsWith(path, ["http", "auth", "openid", "providers", "oidc"]);
  const whole = isOurs ? undefined : WHOLE.map((one) => one.split(".")).find((one) => startsWith(path, one));
  const gone = path.slice(0, whole?.length ?? path.length);
  const rest = removed(extra, gone);
  return { rest: isObject(rest) ? rest : {}, path: gone.join(".") };
}

function startsWith(path: readonly string[], pattern: readonly string[]): boolean {
  return pattern.every((key, index) => (key === "*" ? path.length > index : key === path[index]?.toLowerCase()));
}

/** `zot.extra` with the last key of a place in lower case, as every key is known; `undefined` if it is already. */
export function inLowerCase(extra: JsonObject, place: string): JsonObject | undefined {
  const path = keysOf(extra, place) ?? [];
  const last = path.at(-1) ?? "";
  if (last === last.toLowerCase()) return undefined;
  const renamed = replaced(extra, path, (owner) =>
    Object.fromEntries(Object.entries(owner).map(([key, value]) => [key === last ? key.toLowerCase() : key, value])),
  );
  return isObject(renamed) ? renamed : undefined;
}

/** The value with another object in place of the one that has the last key of a path. */
function replaced(
  value: unknown,
  [key, ...rest]: readonly string[],
  replace: (owner: JsonObject) => JsonObject,
): unknown {
  if (Array.isArray(value))
    return value.map((entry: unknown, index) => (index === Number(key) ? replaced(entry, rest, replace) : entry));
  if (!isObject(value)) return value;
  if (rest.length === 0) return replace(value);
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, name === key ? replaced(inner, rest, replace) : inner]),
  );
}

/** The keys that a place names, as far as it leads. */
function keysOf(value: unknown, place: string): readonly string[] | undefined {
  if (place === "") return [];
  const entries = Array.isArray(value) ? [...value.entries()] : isObject(value) ? Object.entries(value) : [];
  for (const [name, inner] of entries) {
    const key = String(name);
    const named = [key.toLowerCase(), "*"].find(
      (one) => place.toLowerCase() === one || place.toLowerCase().startsWith(`${one}.`),
    );
    if (named === undefined) continue;
    return [key, ...(keysOf(inner, place.slice(named.length + 1)) ?? [])];
  }
  return undefined;
}

/** Nothing is left of a part of which everything is gone. */
function removed(value: unknown, [key, ...rest]: readonly string[]): unknown {
  if (key === undefined) return undefined;
  if (Array.isArray(value)) {
    const left = value.flatMap((entry: unknown, index) => {
      const inner = index === Number(key) ? removed(entry, rest) : entry;
      return inner === undefined ? [] : [inner];
    });
    return left.length === 0 ? undefined : left;
  }
  if (!isObject(value)) return value;
  const left = Object.entries(value).flatMap(([name, inner]) => {
    const now = name === key ? removed(inner, rest) : inner;
    return now === undefined ? [] : [[name, now] as const];
  });
  return left.length === 0 ? undefined : Object.fromEntries(left);
}
