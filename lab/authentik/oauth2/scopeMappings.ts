// Stands in for Authentik: scope mappings, whose Python expressions define the claims of a scope.
import type { Database } from "../models/database.ts";
import type { Json, JsonObject } from "../../shared/json.ts";
import { list, text } from "../../shared/json.ts";
import { directGroups } from "../policies/policies.ts";
import type { Row } from "../models/state.ts";

/** The mappings of a provider, in order. */
export function mappingsOf(database: Database, provider: Row): readonly Row[] {
  return list(provider["property_mappings"])
    .map((pk) => database.get("authentik_providers_oauth2.scopemapping", pk))
    .filter((mapping) => mapping !== undefined);
}

/** The names of a mapping's claims. */
export const claimNames = (mapping: Row): readonly string[] => pairs(mapping).map(([name]) => name);

/** A mapping's claims for a user. */
export function claimsFor(database: Database, mapping: Row, user: Row): JsonObject {
  return Object.fromEntries(
    pairs(mapping).flatMap(([name, expression]) => {
      const value = evaluate(database, expression, user);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/**
 * The pairs of `return {"name": expression, …}`, one per line or separated by commas. No other form is supported:
 * Authentik's own mappings, and most custom ones, have this form.
 */
function pairs(mapping: Row): readonly (readonly [string, string])[] {
  const code = text(mapping["expression"]).replaceAll(/^\s*#.*$/gm, "");
  const body = /return\s*\{([\s\S]*)\}\s*$/.exec(code)?.[1] ?? "";
  return [...body.matchAll(/["'](\w+)["']\s*:\s*(\[[^\]]*\]|"[^"]*"|'[^']*'|[^,\n]+)/g)].map(
    ([, name = "", expression = ""]) => [name, expression.trim()] as const,
  );
}

function evaluate(database: Database, expression: string, user: Row): Json | undefined {
  const attribute = /^(?:request\.)?user\.(username|name|email|pk|uuid|type)$/.exec(expression)?.[1];
  if (attribute !== undefined) return user[attribute];
  const quoted = /^(["'])(.*)\1$/.exec(expression);
  if (quoted !== null) return quoted[2];
  if (/^\[\s*(\w+)\.name for \1 in (?:request\.)?user\.(?:ak_)?groups\.all\(\)\s*\]$/.test(expression))
    return directGroups(database, user).map((group) => text(group["name"]));
  const constant: Readonly<Record<string, Json>> = { True: true, False: false, None: null };
  return constant[expression] ?? (/^\d+$/.test(expression) ? Number(expression) : undefined);
}
