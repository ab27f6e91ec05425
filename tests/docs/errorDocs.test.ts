import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import test from "node:test";
import { ERROR_CODES } from "../../core/errorCodes.ts";
import { documentErrors } from "../../docs/generate/errorPage.ts";
import { formatted } from "../../docs/generate/format.ts";

const root = new URL("../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");
const codes = Object.values(ERROR_CODES).flatMap((ofSystem) => Object.keys(ofSystem));

test("docs/reference/errors.md is what the codes say (else: npm run docs)", async () => {
  assert.equal(read("docs/reference/errors.md"), await formatted("errors.md", documentErrors()));
});

// That no other code is used, the type ErrorCode proves.
test("every error code is used in the program, and stands in one place", () => {
  const rooms = ["core", "systems", "settings", "stack", "components", "provider", "commands"];
  const files = execFileSync("git", ["ls-files", ...rooms.map((room) => `${room}/*.ts`)], {
    cwd: root,
    encoding: "utf8",
  })
    .split("\n")
    .filter((file) => file !== "" && file !== "core/errorCodes.ts");
  const program = files.map(read).join("\n");
  assert.deepEqual(
    codes.filter((code) => !program.includes(`"${code}"`)),
    [],
  );
  assert.equal(new Set(codes).size, codes.length);
});
