// Part of the lab: which of its servers are stand-ins, for the report of a run.
import { accessSync, constants, realpathSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const OUR_ZOT = fileURLToPath(new URL("../bin/zot", import.meta.url));

/** The names of the servers, without zot if `lab/bin/zot` runs a real one. Another binary of the lab emulates a release, so it never does. */
export function standIns(servers: readonly string[], binary: string, path: string): readonly string[] {
  const real =
    realpathSync(binary) === realpathSync(OUR_ZOT) &&
    path.split(delimiter).some((folder) => isOtherZot(join(folder, "zot")));
  return servers.filter((name) => name !== "zot" || !real);
}

function isOtherZot(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return realpathSync(file) !== realpathSync(OUR_ZOT);
  } catch {
    return false;
  }
}
