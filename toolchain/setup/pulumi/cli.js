import { mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { atExit } from "../../system/atExit.js";
import { SetupError } from "../errors.js";
import { entriesOf, isExecutable } from "../../system/files.js";
import { withLock } from "../../system/lock.js";
import { shown } from "../../system/place.js";
import { buildPulumi } from "./build.js";
import { downloadPulumi } from "./download.js";
import { findOnPath, versionOf } from "../../system/search.js";
import { atLeast, major, PULUMI_MINIMUM, PULUMI_VERSION } from "../versions.js";

/** @typedef {import("../progress.js").Finding & { file: string }} Pulumi */

/**
 * The Pulumi CLI: from PATH if its version is supported, else set up earlier, else downloaded, else built from its Go module.
 * @param {import("../../system/place.js").Place} place
 * @param {string} node the Node that runs Pulumi's own installer
 * @param {import("../progress.js").Progress} progress
 * @returns {Promise<Pulumi>}
 */
export async function findPulumi(place, node, progress) {
  const onPath = await fromPath(place);
  if (onPath.fitting !== undefined) return onPath.fitting;
  const folder = join(place.cache, `pulumi-${PULUMI_VERSION}`);
  const file = join(folder, "bin", "pulumi");
  const finding = {
    what: `Pulumi ${PULUMI_VERSION}`,
    where: `${shown(place, file)} (set up earlier${onPath.unfit})`,
    file,
  };
  if (isExecutable(file)) return finding;

  return withLock(`${folder}.lock`, { onWait: (pid) => progress.announce(waitFor(pid)) }, async () => {
    if (isExecutable(file)) return finding;
    const how = await obtain(place, node, folder, progress);
    return { ...finding, where: `${shown(place, file)} (${how}${onPath.unfit})`, news: true };
  });
}

/**
 * @param {import("../../system/place.js").Place} place
 * @returns {Promise<{ fitting?: Pulumi, unfit: string }>} `unfit`: why the CLI on PATH is not used
 */
async function fromPath(place) {
  let unfit = "";
  for (const file of findOnPath(place, "pulumi")) {
    const version = await versionOf(place, file, "version");
    if (version !== undefined && fits(version)) {
      return { fitting: { what: `Pulumi ${version}`, where: `${shown(place, file)} (on PATH)`, file }, unfit };
    }
    const said = version === undefined ? "reports no version" : `is version ${version}`;
    unfit ||= `; ${shown(place, file)} ${said}, not ${PULUMI_MINIMUM} or a later ${major(PULUMI_MINIMUM)}.x`;
  }
  return { unfit };
}

/** @param {string} version */
function fits(version) {
  return major(version) === major(PULUMI_MINIMUM) && atLeast(version, PULUMI_MINIMUM);
}

/** @param {number} pid */
function waitFor(pid) {
  return `waiting for another setup (process ${pid}), to install it`;
}

/**
 * Creates `<folder>/bin/pulumi`, complete or not at all.
 * @param {import("../../system/place.js").Place} place
 * @param {string} node
 * @param {string} folder
 * @param {import("../progress.js").Progress} progress
 */
async function obtain(place, node, folder, progress) {
  const unfinished = `${folder}.unfinished`;
  const clean = () => rmSync(unfinished, { recursive: true, force: true });
  // This process holds the lock, so any files here are left over from a killed setup.
  clean();
  const forget = atExit(clean);
  try {
    const result = join(unfinished, "result");
    const executable = join(result, "bin", "pulumi");
    mkdirSync(dirname(executable), { recursive: true });
    const failure = await downloadPulumi(
      place,
      node,
      { folder: result, scratch: join(unfinished, "scratch") },
      progress,
    );
    if (failure !== undefined) {
      progress.note(`Pulumi's installer failed (${failure}). Building the CLI from source.`);
      rmSync(result, { recursive: true, force: true });
      mkdirSync(dirname(executable), { recursive: true });
      await buildPulumi(place, join(unfinished, "module"), executable, progress);
    }
    await check(place, executable);
    // A folder without an executable is also a leftover, and would block the rename.
    if (entriesOf(folder).length > 0) rmSync(folder, { recursive: true, force: true });
    renameSync(result, folder);
    return failure === undefined ? "downloaded" : "built from its Go module";
  } finally {
    clean();
    forget();
  }
}

/**
 * @param {import("../../system/place.js").Place} place
 * @param {string} executable
 */
async function check(place, executable) {
  const version = isExecutable(executable) ? await versionOf(place, executable, "version") : undefined;
  if (version === PULUMI_VERSION) return;
  throw new SetupError(
    "Pulumi CLI",
    `the installed CLI reports version ${version ?? "none"} instead of ${PULUMI_VERSION}.`,
    `Install the Pulumi CLI ${PULUMI_VERSION} by hand (https://www.pulumi.com/docs/install/) on PATH, and run this command again.`,
  );
}
