import { at, list, string } from "../../core/json.ts";

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
}

/** A message, and what it is about: numbers and dates in it change from one check to the next, and are no news. */
export interface News {
  readonly about: string;
  readonly message: Message;
}

/** @returns `undefined` if nothing needs a person */
export function newsOf({ stack, success, says, state }: Checked): News | undefined {
  const unmanaged = unmanagedIn(state);
  const keys =
    unmanaged.length === 0
      ? []
      : [
          `The account has unmanaged keys, which zot-auth did not create: ${unmanaged.join(", ")}. See docs/key-life.md.`,
        ];
  if (success && keys.length === 0) return undefined;
  const text = [...(success ? [] : says), ...keys].join("\n");
  const what = success ? "unmanaged keys" : "the check failed";
  const about = [success ? "" : (says.at(-1) ?? "").replaceAll(/\d+/g, "#"), ...unmanaged].join("\n");
  return { about, message: { title: `zot-auth: ${stack} needs you: ${what}`, text } };
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
