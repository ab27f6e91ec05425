import { realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { isExecutable } from "./files.js";
import { shown } from "./place.js";
import { findOnPath } from "./search.js";

const NAME = "pulumi-language-nodejs";

/** @typedef {import("./progress.js").Finding & { standIn?: string }} Found what is used, and the executable when it is a stand-in */

/**
 * The language host that runs the program for the CLI. Releases of the CLI bring it; a CLI built from source has none.
 * @param {import("./place.js").Place} place
 * @param {string} pulumi the CLI that was found
 * @returns {Promise<Found>}
 */
export function findLanguageHost(place, pulumi) {
  const beside = [pulumi, realpathSync(pulumi)].map((file) => join(dirname(file), NAME));
  const official = [...beside.filter(isExecutable), ...findOnPath(place, NAME)][0];
  if (official !== undefined) return Promise.resolve({ what: "Language host", where: shown(place, official) });
  const standIn = join(place.root, "toolchain", "language-host", NAME);
  const where = `stand-in ${shown(place, dirname(standIn))} (there is none beside the Pulumi CLI)`;
  return Promise.resolve({ what: "Language host", where, standIn });
}
