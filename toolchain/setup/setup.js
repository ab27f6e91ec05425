import { dirname } from "node:path";
import { findLanguageHost } from "./pulumi/languageHost.js";
import { findNode } from "./node.js";
import { ensureNodeModules } from "./nodeModules.js";
import { findPlugin, neededPlugins } from "./pulumi/plugins.js";
import { findPulumi } from "./pulumi/cli.js";
import { installLinks, writeResult } from "../run/result.js";
import { PULUMI_VERSION } from "./versions.js";

/**
 * Sets up everything that a fresh machine needs. A second run only checks files.
 * @param {import("../system/place.js").Place} place
 * @param {import("./progress.js").Reporter} reporter
 * @param {{ retryPlugins: boolean }} options
 */
export async function setUp(place, reporter, { retryPlugins }) {
  await reporter.step("node_modules", (progress) => ensureNodeModules(place, progress));
  const node = await reporter.step("Node", () => findNode(place));
  const pulumi = await reporter.step(`Pulumi ${PULUMI_VERSION}`, (progress) => findPulumi(place, node.file, progress));
  const host = await reporter.step("Language host", () => findLanguageHost(place, pulumi.file));
  const plugins = await Promise.all(
    neededPlugins(place).map((plugin) =>
      reporter.step(`Plugin ${plugin.name}`, (progress) =>
        findPlugin(place, pulumi.file, plugin, retryPlugins, progress),
      ),
    ),
  );
  const sources = plugins.flatMap(({ source }) => source ?? []);
  const failures = [...new Set(sources.flatMap(({ whyStandIn }) => whyStandIn ?? []))];
  if (failures.length > 0) installLinks(place.standInHome, sources);
  writeResult(place, {
    node: node.file,
    pulumi: pulumi.file,
    ...(host.standIn === undefined ? {} : { languageHost: host.standIn }),
    standIns: [host, ...plugins].filter(({ where }) => where === "stand-in").map(({ what }) => what.toLowerCase()),
    path: host.standIn !== undefined && host.onPath === true ? [dirname(host.standIn)] : [],
    ...(failures.length > 0 ? { home: { instead: place.pulumiHome, folder: place.standInHome } } : {}),
  });
  if (failures.length > 0) {
    reporter.note(
      `Stand-ins from toolchain/plugins replace the official plugins, whose download failed (${failures.join("; ")}).\n` +
        "  `node toolchain/main.js setup --retry-plugins` tries again.",
    );
  }
}
