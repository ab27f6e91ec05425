// Our client of `op`, with a fake `op` on PATH.
import assert from "node:assert/strict";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { delimiter, join } from "node:path";
import type { TestContext } from "node:test";
import { onePassword } from "../../../../systems/onePassword/vault.ts";
import type { OnePassword, OnePasswordConnection } from "../../../../systems/onePassword/vault.ts";
import { Secret } from "../../../../core/secrets/secret.ts";
import type { OpItem, OpRun, OpState } from "./fakeOp.ts";
import { FULL, ITEM, VAULT, folder } from "./support.ts";

/** Keeps the user's own 1Password settings out of the tests, and the tests' environment out of `op`. */
export const ENVIRONMENT: Readonly<Record<string, string | undefined>> = {
  OP_CONNECT_HOST: "http://elsewhere",
  OP_CONNECT_TOKEN: "not-ours-1",
  OP_SERVICE_ACCOUNT_TOKEN: "somebody-else's",
  OP_SESSION_my: "a-session",
  OP_CACHE: "true",
  OP_FORMAT: "human-readable",
  OP_INCLUDE_ARCHIVE: "true",
  FORGE_TOKEN: "not-ours-2",
};

/** Without types, since Node would remove them anew in each run: two thirds of the time. */
const FAKE_OP = stripTypeScriptTypes(readFileSync(join(import.meta.dirname, "fakeOp.ts"), "utf8"));

export interface OpFixture {
  readonly store: OnePassword;
  readonly warnings: string[];
  /** The client with other credentials. */
  readonly by: (connection: OnePasswordConnection, token?: string) => OnePassword;
  readonly item: () => OpItem;
  readonly change: (change: (state: OpState) => void) => void;
  /** The runs of `op` since the last call. */
  readonly runs: () => readonly OpRun[];
}

export function opFixture(t: TestContext, item: Partial<OpItem> = {}): OpFixture {
  const directory = folder(t);
  const program = join(directory, "op");
  const source = join(directory, "fakeOp.mjs");
  writeFileSync(source, FAKE_OP);
  writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" --no-warnings "${source}" "${directory}" "$@"\n`);
  chmodSync(program, 0o755);
  for (const [name, value] of Object.entries({
    ...ENVIRONMENT,
    PATH: `${directory}${delimiter}${process.env["PATH"] ?? ""}`,
  })) {
    const before = process.env[name];
    process.env[name] = value;
    t.after(() => {
      if (before === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = before;
    });
  }
  const vault = { id: VAULT, name: "homelab" };
  const other = (id: string, title: string, more: Partial<OpItem> = {}): OpItem => ({
    id: id.repeat(26),
    title,
    version: 1,
    vault,
    category: "PASSWORD",
    fields: [{ id: "password", label: "password", type: "CONCEALED", purpose: "PASSWORD", value: "x" }],
    ...more,
  });
  const state: OpState = {
    vaults: [vault, { id: "d".repeat(26), name: "double" }, { id: "e".repeat(26), name: "double" }],
    items: [
      {
        ...(structuredClone({ ...FULL, fields: fields() }) as unknown as OpItem),
        version: 3,
        vault,
        favorite: true,
        ...item,
      },
      other("a", "Twins"),
      other("b", "Twins"),
      other("c", "Old", { state: "ARCHIVED" }),
      other("f", "By Domain", { urls: [{ href: "https://only.domain" }] }),
    ],
  };
  const file = join(directory, "items.json");
  writeFileSync(file, JSON.stringify(state));
  const log = join(directory, "runs.jsonl");
  writeFileSync(log, "");
  const read = (): OpState => JSON.parse(readFileSync(file, "utf8")) as OpState;
  const warnings: string[] = [];
  const by = (connection: OnePasswordConnection, token = "service-token"): OnePassword =>
    onePassword(connection, () => Promise.resolve(new Secret(token)), {
      settleSeconds: 1,
      opSeconds: 10,
      warn: (code, message) => warnings.push(`${code} ${message}`),
    });
  return {
    store: by({ account: "my.1password.com" }),
    by,
    warnings,
    item: () => read().items.find(({ id }) => id === ITEM) ?? assert.fail("the item is gone"),
    change: (change) => {
      const changed = read();
      change(changed);
      writeFileSync(file, JSON.stringify(changed));
    },
    runs: () => {
      const runs = readFileSync(log, "utf8")
        .split("\n")
        .filter((line) => line !== "");
      writeFileSync(log, "");
      return runs.map((line) => JSON.parse(line) as OpRun);
    },
  };
}

/** The fields as `op` shows their sections: with labels. */
function fields(): OpItem["fields"] {
  return (FULL.fields ?? []).map(({ section, type = "CONCEALED", ...field }) => {
    const heading = FULL.sections?.find(({ id }) => id === section);
    return { ...field, type, ...(heading === undefined ? {} : { section: heading as { id: string; label: string } }) };
  });
}
