import type { Document, Scalar, YAMLSeq } from "yaml";
import { yaml } from "../../../core/yaml.ts";

/** One entry of a blueprint. */
export interface BlueprintEntry {
  readonly model: string;
  readonly id?: string;
  readonly state?: "present" | "absent";
  /** Authentik skips the entry unless all of them are true. An object that does not exist is false. */
  readonly conditions?: readonly unknown[];
  readonly identifiers?: Readonly<Record<string, unknown>>;
  /**
   * A second field that identifies the object, if none has the identifiers: it was renamed by hand, and both fields are unique. The only identifier is
   * then the first one's.
   */
  readonly otherwise?: readonly [field: string, value: string];
  readonly attrs?: Readonly<Record<string, unknown>>;
}

/** Formats a blueprint. The same entries give the same bytes. */
export function blueprintText(name: string, description: string, entries: readonly BlueprintEntry[]): string {
  return blueprintDocument(name, description, entries).toString({ lineWidth: 0 });
}

/** A blueprint before it is text: formatting it and reading it again takes most of the time. */
export function blueprintDocument(name: string, description: string, entries: readonly BlueprintEntry[]): Document {
  const document = new (yaml().Document)({
    version: 1,
    metadata: { name, labels: { "blueprints.goauthentik.io/description": description } },
    entries: entries.map(withPk),
  });
  yaml().visit(document, { Scalar: (_key, node) => quoteUnlessPlain(node) });
  return document;
}

/** Text that every version of YAML reads as this text. */
const PLAIN = /^(?!(?:y|n|yes|no|on|off|true|false|null)$)[A-Za-z](?:[A-Za-z0-9 _./()=-]|:(?=[/A-Za-z0-9_]))*$/i;

/** Authentik reads YAML 1.1, in which `yes` is a boolean, `1:30` a number and `2026-11-28` a date, also where a group has that name. */
function quoteUnlessPlain(node: Scalar): void {
  if (typeof node.value === "string" && !PLAIN.test(node.value)) node.type = "QUOTE_DOUBLE";
}

/** A blueprint's identifiers must all match, but a `pk` is enough, so it is looked up by one field or the other. */
function withPk({ otherwise, ...entry }: BlueprintEntry): BlueprintEntry {
  if (otherwise === undefined) return entry;
  const { model, identifiers = {}, attrs = {} } = entry;
  const [field = "", value = ""] = Object.entries(identifiers)[0] ?? [];
  const first = (): YAMLSeq => find(model, field, String(value));
  return {
    ...entry,
    identifiers: { pk: sequence("!If", [first(), first(), find(model, ...otherwise)]) },
    attrs: { ...identifiers, ...attrs },
  };
}

/** `!Env NAME`: a variable of the process that applies the blueprint. */
export function env(variable: string): Scalar {
  return tag("!Env", variable);
}

/** `!KeyOf id`: the object of another entry of the same file. */
export function keyOf(id: string): Scalar {
  return tag("!KeyOf", id);
}

/**
 * `!Find [model, [field, value], …]`: an object from elsewhere that has all these values. If an attribute requires it and it is missing, Authentik applies
 * nothing of the file.
 */
export function find(model: string, field: string, value: string, ...more: readonly [string, string][]): YAMLSeq {
  return sequence("!Find", [model, [field, value], ...more]);
}

function sequence(name: "!Find" | "!If", items: readonly unknown[]): YAMLSeq {
  const tagged = new (yaml().Document)(items).contents as unknown as YAMLSeq;
  tagged.tag = name;
  tagged.flow = true;
  return tagged;
}

function tag(name: "!Env" | "!KeyOf", value: string): Scalar {
  const scalar = new (yaml().Scalar)(value);
  scalar.tag = name;
  return scalar;
}
