import { existsSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { Document, YAMLMap, isMap, isScalar, parseDocument } from "yaml";
import type { Pair } from "yaml";
import { messageOf } from "../../../core/errors.ts";
import { isObject } from "../../../core/json.ts";
import { Stop } from "../stop.ts";
import type { Tree } from "./tree.ts";

/** What is left out, and why. */
export interface NotKept {
  /** A key of zot's config, or an object in Authentik. */
  readonly path: string;
  readonly reason: string;
}

const PREFIX = "zot-auth:";

/** Pulumi reads YAML 1.1, where a plain `2026-01-01T00:00:00Z` or `yes` is not a string. */
const OPTIONS = { compat: "yaml-1.1" } as const;

/** What a person should know who reads the file. */
const COMMENTS: Readonly<Record<string, string>> = {
  "authentik.clientSecret":
    " Authentik's worker needs the same secret in its environment: authentik.clientSecretVariable.",
  "ci.keyStore": " A key that was made by hand works until it expires or is revoked: docs/guides/taking-over.md.",
  "zot.extra": " Parts of zot's config that have no setting of their own.",
};

/** What the file begins with. */
export function headerOf(stack: string, place: string): readonly string[] {
  return [
    `${WRITTEN} -- ${stack}\` from ${place}. Defaults are left out.`,
    "All settings: docs/reference/settings.md. A reference says where a secret is; this file contains none.",
  ];
}

/** A stack's settings file. Of an existing one, everything stays that is not ours. */
export class SettingsFile {
  readonly path: string;
  readonly exists: boolean;
  /** Whether an earlier run of the command wrote it. */
  readonly isAdopted: boolean;
  readonly #document: Document;

  /** @throws Stop if there is one that cannot be read, or is not YAML */
  constructor(path: string) {
    this.path = path;
    this.exists = existsSync(path);
    const text = this.exists ? textOf(path) : "";
    this.isAdopted = text.includes(`# ${WRITTEN}`);
    const parsed = this.exists ? parseDocument(text, OPTIONS) : new Document({}, OPTIONS);
    const isWrong = parsed.errors.length > 0 || !(parsed.contents === null || isMap(parsed.contents));
    if (isWrong || !isConfig(parsed.get("config")))
      throw new Stop(`Nothing was written: ${path} exists, and is not a stack's settings file. Correct or remove it.`);
    if (parsed.contents === null) parsed.contents = parsed.createNode({}) as never;
    // Without an empty line after it, a comment at the top belongs to the first key.
    const first = isMap(parsed.contents) ? parsed.contents.items[0]?.key : undefined;
    if (isScalar(first)) {
      parsed.commentBefore = joined(parsed.commentBefore ?? "", first.commentBefore ?? "");
      first.commentBefore = null;
    }
    this.#document = parsed;
  }

  /** Our groups that it has now. */
  get settings(): Tree {
    const { config } = this.#document.toJS() as { readonly config?: unknown };
    return Object.fromEntries(
      Object.entries(isObject(config) ? config : {})
        .filter(([key]) => key.startsWith(PREFIX))
        .map(([key, value]) => [key.slice(PREFIX.length), value]),
    );
  }

  /** Whether `pulumi stack init` has been there. */
  get isInitialized(): boolean {
    return ["encryptionsalt", "secretsprovider", "encryptedkey"].some((key) => this.#document.has(key));
  }

  /** Leaves out the comment at the top, which is about settings that do not stay. */
  dropComment(): void {
    this.#document.commentBefore = null;
  }

  /** The file's text with these groups instead of those that it has. */
  textWith(settings: Tree, header: readonly string[], notKept: readonly NotKept[]): string {
    const document = this.#document.clone();
    const existing = document.get("config");
    const config = isMap(existing) ? existing : new YAMLMap();
    config.items = config.items.filter(({ key }) => !keyOf(key).startsWith(PREFIX));
    for (const [group, values] of Object.entries(settings)) {
      const pair = document.createPair(`${PREFIX}${group}`, values);
      comment(pair, group);
      config.items.push(pair);
    }
    if (!isMap(existing)) document.set("config", config);
    document.commentBefore = joined(
      header.map((line) => ` ${line}`).join("\n"),
      foreign(document.commentBefore, WRITTEN),
    );
    document.comment = joined(foreign(document.comment, NOT_KEPT), notKept.length === 0 ? "" : notKeptComment(notKept));
    try {
      return document.toString({ lineWidth: 0 });
    } catch (error) {
      // An alias of something in our settings, which are gone.
      throw new Stop(`Nothing was written: ${this.path} cannot be written anew: ${messageOf(error)}. Write it out.`);
    }
  }

  /** Replaces the file as a whole: a run that is killed leaves the old one. @throws Stop if it cannot be written */
  write(text: string): void {
    const target = this.exists ? realpathSync(this.path) : this.path;
    const draft = `${target}.${process.pid}.tmp`;
    try {
      writeFileSync(draft, text, { mode: this.exists ? statSync(target).mode : 0o644 });
      renameSync(draft, target);
    } catch (error) {
      rmSync(draft, { force: true });
      throw new Stop(`Nothing was written: ${messageOf(error)}.`);
    }
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new Stop(`Nothing was written: ${path} exists and cannot be read: ${messageOf(error)}.`);
  }
}

function isConfig(config: unknown): boolean {
  return config === undefined || config === null || isMap(config);
}

function keyOf(key: unknown): string {
  return String(isScalar(key) ? key.value : key);
}

function comment({ value }: Pair, group: string): void {
  if (!isMap(value)) return;
  for (const { key } of value.items) {
    const text = COMMENTS[`${group}.${keyOf(key)}`];
    if (text !== undefined && isScalar(key)) key.commentBefore = text;
  }
}

/** How our own comments begin: of an earlier run, they are replaced. */
const WRITTEN = "Written by `npm run adopt";
const NOT_KEPT = "Not kept:";

/** A comment without the part that an earlier run wrote, which goes to the next empty line. */
function foreign(text: string | null | undefined, beginning: string): string {
  const parts = (text ?? "").split(/\n(?=\n)/);
  return parts
    .map((part) => part.replace(/^\n+/, ""))
    .filter((part) => part.trim() !== "" && !part.trim().startsWith(beginning))
    .join("\n\n");
}

function joined(...parts: readonly string[]): string | null {
  const all = parts.filter((part) => part !== "");
  return all.length === 0 ? null : all.join("\n\n");
}

function notKeptComment(notKept: readonly NotKept[]): string {
  const lines = notKept.map(({ path, reason }) =>
    `   ${path}: ${reason}`.replaceAll(/\s*[\n\r\u0085\u2028\u2029]\s*/g, " "),
  );
  return [` ${NOT_KEPT}`, ...lines].join("\n");
}
