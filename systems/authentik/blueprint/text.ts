import { Document, Scalar } from "yaml";
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
  return document.toString({ lineWidth: 0 });
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
