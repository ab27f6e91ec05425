import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MODULE = import.meta.dirname;

/** Why tests with crane are skipped; false if they are not. */
export const noCrane = spawnSync("go", ["version"]).status === 0 ? false : "no Go, which builds crane";

/** The one that this process has built. */
let built: string | undefined;

/** Puts the real crane, built from its Go module, into a folder. Go compiles it once (about a minute), and then finds all but the program in its cache. */
export function buildCrane(folder: string): void {
  built ??= build();
  copyFileSync(built, join(folder, "crane"));
}

function build(): string {
  const folder = mkdtempSync(join(tmpdir(), "zot-auth-crane-"));
  process.once("exit", () => rmSync(folder, { recursive: true }));
  const file = join(folder, "crane");
  const { status, stderr, error } = spawnSync(
    "go",
    ["build", "-o", file, "github.com/google/go-containerregistry/cmd/crane"],
    {
      cwd: MODULE,
      encoding: "utf8",
      env: { ...process.env, GOFLAGS: "-mod=readonly", GOWORK: "off", CGO_ENABLED: "0" },
    },
  );
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(stderr);
  return file;
}
