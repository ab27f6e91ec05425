import { mkdirSync } from "node:fs";
import { run } from "../../system/child.js";
import { reasonIn, SetupError } from "../errors.js";
import { findOnPath } from "../../system/search.js";
import { PULUMI_VERSION } from "../versions.js";

const MODULE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi";
const VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";

/**
 * Builds the Pulumi CLI from its Go module, in a temporary module that requires only it.
 * @param {import("../../system/place.js").Place} place
 * @param {string} folder an empty folder to work in
 * @param {string} target the executable to write
 * @param {import("../progress.js").Progress} progress
 */
export async function buildPulumi(place, folder, target, progress) {
  const go = findOnPath(place, "go")[0];
  if (go === undefined) {
    throw new SetupError(
      "Pulumi CLI",
      "no supported version is on PATH, the download failed, and Go, which could build it, is not on PATH.",
      byHand("or Go (https://go.dev/doc/install)"),
    );
  }
  mkdirSync(folder, { recursive: true });
  progress.announce("building it from its Go module, which takes five to thirteen minutes");

  /** @param {readonly string[]} args @param {(line: string) => void} [onLine] */
  const goRun = async (args, onLine) => {
    const done = await run(go, args, { cwd: folder, env: goEnvironment(place.env), ...(onLine && { onLine }) });
    if (done.code === 0) return done.stdout;
    const command = `go ${args[0] ?? ""} ${args[1] ?? ""}`.trim();
    throw new SetupError("Pulumi CLI", `\`${command}\` failed: ${reasonIn(done.output)}.`, byHand("or a newer Go"));
  };

  let downloaded = 0;
  const countDownloads = (/** @type {string} */ line) => {
    if (line.startsWith("go: downloading")) progress.say(`downloading Go modules, ${++downloaded} so far`);
  };
  await goRun(["mod", "init", "pulumi-cli-for-zot-auth"]);
  progress.say("requesting Go modules");
  await goRun(["get", `${MODULE}@v${PULUMI_VERSION}`], countDownloads);
  progress.say("counting packages");
  const packages = await goRun(["list", "-deps", MODULE], countDownloads);
  // "At most", since Go does not compile packages that are in its cache.
  const total = packages.split("\n").filter((line) => line !== "").length;
  let compiled = 0;
  progress.say(`compiling, at most ${total} packages`);
  await goRun(
    ["build", "-v", "-trimpath", "-ldflags", `-s -w -X ${VERSION_VARIABLE}=v${PULUMI_VERSION}`, "-o", target, MODULE],
    (line) => {
      if (line === MODULE) progress.say(`${compiled} packages compiled; compiling the last one and linking`);
      else if (/^[\w./~-]+$/.test(line)) progress.say(`compiling, ${++compiled} of at most ${total} packages`);
    },
  );
}

/** @param {string} alternative */
function byHand(alternative) {
  return (
    `Install the Pulumi CLI ${PULUMI_VERSION} (https://www.pulumi.com/docs/install/) ${alternative} ` +
    "on PATH, and run this command again."
  );
}

/**
 * The user's Go settings, except those that would make the build depend on a surrounding folder or a C compiler.
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
function goEnvironment(env) {
  return { ...env, GOWORK: "off", GOFLAGS: "-mod=mod", GO111MODULE: "on", CGO_ENABLED: "0", GOOS: "", GOARCH: "" };
}
