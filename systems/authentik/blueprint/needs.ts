import type { Document, Node } from "yaml";
import { yaml } from "../../../core/yaml.ts";

/** An object that a blueprint looks up with `!Find`. */
export interface NeededObject {
  readonly model: string;
  readonly field: string;
  readonly value: string;
}

/** Every object that a blueprint, as text or not yet, looks up with `!Find [model, [field, value]]`, without duplicates. */
export function needsOf(blueprint: string | Document): readonly NeededObject[] {
  const needs = new Map<string, NeededObject>();
  eachTag(typeof blueprint === "string" ? parsed(blueprint) : blueprint, (tag, content) => {
    if (tag !== "!Find" || !Array.isArray(content)) return undefined;
    const [model, condition] = content as readonly unknown[];
    const [field, value] = Array.isArray(condition) ? (condition as readonly unknown[]) : [];
    if (typeof model === "string" && typeof field === "string" && typeof value === "string")
      needs.set(`${model} ${field} ${value}`, { model, field, value });
    return undefined;
  });
  return [...needs.values()];
}

/** The blueprint with a literal in place of every `!Env`, so that Authentik's server can validate it without the worker's environment. */
export function withoutVariables(text: string, literal: string): string {
  const document = parsed(text);
  eachTag(document, (tag) => (tag === "!Env" ? literal : undefined));
  return document.toString({ lineWidth: 0 });
}

/** The entries of a blueprint, each as its model and identifiers. */
export function entryTitles(text: string): readonly string[] {
  const entries = (parsed(text).toJS() as { entries?: readonly unknown[] }).entries ?? [];
  return entries.map((entry) => {
    const { model, identifiers } = entry as { readonly model?: unknown; readonly identifiers?: unknown };
    return `${String(model)} ${JSON.stringify(identifiers)}`;
  });
}

/** The blueprint with only its first entries. */
export function firstEntries(text: string, count: number): string {
  const document = parsed(text);
  const entries = document.get("entries");
  if (yaml().isSeq(entries)) entries.items.splice(count);
  return document.toString({ lineWidth: 0 });
}

function parsed(text: string): Document {
  return yaml().parseDocument(text, { logLevel: "silent" });
}

/** @param replace the literal that takes the tag's place, if any */
function eachTag(document: Document, replace: (tag: string, content: unknown) => string | undefined): void {
  yaml().visit(document, {
    Node: (_key, node: Node) => {
      if (node.tag?.startsWith("!") !== true || node.tag.startsWith("!!")) return undefined;
      const other = replace(node.tag, node.toJS(document) as unknown);
      return other === undefined ? undefined : document.createNode(other);
    },
  });
}
