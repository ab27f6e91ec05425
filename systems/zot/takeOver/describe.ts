import { isObject } from "../../../core/json.ts";
import type { JsonObject } from "../../../core/json.ts";
import { configDifferences } from "../config/compared/difference.ts";
import type { Difference } from "../config/compared/difference.ts";
import type { ZotVersion } from "../version.ts";
import { describeClosing, isOpen } from "./openRegistry.ts";

const CANARY = "zot_auth_canary/";
/** The longest value that is printed in full. */
const LONGEST = 200;

const KINDS = { removed: "removes", changed: "changes", added: "adds" } as const satisfies Record<
  Difference["kind"],
  string
>;

/**
 * What an update makes of the config that is on the host: one line for each difference, what it takes away first. Secrets are not quoted.
 *
 * @param text the file on the host
 */
export function describeConfigChange(text: string, config: JsonObject, version: ZotVersion): string {
  const before = parseConfig(text);
  if (before === undefined) return "It is not a JSON object, so it cannot be compared with the declared config.";
  const differences = configDifferences(before, config);
  if (differences.length === 0) return "It says the same as the declared config.";
  const lines = (Object.keys(KINDS) as Difference["kind"][]).flatMap((kind) =>
    differences.filter((difference) => difference.kind === kind).map(describe),
  );
  const closing = isOpen(before) ? describeClosing(before, config, version).map((line) => `${line}\n`) : [];
  return [`${closing.join("")}The update`, ...lines].join("\n  ");
}

/** A config's text; `undefined` if it is not a JSON object. */
export function parseConfig(text: string): JsonObject | undefined {
  try {
    // A deployment that was killed may have left the two repositories of its proof (deploy/functions/proof.ts).
    const config: unknown = JSON.parse(text, (key, value: unknown) => (key.startsWith(CANARY) ? undefined : value));
    return isObject(config) ? config : undefined;
  } catch {
    return undefined;
  }
}

function describe({ path, kind, before, after }: Difference): string {
  const values = [before, after].filter((value) => value !== undefined).map(shortened);
  return `${KINDS[kind]} ${path}: ${values.join(" → ")}`;
}

function shortened(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1)}…`;
}
