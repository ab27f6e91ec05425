import { Document, Scalar, visit } from "yaml";
import type { YAMLSeq } from "yaml";

/** One entry of a blueprint. */
export interface BlueprintEntry {
  readonly model: string;
  readonly id?: string;
  readonly state?: "present" | "absent";
  /** Authentik skips the entry unless all of them are true. An object that does not exist is false. */
  readonly conditions?: readonly unknown[];
  readonly identifiers?: Readonly<Record<string, unknown>>;
  readonly attrs?: Readonly<Record<string, unknown>>;
}

/** Formats a blueprint. The same entries give the same bytes. */
export function blueprintText(name: string, description: string, entries: readonly BlueprintEntry[]): string {
  const document = new Document({
    version: 1,
    metadata: { name, labels: { "blueprints.goauthentik.io/description": description } },
    entries,
  });
  visit(document, { Scalar: (_key, node) => quoteUnlessPlain(node) });
  return document.toString({ lineWidth: 0 });
}

/** Text that every version of YAML reads as this text. */
const PLAIN = /^(?!(?:y|n|yes|no|on|off|true|false|null)$)[A-Za-z](?:[A-Za-z0-9 _./()=-]|:(?=[/A-Za-z0-9_]))*$/i;

/** Authentik reads YAML 1.1, in which `yes` is a boolean, `1:30` a number and `2026-11-28` a date, also where a group has that name. */
function quoteUnlessPlain(node: Scalar): void {
  if (typeof node.value === "string" && !PLAIN.test(node.value)) node.type = Scalar.QUOTE_DOUBLE;
}

/** `!Env NAME`: a variable of the process that applies the blueprint. */
export function env(variable: string): Scalar {
  return tag("!Env", variable);
}

/** `!KeyOf id`: the object of another entry of the same file. */
export function keyOf(id: string): Scalar {
  return tag("!KeyOf", id);
}

/** `!Find [model, [field, value]]`: an object from elsewhere. If it is missing, Authentik applies nothing of the file. */
export function find(model: string, field: string, value: string): YAMLSeq {
  const document = new Document([model, [field, value]]);
  const sequence = document.contents as unknown as YAMLSeq;
  sequence.tag = "!Find";
  sequence.flow = true;
  return sequence;
}

function tag(name: "!Env" | "!KeyOf", value: string): Scalar {
  const scalar = new Scalar(value);
  scalar.tag = name;
  return scalar;
}
