import { spawnSync } from "node:child_process";
import { join } from "node:path";

const MODULE = import.meta.dirname;

/** Why tests with crane are skipped; false if they are not. */
export const noCrane = spawnSync("go", ["version"]).status === 0 ? false : "no Go, which builds crane";

/** Builds the real crane from its Go module, into a folder. Go builds it once (about a minute), and then finds it in its cache. */
export function buildCrane(folder: string): void {
  const { status, stderr, error } = spawnSync(
    "go",
    ["build", "-o", join(folder, "crane"), "github.com/google/go-containerregistry/cmd/crane"],
    {
      cwd: MODULE,
      encoding: "utf8",
      env: { ...process.env, GOFLAGS: "-mod=readonly", GOWORK: "off", CGO_ENABLED: "0" },
    },
  );
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(stderr);
}
