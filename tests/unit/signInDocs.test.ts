import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

/** Where the errors of a sign-in are made. */
const SOURCES = [
  "provider/clients/authentik.ts",
  "provider/clients/authentikSession.ts",
  "provider/clients/authorize.ts",
  "provider/clients/idToken.ts",
  "provider/clients/machineSignIn.ts",
  "provider/clients/zotSignIn.ts",
  "provider/signInReasons.ts",
];

/** The tests that see each failure's message. */
const TESTS = ["authentikRights", "authorize", "machineSignIn", "signInCheck", "zotSignIn"];

test("docs/sign-in.md has each code of a failed sign-in and no other, and a test sees each message", () => {
  const thrown = SOURCES.flatMap((path) =>
    [...read(path).matchAll(/new ZotAuthError\(\s*"(\w+)"/g)].map(([, code]) => code ?? ""),
  );
  const codes = [...new Set(thrown)].sort();
  const documented = [...read("docs/sign-in.md").matchAll(/^\| `([A-Z_]+)`/gm)].map(([, code]) => code ?? "");
  assert.deepEqual([...documented].sort(), codes);
  const tests = TESTS.map((name) => read(`tests/unit/${name}.test.ts`)).join("\n");
  assert.deepEqual(
    codes.filter((code) => !tests.includes(`"${code}"`)),
    [],
    "codes that no test names",
  );
});
