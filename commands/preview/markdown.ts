// What `pulumi preview --json` says, as Markdown for a pull request. Pulumi has masked the secrets; nothing else is masked here.
import { at, isObject, list, string } from "../../core/json.ts";
import { differenceOf } from "./differences.ts";

interface Change {
  readonly kind: Kind;
  readonly name: string;
  readonly type: string;
  /** What a refresh found on the servers. */
  readonly drift: string;
  /** The properties that change, and how. */
  readonly properties: readonly { readonly name: string; readonly lines: readonly string[] }[];
}

const KINDS = {
  create: { sign: "+", done: "to create" },
  update: { sign: "~", done: "to update" },
  replace: { sign: "±", done: "to replace" },
  delete: { sign: "-", done: "to delete" },
  read: { sign: "<", done: "to read" },
  import: { sign: "=", done: "to import" },
} as const;
type Kind = keyof typeof KINDS;

/** A replacement has three steps; this one has both states. */
const PARTS_OF_A_REPLACEMENT = ["create-replacement", "delete-replaced", "read-replacement"];

/** Characters that a comment has at most: GitHub takes 65,536, Forgejo more. */
const LIMIT = 60_000;

/** The first line of every preview of a stack: whoever posts it as a comment finds the former one by it. */
export function markerOf(stack: string): string {
  return `<!-- zot-auth: preview of ${stack.replaceAll(/[^\w./-]/g, "?")} -->`;
}

/** What to show if Pulumi wrote no preview at all. */
export function failureOf(stack: string): string {
  return `${markerOf(stack)}\n\n### zot-auth: the preview of ${code(stack)} failed\n\nIt failed before it began; the job's log says why.\n`;
}

/**
 * @param digest what `pulumi preview --json` prints
 * @param succeeded whether it ended with exit code 0
 */
export function markdownOf(stack: string, digest: unknown, succeeded: boolean): string {
  const changes = list(at(digest, "steps")).flatMap(changeOf);
  const messages = list(at(digest, "diagnostics")).flatMap(messageOf);
  const drift = changes.filter((change) => change.drift !== "");
  return limited(stack, [
    `${markerOf(stack)}\n`,
    `### zot-auth: ${succeeded ? `${code(stack)}: ${summaryOf(changes)}` : `the preview of ${code(stack)} failed`}\n`,
    ...messages.map((message) => fenced(message)),
    ...(drift.length > 0
      ? [`Changed on the servers since the last update:\n\n${drift.map(driftOf).join("\n")}\n`]
      : []),
    ...(changes.length > 0 ? [tableOf(changes)] : []),
    ...changes.filter(({ properties }) => properties.length > 0).map(detailsOf),
  ]);
}

function changeOf(step: unknown): readonly Change[] {
  const op = string(at(step, "op"));
  if (["same", "refresh"].includes(op) || PARTS_OF_A_REPLACEMENT.includes(op)) return [];
  // Should Pulumi have another kind of step, it is shown rather than left out.
  const kind = Object.hasOwn(KINDS, op) ? (op as Kind) : "update";
  const urn = string(at(step, "urn")).split("::");
  const type = urn.at(-2)?.split("$").at(-1) ?? "";
  if (type === "pulumi:pulumi:Stack" || type.startsWith("pulumi:providers:")) return [];
  const names = new Set(
    [...list(at(step, "diffReasons")).map(string), ...Object.keys(objectIn(at(step, "detailedDiff")))].map(
      (path) => /^[^.[]+/.exec(path)?.[0] ?? path,
    ),
  );
  names.delete("drift");
  const properties = [...names].toSorted().flatMap((name) => {
    const [before, after] = ["oldState", "newState"].map((state) =>
      state === "oldState" || kind !== "delete" ? propertyIn(at(step, state), name) : undefined,
    );
    const lines = differenceOf(name, before, after);
    // Both states have the same text for it: two secrets, for example.
    return [{ name, lines: lines.length > 0 ? lines : [`  ${name}: changes`] }];
  });
  return [{ kind, name: urn.at(-1) ?? "", type, drift: string(at(step, "oldState", "outputs", "drift")), properties }];
}

function propertyIn(state: unknown, name: string): unknown {
  return at(state, "inputs", name) ?? at(state, "outputs", name);
}

function objectIn(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) ? value : {};
}

/** A diagnostic, without what Pulumi adds about the program's stack. */
function messageOf(diagnostic: unknown): readonly string[] {
  const text = string(at(diagnostic, "message")).trim();
  const severity = string(at(diagnostic, "severity"));
  if (text === "") return [];
  return [severity === "info" || text.startsWith(severity) ? text : `${severity}: ${text}`];
}

function summaryOf(changes: readonly Change[]): string {
  const counts = (Object.keys(KINDS) as Kind[]).flatMap((kind) => {
    const count = changes.filter((change) => change.kind === kind).length;
    return count === 0 ? [] : [`${count} ${KINDS[kind].done}`];
  });
  return counts.length === 0 ? "no changes" : counts.join(", ");
}

function driftOf({ drift }: Change): string {
  return `- ${code(drift)}`;
}

function tableOf(changes: readonly Change[]): string {
  const rows = changes.map(({ kind, name, type, properties }) =>
    [code(KINDS[kind].sign), code(name), code(type), properties.map((property) => code(property.name)).join(", ")].join(
      " | ",
    ),
  );
  return `|  | resource | type | what changes |\n| --- | --- | --- | --- |\n${rows.map((row) => `| ${row} |`).join("\n")}\n`;
}

function detailsOf({ name, properties }: Change): string {
  const lines = properties.flatMap((property) => property.lines);
  return `<details><summary><code>${escaped(name)}</code></summary>\n\n${fenced(lines.join("\n"), "diff")}\n</details>\n`;
}

/** Nothing in a code span or block becomes a link, a mention or HTML. */
function code(text: string): string {
  const one = inOneLine(text).replaceAll("|", String.raw`\|`);
  const fence = "`".repeat(longestRun(one) + 1);
  return one.includes("`") ? `${fence} ${one} ${fence}` : `${fence}${one}${fence}`;
}

function fenced(text: string, language = "text"): string {
  const fence = "`".repeat(Math.max(3, longestRun(text) + 1));
  return `${fence}${language}\n${text}\n${fence}\n`;
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}

function inOneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ");
}

function escaped(text: string): string {
  return inOneLine(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** As many whole parts as fit, and how to see the rest. */
function limited(stack: string, parts: readonly string[]): string {
  let text = "";
  for (const part of parts) {
    if (text.length + part.length > LIMIT)
      return `${text}\nThis is not all. ${code(`npm run pulumi -- preview --diff --stack ${stack}`)} shows the rest.\n`;
    text += `${part}\n`;
  }
  return text;
}
