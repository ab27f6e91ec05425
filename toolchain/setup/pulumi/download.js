import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../../system/child.js";
import { reasonIn } from "../errors.js";
import { isExecutable } from "../../system/files.js";
import { PULUMI_VERSION } from "../versions.js";

/** Milliseconds without new data after which the download is cancelled. */
const PATIENCE = 20_000;

const INSTALLER = fileURLToPath(new URL("installer.js", import.meta.url));

/**
 * Downloads the CLI with Pulumi's installer, which writes it to `<folder>/bin`.
 * @param {import("../../system/place.js").Place} place
 * @param {string} node
 * @param {{ folder: string, scratch: string }} to `scratch`: folder for the archive before it is unpacked
 * @param {import("../progress.js").Progress} progress
 * @returns {Promise<string | undefined>} why the download failed, or undefined on success
 */
export async function downloadPulumi(place, node, { folder, scratch }, progress) {
  progress.say("contacting Pulumi's installer");
  mkdirSync(scratch, { recursive: true });
  const done = await run(node, [INSTALLER, folder, PULUMI_VERSION], {
    cwd: place.root,
    env: { ...place.env, TMPDIR: scratch, PULUMI_SKIP_UPDATE_CHECK: "true" },
    patience: PATIENCE,
    growing: [scratch, folder],
    onGrowth: (bytes) => progress.say(`downloading it, ${(bytes / 1e6).toFixed(0)} MB`),
  });
  if (done.late) return `no data for ${PATIENCE / 1000} s`;
  if (done.code !== 0) return reasonIn(done.output);
  return isExecutable(join(folder, "bin", "pulumi")) ? undefined : "it did not install an executable";
}
