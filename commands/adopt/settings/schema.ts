import { parse } from "yaml";
import * as z from "zod";
import { ZotAuthError } from "../../../core/errors.ts";
import { isObject } from "../../../core/json.ts";
import { describeIssue } from "../../../core/settings/issues.ts";
import type { SettingsProblem } from "../../../core/settings/problem.ts";
import { RENAMED_SETTINGS } from "../../../settings/renamed.ts";
import { settingsSchema } from "../../../settings/schema.ts";
import type { WrittenSettings } from "../../../settings/schema.ts";
import { leavesOf, withValue } from "./tree.ts";
import type { Tree } from "./tree.ts";
import { DEFAULT_SECRET_NAME } from "../../../systems/forgejo/settings.ts";
import { withCiDefaults } from "../../../systems/zot/access/settings.ts";
import { DEFAULT_CI_USER } from "../../../systems/zot/keys/settings.ts";

/** The parts of the settings' JSON schema that are needed here. */
interface Property {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Property>>;
  readonly additionalProperties?: Property | boolean;
  readonly items?: Property;
}

const ROOT = z.toJSONSchema(settingsSchema, { io: "input" }) as Property;

function propertyAt(path: readonly string[]): Property | undefined {
  return path.reduce<Property | undefined>((here, key) => {
    const { properties, additionalProperties: entry } = here ?? {};
    return properties?.[key] ?? (typeof entry === "object" ? entry : undefined);
  }, ROOT);
}

/**
 * The value of a setting that was given as text: a list by commas or as in YAML, a number, true or false.
 *
 * @param setting `forgejo.repositories`
 */
export function valueFromText(setting: string, text: string): unknown {
  const property = propertyAt(setting.split("."));
  if (property === undefined || property.type === undefined || property.type === "string") return text;
  if (property.type === "array" && !/^\s*\[/.test(text)) return text.split(",").map((entry) => entry.trim());
  try {
    return parse(text) as unknown;
  } catch {
    throw new ZotAuthError("SETTINGS_INVALID", `${setting}: the value is not YAML. Quote it as in the stack's file.`);
  }
}

/** Of a file in another format, whoever reads it says how to convert it. */
const READ_FIRST = "registry.configFile";

/** What is wrong with values that are there. What is missing, and what concerns several settings, is not looked for. */
export function problemsOf(tree: Tree): readonly SettingsProblem[] {
  const result = settingsSchema.safeParse(tree);
  if (result.success) return [];
  return result.error.issues
    .flatMap((issue) => describeIssue(issue, tree, settingsSchema, { renamed: RENAMED_SETTINGS }))
    .filter(({ path, message }) => !message.startsWith("required:") && path.includes(".") && path !== READ_FIRST);
}

/** The settings without those that have their default, in the order of docs/reference/settings.md. */
export function withoutDefaults(tree: Tree): Tree {
  const meaning = (candidate: Tree): string | undefined => {
    const { data } = settingsSchema.safeParse(candidate);
    return data === undefined ? undefined : JSON.stringify(asOneAccount(data));
  };
  const whole = meaning(tree);
  if (whole === undefined) return ordered(tree, ROOT);
  let kept = tree;
  for (const path of leavesOf(tree)) {
    const without = withValue(kept, path, undefined);
    if (meaning(without) === whole) kept = without;
  }
  return ordered(kept, ROOT);
}

/** With the defaults of the only account, which the schema does not fill in. */
function asOneAccount({ ci, access, forgejo, ...others }: WrittenSettings): object {
  const { user = DEFAULT_CI_USER, ...ofCi } = ci;
  const { secretName = DEFAULT_SECRET_NAME, ...ofForgejo } = forgejo;
  return { ...others, ci: { user, ...ofCi }, access: withCiDefaults(access), forgejo: { secretName, ...ofForgejo } };
}

function ordered(tree: Tree, { properties = {} }: Property): Tree {
  const known = Object.keys(properties).filter((key) => key in tree);
  const keys = [...known, ...Object.keys(tree).filter((key) => !known.includes(key))];
  return Object.fromEntries(
    keys.map((key) => {
      const value = tree[key];
      return [key, isObject(value) ? ordered(value, properties[key] ?? {}) : value];
    }),
  );
}
