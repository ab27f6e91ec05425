// download.js runs this in a separate process, since an installation cannot be cancelled: node installer.js <folder> <version>
import { createRequire } from "node:module";
import { PulumiCommand } from "@pulumi/pulumi/automation/cmd.js";

/** @typedef {NonNullable<NonNullable<Parameters<typeof PulumiCommand.install>[0]>["version"]>} Version */

const [root = "", version = ""] = process.argv.slice(2);

// The version must be an object of the `semver` package that Pulumi's SDK loads.
/** @type {(name: string) => unknown} */
const requireAsPulumi = createRequire(createRequire(import.meta.url).resolve("@pulumi/pulumi/automation/cmd.js"));
const semver = /** @type {{ SemVer: new (version: string) => Version }} */ (requireAsPulumi("semver"));

try {
  await PulumiCommand.install({ root, version: new semver.SemVer(version) });
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
