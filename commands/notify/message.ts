import type { RunEvents } from "../../report/sources/events.ts";
import { unmanagedKeysIn } from "../../report/sources/keys.ts";
import type { UnmanagedKeys } from "../../report/sources/keys.ts";

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

/** What a notification can be about. Each is remembered by itself: none is news because another one is. */
export type Topic = "check" | "update" | "keys";

/** What a run found. */
export interface Ran {
  readonly stack: string;
  readonly command: "check" | "update";
  readonly success: boolean;
  /** What it said, in sentences. */
  readonly says: readonly string[];
  /** What `pulumi stack export` prints; `undefined` if it could not be read. */
  readonly state: unknown;
  /** What the engine found; `undefined` if the run did not come to it. */
  readonly events?: RunEvents | undefined;
  /** `good`, `due` or `expired`, or which account's key is so: it need not be why the run failed. */
  readonly key?: string;
}

/** How many sentences and findings a message has, and characters of a finding: a chat may refuse a message of 2,000. The report has all. */
const SENTENCES = 6;
const FINDINGS = 6;
const CHARACTERS = 200;

/** What a run found about a topic. */
export interface News {
  readonly topic: Topic;
  /** What needs attention; empty if nothing does. Without numbers and dates: they change from one run to the next, and are no news. */
  readonly about: string;
  readonly lines: readonly string[];
}

/** A topic that the run knows nothing about is absent. */
export function newsOf(ran: Ran): readonly News[] {
  const { command, success, says, state, events, key = "good" } = ran;
  const found = success ? [] : findingsIn(events);
  const reasons = [
    withoutNumbers(says.at(-1) ?? ""),
    ...(key === "good" ? [] : [`key: ${key}`]),
    // The engine finds them in any order.
    ...found.map(({ name, text: why }) => `${name}: ${withoutNumbers(why.split("\n", 1)[0] ?? "")}`).sort(),
  ];
  const run: News = {
    topic: command,
    about: success ? "" : reasons.join("\n") || "failed",
    lines: success ? [] : [...shortened(says), ...shown(found)],
  };
  const accounts = unmanagedKeysIn(state);
  return accounts.length === 0 ? [run] : [run, keyNews(accounts)];
}

/** With several accounts, each is named. */
function keyNews(accounts: readonly UnmanagedKeys[]): News {
  const found = accounts
    .filter(({ labels }) => labels.length > 0)
    .map(({ account, labels }) => ({
      account: accounts.length === 1 ? "" : ` ${account}`,
      labels: labels.map((label) => `"${label}"`),
    }));
  return {
    topic: "keys",
    about: found.flatMap(({ account, labels }) => labels.map((label) => `${account} ${label}`.trim())).join("\n"),
    lines: found.map(
      ({ account, labels }) =>
        `The account${account} has unmanaged keys, which zot-auth did not create: ${labels.join(", ")}. See docs/background/key-life.md.`,
    ),
  };
}

const TITLES: Readonly<Record<Topic, { readonly open: string; readonly closed: string }>> = {
  check: { open: "the check failed", closed: "is as declared again" },
  update: { open: "the update failed", closed: "is up to date again" },
  keys: { open: "unmanaged keys", closed: "has no unmanaged keys any more" },
};

/**
 * The message about what is new.
 *
 * @param news at least one
 * @param others the other topics that still need attention
 */
export function messageAbout(stack: string, news: readonly News[], others: readonly Topic[]): Message {
  const open = news.filter(({ about }) => about !== "");
  if (open.length > 0) {
    const what = open.map(({ topic }) => TITLES[topic].open).join(", ");
    return { title: `zot-auth: ${stack} needs you: ${what}`, text: open.flatMap(({ lines }) => lines).join("\n") };
  }
  const left = others.map((topic) => TITLES[topic].open).join(", ");
  return {
    title: `zot-auth: ${stack} ${news.map(({ topic }) => TITLES[topic].closed).join(", ")}`,
    text: left === "" ? "Nothing needs you any more." : `This still needs you: ${left}.`,
  };
}

/** What `npm run notify` sends. */
export function testMessage(stack: string): Message {
  return { title: `zot-auth: ${stack}: a test`, text: "This is a test of the notifications. Nothing needs you." };
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

/** The last sentence says why the run failed. */
function shortened(says: readonly string[]): readonly string[] {
  const more = says.length - SENTENCES;
  return more <= 0 ? says : [...says.slice(0, SENTENCES - 1), `And ${more} more.`, ...says.slice(-1)];
}

function shown(found: readonly Found[]): readonly string[] {
  const lines = found.slice(0, FINDINGS).map(({ name, text }) => {
    const line = `${name === "" ? "" : `${name}: `}${text.replaceAll(/\s+/g, " ")}`;
    return `- ${line.length > CHARACTERS ? `${line.slice(0, CHARACTERS)}…` : line}`;
  });
  const more = found.length - lines.length;
  return more > 0 ? [...lines, `- and ${more} more`] : lines;
}

/** Without what changes from one run to the next: counts, dates, ids. */
function withoutNumbers(text: string): string {
  return text.replaceAll(/[\da-f]*\d[\da-f]*/gi, "#");
}
