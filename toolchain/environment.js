import { existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { isExecutable } from "./files.js";

/**
 * The environment that the project's commands run in. What the user has set stays.
 * @param {import("./place.js").Place} place
 * @param {import("./result.js").Result} result
 * @param {string | undefined} stack the stack that a Pulumi command is about
 * @returns {NodeJS.ProcessEnv}
 */
export function environmentOf(place, result, stack) {
  const { env } = place;
  const passphrase = join(place.root, ".lab", "passphrase");
  const hasPassphrase =
    env["PULUMI_CONFIG_PASSPHRASE"] !== undefined || env["PULUMI_CONFIG_PASSPHRASE_FILE"] !== undefined;
  return {
    NODE_COMPILE_CACHE: join(place.own, "compile-cache"),
    PULUMI_SKIP_UPDATE_CHECK: "true",
    // Without it Pulumi tries five times to download a plugin before it looks at a stand-in's version.
    ...(result.standInPlugins ? { PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" } : {}),
    // Never for another stack: its state would be encrypted with what everybody knows.
    ...(stack === "lab" && !hasPassphrase && existsSync(passphrase)
      ? { PULUMI_CONFIG_PASSPHRASE_FILE: passphrase }
      : {}),
    ...env,
    PATH: pathOf(env["PATH"] ?? "", result),
  };
}

/**
 * Stand-ins come last, so that an official one on PATH goes before them.
 * @param {string} before
 * @param {import("./result.js").Result} result
 */
function pathOf(before, { node, pulumi, standIns }) {
  let folders = before.split(delimiter).filter((folder) => folder !== "" && !standIns.includes(folder));
  // A folder such as /usr/bin is not moved to the front when that changes nothing but what else is found in it.
  for (const file of [pulumi, node]) {
    const name = file === node ? "node" : "pulumi";
    const first = folders.map((folder) => join(folder, name)).find(isExecutable);
    if (first !== file) folders = [dirname(file), ...folders];
  }
  return [...folders, ...standIns].join(delimiter);
}
