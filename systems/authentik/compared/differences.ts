import { parseDeclared } from "../blueprint/declared.ts";
import type { DeclaredEntry, DeclaredValue } from "../blueprint/declared.ts";
import { at } from "../../../core/json.ts";
import type { Authentik } from "../client.ts";
import { Comparison, NOTHING, UNKNOWN } from "./comparison.ts";
import type { Fields } from "./comparison.ts";
import { GROUP, isSame, referenceIn, valueOf } from "./models.ts";

/**
 * Compares every attribute that the blueprint sets with what Authentik has.
 *
 * @param declared entries of the blueprint in JSON
 * @returns the first difference, which names the attribute; empty if there is none. What the token may not read is not compared.
 */
export async function differenceIn(authentik: Authentik, declared: string): Promise<string> {
  const comparison = new Comparison(authentik);
  for (const entry of parseDeclared(declared)) {
    const difference = await differenceOf(comparison, entry);
    if (difference !== "") return difference;
  }
  return "";
}

async function differenceOf(comparison: Comparison, entry: DeclaredEntry): Promise<string> {
  // A group has nothing but its name, by which others refer to it.
  if (entry.model === GROUP) {
    comparison.skip(entry);
    return "";
  }
  const { objects, title, wanted } = await comparison.compare(entry);
  if (objects === undefined) return "";
  if (objects.length === 0) return `there is no ${title}`;
  const fields = await wanted();
  const differences = objects.map((object) => differenceBetween(object, fields, entry.attrs));
  // One as declared suffices: another PolicyBinding of the same group, created by hand, is none of ours.
  const [difference = ""] = differences.includes("") ? [] : differences;
  return difference === "" ? "" : `the ${title} has ${difference}`;
}

/** The first attribute that differs, as the end of a sentence; empty if none does. */
function differenceBetween(object: unknown, wanted: Fields, written: DeclaredEntry["attrs"]): string {
  for (const [field, value] of Object.entries(wanted)) {
    const actual = valueOf(object, field);
    // An older Authentik does not have every attribute.
    if (value === UNKNOWN || value === NOTHING || actual === undefined || isSame(actual, value)) continue;
    const names = refersTo(written[field]);
    return names === undefined
      ? `${field} ${JSON.stringify(actual)}, not ${JSON.stringify(value)}`
      : `another ${field} than ${names}`;
  }
  return "";
}

/** The objects to which an attribute refers, for a message; `undefined` if the value itself is telling: a literal, or groups, by name. */
function refersTo(value: DeclaredValue | undefined): string | undefined {
  const [first, ...others] = Array.isArray(value) ? (value as readonly DeclaredValue[]) : [value];
  const [tag, content] = referenceIn(first) ?? [];
  if (tag === "!KeyOf") return /^ci-group(-|$)/.test(String(content)) ? undefined : "the blueprint's own";
  if (tag !== "!Find" || at(content, 0) === GROUP) return undefined;
  return [first, ...others].map((one) => `"${String(at(one, "!Find", 1, 1))}"`).join(", ");
}
