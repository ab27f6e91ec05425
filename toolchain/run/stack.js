import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { entriesOf, readJson } from "../system/files.js";

/**
 * The stack that a command targets, as it was named. For Pulumi: from its arguments, else from PULUMI_STACK, else the selected one. The project's own
 * commands are named with their stack: `node commands/check/main.ts prod`.
 * @param {import("../system/place.js").Place} place
 * @param {string} pulumiHome
 * @param {string} command
 * @param {readonly string[]} args
 * @returns {string | undefined}
 */
export function stackOf(place, pulumiHome, command, args) {
  if (command === "pulumi")
    return flagged(args) ?? named(args) ?? place.env["PULUMI_STACK"] ?? selected(place, pulumiHome);
  return args[0]?.startsWith("commands/") ? args.slice(1).find((arg) => !arg.startsWith("-")) : undefined;
}

/**
 * As Pulumi reads it: `--stack x`, `--stack=x`, `-s x`, `-s=x`, `-sx`, and behind options without a value, as in `-ys x`. The last one counts.
 * @param {readonly string[]} args
 */
function flagged(args) {
  const end = args.indexOf("--");
  const options = end < 0 ? args : args.slice(0, end);
  for (let at = options.length - 1; at >= 0; at -= 1) {
    const found = /^(?:--stack|-[defhijry]*s)(?:$|=(.*)|(?<!-stack)(.+))/s.exec(options[at] ?? "");
    if (found !== null) return found[1] ?? found[2] ?? options[at + 1];
  }
  return undefined;
}

/** @param {readonly string[]} args */
function named([command, task, ...args]) {
  if (command !== "stack" || (task !== "init" && task !== "select")) return undefined;
  return args.find((arg) => !arg.startsWith("-"));
}

/**
 * The stack that `pulumi stack select` recorded in PULUMI_HOME for this project file and backend.
 * @param {import("../system/place.js").Place} place
 * @param {string} pulumiHome
 */
function selected({ root, env }, pulumiHome) {
  const folder = join(pulumiHome, "workspaces");
  const project = createHash("sha1").update(join(root, "Pulumi.yaml")).digest("hex");
  const file = entriesOf(folder).find((name) => name.endsWith(`-${project}-workspace.json`));
  if (file === undefined) return undefined;
  const noted = /** @type {{ stack?: string, stacks?: Record<string, string> } | undefined} */ (
    readJson(join(folder, file))
  );
  return noted?.stacks?.[env["PULUMI_BACKEND_URL"] ?? backendOf(root)] ?? noted?.stack;
}

/**
 * The backend URL from Pulumi.yaml.
 * @param {string} root
 */
function backendOf(root) {
  try {
    return /^ {2}url: (\S+)$/m.exec(readFileSync(join(root, "Pulumi.yaml"), "utf8"))?.[1] ?? "";
  } catch {
    return ""; // no Pulumi.yaml: Pulumi itself reports that
  }
}
