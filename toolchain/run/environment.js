import { existsSync, readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { isExecutable } from "../system/files.js";

/**
 * The environment of the project's commands. The user's own variables are kept.
 * @param {import("../system/place.js").Place} place
 * @param {import("./result.js").Result} result
 * @param {string | undefined} named the stack that the command targets
 * @returns {NodeJS.ProcessEnv}
 */
export function environmentOf(place, result, named) {
  const { env } = place;
  const stack = named?.split("/").at(-1);
  const passphrase = join(place.root, ".lab", "passphrase");
  const hasPassphrase =
    env["PULUMI_CONFIG_PASSPHRASE"] !== undefined || env["PULUMI_CONFIG_PASSPHRASE_FILE"] !== undefined;
  const home = pulumiHomeOf(place, result);
  return {
    NODE_COMPILE_CACHE: join(place.own, "compile-cache"),
    PULUMI_SKIP_UPDATE_CHECK: "true",
    // Never for another stack: its state would be encrypted with a publicly known passphrase.
    ...(stack === "lab" && !hasPassphrase && existsSync(passphrase)
      ? { PULUMI_CONFIG_PASSPHRASE_FILE: passphrase }
      : {}),
    // An existing backend login is kept.
    ...(home === place.pulumiHome ? {} : { PULUMI_CREDENTIALS_PATH: place.pulumiHome }),
    ...env,
    ...(home === place.pulumiHome ? {} : { PULUMI_HOME: home }),
    ...(result.languageHost === undefined ? {} : { ZOT_AUTH_LANGUAGE_HOST: result.languageHost }),
    ZOT_AUTH_STAND_INS: [...(result.standIns ?? []), ...(stack === "lab" ? standInsOfLab(place.root) : [])].join(","),
    PATH: pathOf(env["PATH"] ?? "", result),
  };
}

/**
 * The PULUMI_HOME of a command: the one with the stand-ins, unless the user's PULUMI_HOME has changed since the setup.
 * @param {import("../system/place.js").Place} place
 * @param {import("./result.js").Result} result
 */
export function pulumiHomeOf(place, { home }) {
  return home !== undefined && home.instead === place.pulumiHome ? home.folder : place.pulumiHome;
}

/**
 * The lab's servers that are stand-ins, for the report.
 * @param {string} root
 */
function standInsOfLab(root) {
  const file = join(root, ".lab", "stand-ins");
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
}

/**
 * The stand-in comes last, so that an official one on PATH takes precedence.
 * @param {string} before
 * @param {import("./result.js").Result} result
 */
function pathOf(before, { node, pulumi, path }) {
  let folders = before.split(delimiter).filter((folder) => folder !== "" && !path.includes(folder));
  // Does not move a folder such as /usr/bin to the front if only other commands would be affected.
  for (const file of [pulumi, node]) {
    const name = file === node ? "node" : "pulumi";
    const first = folders.map((folder) => join(folder, name)).find(isExecutable);
    if (first !== file) folders = [dirname(file), ...folders];
  }
  return [...folders, ...path].join(delimiter);
}
