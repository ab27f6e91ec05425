import assert from "node:assert/strict";
import test from "node:test";
import { SettingsError, parseSettings } from "../../../../settings/parse.ts";
import { zotConfigArgs } from "../../../../settings/zotConfigArgs.ts";
import { objectAt } from "../../../../systems/zot/config/syntax/anyCase.ts";
import { findings } from "../../../../systems/zot/config/checks/findings.ts";
import { renderZotConfig } from "../../../../systems/zot/config/config.ts";
import type { ZotConfig } from "../../../../systems/zot/config/config.ts";
import { fills, mirrorsOf } from "../../../../systems/zot/config/mirrors/mirrors.ts";
import { REAL_CASE, version } from "../../../support/settings.ts";

// Registries that zot mirrors count in every check, whether registry.pullThrough or zot.extra names them.

/** The settings without registry.pullThrough, but with zot's own form of it. */
function extra(...registries: readonly object[]) {
  return {
    registry: { ...REAL_CASE.registry, pullThrough: [] },
    zot: { extra: { extensions: { sync: { registries } } } },
  };
}

const declared = (...pullThrough: readonly object[]) => ({ registry: { ...REAL_CASE.registry, pullThrough } });
const QUAY = { name: "quay.io", url: "https://quay.io" };

function problems(change: Record<string, unknown>): readonly string[] {
  try {
    parseSettings({ ...REAL_CASE, ...change });
    return [];
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
}

function rendered(change: Record<string, unknown>): ZotConfig {
  const settings = parseSettings({ ...REAL_CASE, ...change });
  return renderZotConfig(zotConfigArgs(settings), version("2.1.20"), settings.registry);
}

const urls = ["https://quay.io"];

test("where zot stores what it mirrors", () => {
  for (const [content, folder, glob] of [
    [{ prefix: "**", destination: "/quay.io" }, "quay.io", "quay.io/**"],
    [{ prefix: "/library/*/", destination: "/hub/" }, "hub/library", "hub/library/*"],
    [{ prefix: "library/**", destination: "/hub", stripPrefix: true }, "hub", "hub/**"],
    [{ Prefix: "a/b", Destination: "/c", StripPrefix: true }, "c", "c"],
    [{ prefix: "a/b" }, "a/b", "a/b"],
    [{ prefix: "{a,b}/**", destination: "/" }, "", "{a,b}/**"],
  ] as const) {
    const config = { extensions: { Sync: { registries: [{ urls, content: [content] }] } } };
    assert.deepEqual(mirrorsOf(config), [{ registry: 0, folder, glob }]);
  }
  assert.deepEqual(mirrorsOf({ extensions: { sync: { registries: [{ urls }] } } }), [
    { registry: 0, folder: "", glob: "**" },
  ]);
  assert.deepEqual(mirrorsOf({ extensions: { sync: { enable: false, registries: [{ urls }] } } }), []);
  const mirror = { registry: 0, folder: "hub", glob: "hub/{a,b}/*" };
  assert.deepEqual(
    ["hub", "hub/a", "hub/a/x", "hub/c", "hub/a/x/y"].map((name) => fills(mirror, name)),
    [true, true, true, false, false],
  );
});

test("CI's images must not be where zot mirrors, by either setting", () => {
  assert.match(
    problems(extra({ urls, content: [{ prefix: "**", destination: "/blumeops" }] })).join(),
    /^ci\.imagePrefix: got "blumeops", which is inside blumeops of zot\.extra\.extensions\.sync\.registries\.0: the next pull would replace/,
  );
  const everything = problems(extra({ urls: ["https://a"], content: [{ prefix: "x/*" }] }, { urls, onDemand: true }));
  assert.equal(everything.length, 2);
  assert.match(
    everything[1] ?? "",
    /^acceptance\.repository: .* inside \*\* of zot\.extra\.extensions\.sync\.registries\.1/,
  );
  assert.match(
    problems(declared({ ...QUAY, name: "zot-auth" })).join(),
    /^acceptance\.repository: .* inside zot-auth of registry/,
  );
  // zot mirrors only part of the folder.
  assert.deepEqual(problems(declared({ ...QUAY, name: "blumeops/hub", prefix: "a/*" })).length, 1);
  const elsewhere = { ...QUAY, name: "zot-auth", prefix: "library/**" };
  assert.deepEqual(problems(declared(elsewhere)), []);
});

test("a preview warns of those who may create images where zot mirrors by zot.extra, too", () => {
  const change = extra({ urls, content: [{ prefix: "**", destination: "/quay.io" }] });
  const found = (access: object) => {
    const args = zotConfigArgs(parseSettings({ ...REAL_CASE, ...change, access }));
    return findings(rendered({ ...change, access }), args).join();
  };
  assert.match(found({}), /^Group artifact-workloads may create images in quay\.io, .*"quay\.io\/\*\*": \{ci: read\}/);
  assert.equal(found({ namespaces: { "quay.io/**": { ci: "read" } } }), "");
});

test("two entries with one name are an error", () => {
  const [only = "", ...more] = problems(declared(QUAY, { name: "ghcr.io", url: "https://ghcr.io" }, QUAY));
  assert.deepEqual(more, []);
  assert.match(only, /^registry\.pullThrough\.2\.name: got "quay\.io", which is also registry\.pullThrough\.0\.name/);
});

test("two registries with one destination are an error, by either setting", () => {
  const to = (destination: string, prefix = "**") => ({ urls, content: [{ prefix, destination }] });
  const shared = problems(extra(to("/hub"), to("/quay.io"), to("hub/"), to("/hub", "library/*")));
  assert.deepEqual(
    shared.map((text) => text.slice(0, text.indexOf(":"))),
    ["zot.extra.extensions.sync.registries.2", "zot.extra.extensions.sync.registries.3"],
  );
  assert.match(
    shared[0] ?? "",
    /images such as hub\/\S+ for it and for zot\.extra\.extensions\.sync\.registries\.0: an image/,
  );
  const several = { urls, content: [{ prefix: "a/**" }, { prefix: "b/**", destination: "/hub" }] };
  assert.equal(problems(extra(several, { urls, content: [{ prefix: "**/x", destination: "/a" }] })).length, 1);
  assert.deepEqual(problems(extra(several, to("/hub/c"), to("/hub", "d/*"))), []);
  const nested = { name: "quay.io/inner", url: "https://inner.example" };
  assert.match(
    problems(declared(QUAY, nested)).join(),
    /^registry\.pullThrough\.1: .* for registry\.pullThrough\.0: an image/,
  );
  assert.deepEqual(problems(declared({ ...QUAY, prefix: "a/*" }, nested)), []);
});

test("what zot refuses without another setting names that setting", () => {
  assert.match(
    problems(declared({ ...QUAY, maxRetries: 3 })).join(),
    /^registry\.pullThrough\.0\.maxRetries: got 3; zot needs retryDelay/,
  );
  const kept = declared({ ...QUAY, preserveDigest: true, maxRetries: 3, retryDelay: "1 minute" });
  assert.match(
    problems(kept).join(),
    /^registry\.pullThrough\.0\.preserveDigest: got true; .*zot\.http\.compat: \[docker2s2\]/,
  );
  assert.deepEqual(problems({ ...kept, zot: { http: { compat: ["docker2s2"] } } }), []);
});

test("settings of zot.sync are not dropped in silence", () => {
  const files = { credentialsFile: "/etc/zot/sync.json", downloadDir: "/var/tmp/zot" };
  const alone = problems({ ...declared(), zot: { sync: files } });
  assert.deepEqual(
    alone.map((text) => text.slice(0, text.indexOf(":"))),
    ["zot.sync.credentialsFile", "zot.sync.downloadDir"],
  );
  const { registry, zot } = extra({ urls, content: [{ prefix: "**", destination: "/quay.io" }] });
  const sync = objectAt(rendered({ registry, zot: { ...zot, sync: files } }), "extensions", "sync");
  assert.deepEqual(Object.keys(sync), ["credentialsFile", "downloadDir", "registries"]);
});

test("several parts of a registry, each with its own tags", () => {
  const contents = [
    { prefix: "library/**", stripPrefix: true, tagsRegex: "^v", semver: true },
    { prefix: "bitnami/*", excludeTagsRegex: "-rc" },
  ];
  const sync = objectAt(rendered(declared({ ...QUAY, contents, syncTimeout: "90 minutes" })), "extensions", "sync");
  assert.deepEqual(sync["registries"], [
    {
      urls,
      content: [
        { prefix: "library/**", destination: "/quay.io", stripPrefix: true, tags: { regex: "^v", semver: true } },
        { prefix: "bitnami/*", destination: "/quay.io", tags: { excludeRegex: "-rc" } },
      ],
      onDemand: true,
      tlsVerify: true,
      syncTimeout: "90m",
    },
  ]);
  for (const beside of [{ prefix: "**" }, { semver: true }, { stripPrefix: false }])
    assert.match(
      problems(declared({ ...QUAY, contents, ...beside })).join(),
      /^registry\.pullThrough\.0\.contents: .*in place of prefix/,
    );
});
