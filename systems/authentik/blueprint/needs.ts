import { isSeq, parseDocument, visit } from "yaml";
import type { Node } from "yaml";

/** An object that a blueprint looks up with `!Find`. */
export interface NeededObject {
  readonly model: string;
  readonly field: string;
  readonly value: string;
}

/** Every object that a blueprint looks up with `!Find [model, [field, value]]`, without duplicates. */
export function needsOf(text: string): readonly NeededObject[] {
  const needs = new Map<string, NeededObject>();
  eachTag(text, (tag, content) => {
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
  return eachTag(text, (tag) => (tag === "!Env" ? literal : undefined));
}

/** The entries of a blueprint, each as its model and identifiers. */
export function entryTitles(text: string): readonly string[] {
  const entries =
    (parseDocument(text, { logLevel: "silent" }).toJS() as { entries?: readonly unknown[] }).entries ?? [];
  return entries.map((entry) => {
    const { model, identifiers } = entry as { readonly model?: unknown; readonly identifiers?: unknown };
    return `${String(model)} ${JSON.stringify(identifiers)}`;
  });
}

/** The blueprint with only its first entries. */
export function firstEntries(text: string, count: number): string {
  const document = parseDocument(text, { logLevel: "silent" });
  const entries = document.get("entries");
  if (isSeq(entries)) entries.items.splice(count);
  return document.toString({ lineWidth: 0 });
}

function eachTag(text: string, replace: (tag: string, content: unknown) => string | undefined): string {
  const document = parseDocument(text, { logLevel: "silent" });
  visit(document, {
    Node: (_key, node: Node) => {
      if (node.tag?.startsWith("!") !== true || node.tag.startsWith("!!")) return undefined;
      const other = replace(node.tag, node.toJS(document) as unknown);
      return other === undefined ? undefined : document.createNode(other);
    },
  });
  return document.toString({ lineWidth: 0 });
}
