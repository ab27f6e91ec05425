// Builds a conformance suite from its Go module into the toolchain's cache, once per version.
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { run } from "../../toolchain/system/child.js";
import { reasonIn, SetupError } from "../../toolchain/setup/errors.js";
import { isExecutable } from "../../toolchain/system/files.js";
import { withLock } from "../../toolchain/system/lock.js";
import type { Place } from "../../toolchain/system/place.js";
import { shown } from "../../toolchain/system/place.js";
import type { Finding, Progress } from "../../toolchain/setup/progress.js";
import { findOnPath } from "../../toolchain/system/search.js";
import { conformanceModule } from "./suites.ts";
import type { Suite } from "./suites.ts";

export async function findSuite(place: Place, suite: Suite, progress: Progress): Promise<Finding & { file: string }> {
  const file = join(place.cache, `oci-conformance-${suite.version}`, suite.id);
  const finding = { what: `OCI conformance suite "${suite.id}"`, where: shown(place, file), file };
  if (isExecutable(file)) return finding;
  const onWait = (pid: number): void => progress.announce(`waiting for another run (process ${pid}) to build it`);
  return withLock(`${dirname(file)}.lock`, { onWait }, async () => {
    if (!isExecutable(file)) await build(place, suite, file, progress);
    return { ...finding, news: true };
  });
}

async function build(place: Place, suite: Suite, file: string, progress: Progress): Promise<void> {
  const go = findOnPath(place, "go")[0];
  if (go === undefined) {
    const remedy = "Install Go 1.24 or later (https://go.dev/doc/install) on PATH, and run this again.";
    throw new SetupError("OCI conformance", "Go, which builds the suite, is not on PATH.", remedy);
  }
  const unfinished = `${dirname(file)}.unfinished`;
  // This process holds the lock, so any files here are left over from a killed run.
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  const env = {
    ...place.env,
    GOWORK: "off",
    GOFLAGS: "-mod=mod",
    GO111MODULE: "on",
    CGO_ENABLED: "0",
    GOOS: "",
    GOARCH: "",
  };
  const goRun = async (...args: readonly string[]): Promise<void> => {
    progress.announce(`go ${args.slice(0, 2).join(" ")}`);
    const { code, output } = await run(go, args, { cwd: unfinished, env });
    if (code === 0) return;
    const remedy = "Make sure that Go can download modules. Its output is above.";
    throw new SetupError("OCI conformance", `\`go ${args[0] ?? ""}\` failed: ${reasonIn(output)}.`, remedy);
  };
  try {
    await goRun("mod", "init", "oci-conformance-for-zot-auth");
    await goRun("get", "-t", `${conformanceModule}@${suite.version}`);
    const draft = join(unfinished, suite.id);
    await goRun(...suite.build, "-trimpath", "-o", draft, conformanceModule);
    mkdirSync(dirname(file), { recursive: true });
    renameSync(draft, file);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}
