import { readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { SetupError } from "../errors.js";
import { isExecutable, writeWhole } from "../../system/files.js";
import { isInside, shown } from "../../system/place.js";
import { findOnPath } from "../../system/search.js";

const NAME = "pulumi-language-nodejs";

/** First lines of the launcher; they distinguish it from an official language host. */
const MARK = "#!/bin/sh\n# Written by the setup of zot-auth";

/** The CLI looks for a language host next to itself. Copies of the project share the cached CLI, so the launcher starts each copy's own. */
const LAUNCHER = `${MARK}: this CLI was built from source, without a language host.
exec "\${ZOT_AUTH_LANGUAGE_HOST:-toolchain/language-host/${NAME}}" "$@"
`;

/**
 * The language host that runs the program for the CLI. Releases of the CLI include it; a CLI built from source does not.
 * @param {import("../../system/place.js").Place} place
 * @param {string} pulumi the CLI that was found
 * @returns {Promise<import("../progress.js").Finding & { standIn?: string, onPath?: boolean }>} `standIn`: the executable, if no
 * official one was found; `onPath`: whether it must be on PATH for the CLI to find it
 */
export function findLanguageHost(place, pulumi) {
  const beside = [pulumi, realpathSync(pulumi)].map((file) => join(dirname(file), NAME));
  const official = [...beside, ...findOnPath(place, NAME)].find((file) => isExecutable(file) && !isLauncher(file));
  if (official !== undefined) return Promise.resolve({ what: "Language host", where: shown(place, official) });
  const standIn = join(place.root, "toolchain", "language-host", NAME);
  if (!isExecutable(standIn)) {
    throw new SetupError(
      "Language host",
      "none was found next to the Pulumi CLI, and the stand-in is missing.",
      "Restore toolchain/language-host, or install a release of the Pulumi CLI, which includes one.",
    );
  }
  // Writes nothing next to the user's own CLI.
  const onPath = !isInside(place.cache, pulumi);
  if (!onPath) writeLauncher(join(dirname(pulumi), NAME));
  return Promise.resolve({ what: "Language host", where: "stand-in", standIn, onPath });
}

/** @param {string} file */
function isLauncher(file) {
  return statSync(file).size < 1000 && readFileSync(file, "utf8").startsWith(MARK);
}

/** @param {string} file */
function writeLauncher(file) {
  if (isExecutable(file) && readFileSync(file, "utf8") === LAUNCHER) return;
  writeWhole(file, LAUNCHER, 0o755);
}
