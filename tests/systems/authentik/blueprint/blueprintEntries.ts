import { parseDocument, visit } from "yaml";

/** An entry of a blueprint, as the tests read it. */
export interface Entry {
  readonly model: string;
  readonly state?: string;
  readonly conditions?: readonly unknown[];
  readonly identifiers?: Readonly<Record<string, unknown>>;
  readonly attrs?: Readonly<Record<string, unknown>>;
}

/** The entries of a blueprint, with each tag as a text: `!KeyOf application`. */
export function entriesOf(text: string): readonly Entry[] {
  const document = parseDocument(text, { logLevel: "silent" });
  visit(document, {
    Node: (_key, node) => {
      if (node.tag?.startsWith("!") !== true) return undefined;
      const value = node.toJSON() as unknown;
      return document.createNode(`${node.tag} ${typeof value === "string" ? value : JSON.stringify(value)}`);
    },
  });
  return (document.toJS() as { entries: readonly Entry[] }).entries;
}
