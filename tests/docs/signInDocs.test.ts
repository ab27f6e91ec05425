import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

/** Where the errors of a sign-in are made. */
const SOURCES = [
  "systems/authentik/client.ts",
  "systems/authentik/errors.ts",
  "systems/authentik/session/session.ts",
  "systems/authentik/session/authorize.ts",
  "systems/authentik/session/idToken.ts",
  "systems/authentik/session/machineSignIn.ts",
  "systems/zot/signIn/zotSignIn.ts",
  "systems/zot/signIn/reasons.ts",
];

/** The tests that see each failure's message. */
const TESTS = [
  "authentik/rights",
  "authentik/session/authorize",
  "authentik/session/machineSignIn",
  "zot/signIn/check",
  "zot/signIn/zotSignIn",
];

test("docs/background/sign-in.md has each code of a failed sign-in and no other, and a test sees each message", () => {
  const thrown = SOURCES.flatMap((path) =>
    [...read(path).matchAll(/new ZotAuthError\(\s*"(\w+)"/g)].map(([, code]) => code ?? ""),
  );
  const codes = [...new Set(thrown)].sort();
  const documented = [...read("docs/background/sign-in.md").matchAll(/^\| `([A-Z_]+)`/gm)].map(
    ([, code]) => code ?? "",
  );
  assert.deepEqual([...documented].sort(), codes);
  const tests = TESTS.map((name) => read(`tests/systems/${name}.test.ts`)).join("\n");
  assert.deepEqual(
    codes.filter((code) => !tests.includes(`"${code}"`)),
    [],
    "codes that no test names",
  );
});
