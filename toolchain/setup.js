import { SetupError } from "./errors.js";
import { isExecutable } from "./files.js";
import { findLanguageHost } from "./languageHost.js";
import { findNode } from "./node.js";
import { ensureNodeModules } from "./nodeModules.js";
import { findPlugin, neededPlugins } from "./plugins.js";
import { findPulumi } from "./pulumi.js";
import { writeResult } from "./result.js";
import { PULUMI_VERSION } from "./versions.js";

/**
 * Everything that a fresh machine needs, in order. A second run finds all of it by looking at files.
 * @param {import("./place.js").Place} place
 * @param {import("./progress.js").Reporter} reporter
 * @param {{ retryPlugins: boolean }} options
 */
export async function setUp(place, reporter, { retryPlugins }) {
  await reporter.step("node_modules", (progress) => ensureNodeModules(place, progress));
  const node = await reporter.step("Node", () => findNode(place));
  const pulumi = await reporter.step(`Pulumi ${PULUMI_VERSION}`, (progress) => findPulumi(place, node.file, progress));
  const host = await reporter.step("Language host", () => findLanguageHost(place, pulumi.file));
  if (host.standIn !== undefined && !isExecutable(host.standIn)) {
    throw new SetupError(
      "Language host",
      "there is none beside the Pulumi CLI, and the stand-in is missing.",
      "Restore toolchain/language-host, or install a release of the Pulumi CLI, which brings one.",
    );
  }
  const plugins = await Promise.all(
    neededPlugins(place).map((plugin) =>
      reporter.step(`Plugin ${plugin.name}`, (progress) =>
        findPlugin(place, pulumi.file, plugin, retryPlugins, progress),
      ),
    ),
  );
  writeResult(place, {
    node: node.file,
    pulumi: pulumi.file,
    languageHost: host.standIn,
    plugins: plugins.flatMap(({ standIn }) => standIn ?? []),
  });
}
