// A stand-in for 1Password's CLI `op` 2.39, by its documentation and recorded messages: `node fakeOp.ts DIR <arguments>`.
// It keeps its items in DIR/items.json, and records its input in DIR/runs.jsonl.
import { appendFileSync, fstatSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

interface OpField {
  id?: string;
  label?: string;
  type: string;
  purpose?: string;
  value?: string;
  section?: { id: string; label?: string };
  [shown: string]: unknown;
}

export interface OpItem {
  id: string;
  title: string;
  version: number;
  vault: { id: string; name: string };
  category: string;
  state?: "ARCHIVED";
  favorite?: boolean;
  tags?: string[];
  urls?: { label?: string; primary?: boolean; href: string }[];
  sections?: { id: string; label?: string }[];
  fields?: OpField[];
  files?: { id: string; name: string; size: number }[];
  /** Never shown. */
  passkey?: string;
}

export interface OpState {
  vaults: { id: string; name: string }[];
  items: OpItem[];
  /** Printed instead of a result, if set. */
  says?: string;
  /** Whether only edits print it. */
  toEdits?: boolean;
  /** Fails with this message after the edit. */
  loses?: string;
  /** Never ends. */
  hangs?: boolean;
  /** Someone else adds a tag during an edit: before it, after it, or both. */
  others?: ("before" | "after")[];
  /** Drops parts of the template that `op` does not promise to keep. */
  drops?: "tags";
}

/** One run, as the process itself saw it. */
export interface OpRun {
  readonly args: readonly string[];
  readonly input: string | undefined;
  readonly environment: Readonly<Record<string, string>>;
}

const ID = "abcdefghijklmnopqrstuvwxyz";

function fail(words: string): never {
  process.stderr.write(`[ERROR] 2026/11/25 02:00:00 ${words}\n`);
  process.exit(1);
}

function main(directory: string, args: readonly string[]): void {
  // op treats anything piped to it as input, but not a terminal or /dev/null.
  const input = fstatSync(0).isCharacterDevice() ? undefined : readFileSync(0, "utf8");
  const environment = Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, value ?? ""]));
  appendFileSync(join(directory, "runs.jsonl"), `${JSON.stringify({ args, input, environment } satisfies OpRun)}\n`);
  const file = join(directory, "items.json");
  const state = JSON.parse(readFileSync(file, "utf8")) as OpState;
  const { command, options, name } = read(args);
  if (state.hangs === true) {
    setInterval(() => undefined, 1000);
    return;
  }
  if (state.says !== undefined && (state.toEdits !== true || command === "item edit")) fail(state.says);
  const vault = state.vaults.filter((one) => one.id === options.vault || one.name === options.vault);
  if (vault.length === 0)
    fail(`"${options.vault}" isn't a vault in this account. Specify the vault with its ID or name.`);
  if (vault.length > 1)
    fail(`More than one vault matches "${options.vault}". Try again and specify the vault by its ID.`);
  const item = find(state, vault[0]?.id ?? "", name, options["include-archive"]);
  if (command === "item get") {
    if (input !== undefined) fail("invalid JSON in piped input");
    process.stdout.write(JSON.stringify(show(item)));
    return;
  }
  if (command !== "item edit") fail(`unknown command "${command}" for "op"`);
  const edited = edit(item, input, state);
  state.items[state.items.indexOf(item)] = edited;
  writeFileSync(file, JSON.stringify(state));
  if (state.loses !== undefined) fail(state.loses);
  process.stdout.write(JSON.stringify(show(edited)));
}

function read(args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        account: { type: "string" },
        vault: { type: "string", default: "" },
        format: { type: "string" },
        reveal: { type: "boolean" },
        "include-archive": { type: "boolean", default: false },
      },
    });
    const [group = "", verb = "", name = ""] = positionals;
    return { command: `${group} ${verb}`, options: values, name };
  } catch (error) {
    return fail(`unknown flag: ${(error as Error).message}`);
  }
}

function find(state: OpState, vault: string, name: string, archive: boolean): OpItem {
  const found = state.items.filter(
    (item) =>
      item.vault.id === vault &&
      (archive || item.state === undefined) &&
      (item.id === name || item.title === name || item.urls?.some(({ href }) => new URL(href).host === name) === true),
  );
  if (found.length > 1) fail(`More than one item matches "${name}". Try again and specify the item by its ID:`);
  const [item] = found;
  return (
    item ?? fail(`"${name}" isn't an item in the "${vault}" vault. Specify the item with its UUID, name, or domain.`)
  );
}

/** As `op item get --format json` shows it: with what it computes, without passkeys and empty values. */
function show({ passkey: _passkey, ...item }: OpItem): object {
  return {
    ...item,
    last_edited_by: "AUSER",
    created_at: "2026-01-01T00:00:00Z",
    updated_at: new Date().toISOString(),
    fields: (item.fields ?? []).map(({ value, ...field }) => ({
      ...field,
      ...(value === undefined || value === "" ? {} : { value }),
      reference: `op://${item.vault.name}/${item.title}/${field.label ?? ""}`,
      ...(field.type === "OTP" ? { totp: String(Date.now() % 1_000_000) } : {}),
    })),
  };
}

/**
 * The template replaces the item. Templates contain no passkeys and files, so those are lost, and so are fields of a section that the template
 * does not list: op 2.34 drops them without a word.
 */
function edit(item: OpItem, input: string | undefined, state: OpState): OpItem {
  const theirs = (when: "before" | "after"): number => (state.others?.includes(when) === true ? 1 : 0);
  let template: OpItem;
  try {
    template = JSON.parse(input ?? "") as OpItem;
  } catch {
    return fail("invalid JSON provided");
  }
  const sections = template.sections ?? [];
  const listed = ({ section }: OpField): boolean =>
    section === undefined || sections.some(({ id }) => id === section.id);
  const tags = [...(state.drops === "tags" ? [] : (template.tags ?? [])), ...(theirs("after") === 1 ? ["theirs"] : [])];
  return {
    id: item.id,
    title: template.title,
    version: item.version + 1 + theirs("before") + theirs("after"),
    vault: item.vault,
    category: template.category,
    ...(template.favorite === undefined ? {} : { favorite: template.favorite }),
    tags,
    urls: template.urls ?? [],
    sections,
    fields: (template.fields ?? []).filter(listed).map(({ reference: _reference, totp: _totp, ...field }, index) => ({
      ...field,
      id: field.id ?? ID.slice(index % ID.length, (index % ID.length) + 1).repeat(26),
    })),
  };
}

if (import.meta.main) {
  const [directory = "", ...args] = process.argv.slice(2);
  main(directory, args);
}
