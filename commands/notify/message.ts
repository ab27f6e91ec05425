import { at, list, string } from "../../core/json.ts";
import type { RunEvents } from "../../report/events.ts";

/** What a person should know. It holds no secret. */
export interface Message {
  readonly title: string;
  readonly text: string;
}

/** What a webhook is sent: its shape by the name of its service, or a template. */
export type Shape = "slack" | "matrix" | "ntfy" | { readonly template: unknown };

/** The body for a webhook. For ntfy, `topic` is the last part of the address, which takes JSON only at its root. */
export function bodyOf(shape: Shape, { title, text }: Message, topic = ""): unknown {
  switch (shape) {
    // Of Mattermost too, and of Matrix through hookshot's generic webhooks.
    case "slack":
      return { text: `*${title}*\n${text}` };
    case "matrix":
      return { text: `**${title}**\n\n${text}` };
    case "ntfy":
      return { topic, title, message: text, priority: 4, tags: ["warning"] };
    default:
      return filled(shape.template, { title, text });
  }
}

/** The template with `{title}` and `{text}` replaced in every string. */
function filled(template: unknown, message: Message): unknown {
  if (typeof template === "string")
    return template.replaceAll(/\{(title|text)\}/g, (_, name: string) => message[name === "title" ? "title" : "text"]);
  if (Array.isArray(template)) return template.map((part) => filled(part, message));
  if (typeof template !== "object" || template === null) return template;
  return Object.fromEntries(Object.entries(template).map(([key, value]) => [key, filled(value, message)]));
}

/** What of a check needs a person. */
export interface Checked {
  readonly stack: string;
  readonly success: boolean;
  /** What the check said, in sentences. */
  readonly says: readonly string[];
  /** What `pulumi stack export` prints; `undefined` if it could not be read. */
  readonly state: unknown;
  /** What the engine found; `undefined` if the check did not come to it. */
  readonly events?: RunEvents | undefined;
  /** `good`, `due` or `expired`: it need not be why the check failed. */
  readonly key?: string;
}

/** How many findings a message has, and characters of each: a chat may refuse a message of 2,000. The report has all. */
const FINDINGS = 6;
const CHARACTERS = 200;

/** A message, and what it is about: numbers and dates in it change from one check to the next, and are no news. */
export interface News {
  readonly about: string;
  readonly message: Message;
}

/** @returns `undefined` if nothing needs a person */
export function newsOf({ stack, success, says, state, events, key = "good" }: Checked): News | undefined {
  const unmanaged = unmanagedIn(state);
  const keys =
    unmanaged.length === 0
      ? []
      : [
          `The account has unmanaged keys, which zot-auth did not create: ${unmanaged.join(", ")}. See docs/key-life.md.`,
        ];
  if (success && keys.length === 0) return undefined;
  const found = success ? [] : findingsIn(events);
  const text = [...(success ? [] : says), ...shown(found), ...keys].join("\n");
  const what = success ? "unmanaged keys" : "the check failed";
  const about = [
    ...(success ? [""] : [withoutNumbers(says.at(-1) ?? ""), ...(key === "good" ? [] : [`key: ${key}`])]),
    // The engine finds them in any order.
    ...found.map(({ name, text: why }) => `${name}: ${withoutNumbers(why.split("\n", 1)[0] ?? "")}`).sort(),
    ...unmanaged,
  ].join("\n");
  return { about, message: { title: `zot-auth: ${stack} needs you: ${what}`, text } };
}

interface Found {
  /** Of the resource; empty for the run as a whole. */
  readonly name: string;
  readonly text: string;
}

/** What is not as declared, and what could not be checked and why. Secrets are masked in the engine's events. */
function findingsIn(events: RunEvents | undefined): readonly Found[] {
  const differing = [...(events?.steps ?? [])]
    .filter(([, { state }]) => state === "differs")
    .map(([urn, { difference = "differs" }]) => ({ name: urn.split("::").at(-1) ?? urn, text: difference }));
  const errors = (events?.findings ?? [])
    .filter(({ severity }) => severity === "error")
    .map(({ step = "", text }) => ({ name: step, text }));
  return [...differing, ...errors];
}

function shown(found: readonly Found[]): readonly string[] {
  const lines = found.slice(0, FINDINGS).map(({ name, text }) => {
    const line = `${name === "" ? "" : `${name}: `}${text.replaceAll(/\s+/g, " ")}`;
    return `- ${line.length > CHARACTERS ? `${line.slice(0, CHARACTERS)}…` : line}`;
  });
  const more = found.length - lines.length;
  return more > 0 ? [...lines, `- and ${more} more`] : lines;
}

/** Without what changes from one check to the next: counts, dates, ids. */
function withoutNumbers(text: string): string {
  return text.replaceAll(/[\da-f]*\d[\da-f]*/gi, "#");
}

/** After news, when nothing needs a person any more. */
export function allClear(stack: string): Message {
  return { title: `zot-auth: ${stack} is as declared again`, text: "Nothing needs you any more." };
}

function unmanagedIn(state: unknown): readonly string[] {
  const resource = list(at(state, "deployment", "resources")).find(
    (candidate) => at(candidate, "type") === "zot-auth:zot:OtherKeys",
  );
  return list(at(resource, "outputs", "unmanaged")).map((key) => `"${string(at(key, "label"))}"`);
}
