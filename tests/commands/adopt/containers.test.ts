import assert from "node:assert/strict";
import { test } from "node:test";
import { whichConfig } from "../../../commands/adopt/answers/questions.ts";
import { configsOf } from "../../../commands/adopt/reading/zotHost.ts";
import { parseRunning } from "../../../systems/zot/host/service/running.ts";

const question = (...lines: readonly string[]) => whichConfig(configsOf(parseRunning(lines.join("\n"))));
const onHost = (config: string): string => `zot\t/usr/bin/zot\t${config}\t\t`;
const contained = (config: string): string => `zot\t/usr/bin/zot\t${config}\t\tdocker-0a1b`;

test("the config of the only zot on the host is suggested", () => {
  const { asks, suggests } = question(onHost("/etc/zot/config.json"));
  assert.equal(asks, "The config file that zot is started with: an absolute path on its host");
  assert.equal(suggests?.({}), "/etc/zot/config.json");
});

test("a path inside a container is not suggested, and the question says so", () => {
  const { asks, suggests } = question(contained("/etc/zot/config.json"));
  assert.match(asks, /a container has one as \/etc\/zot\/config\.json, which is not a path of the host/);
  assert.equal(suggests?.({}), undefined);
});

test("with a zot on the host and one in a container, neither is taken for the registry", () => {
  const { asks, suggests } = question(onHost("/opt/zot.json"), contained("/etc/zot/config.json"));
  assert.match(asks, /\(\/opt\/zot\.json runs on the host\).*a container has one as \/etc\/zot\/config\.json/);
  assert.equal(suggests?.({}), undefined);
});

test("several on the host are named, each once", () => {
  const { asks, suggests } = question(onHost("/a.json"), onHost("/b.json"), onHost("/a.json"));
  assert.match(asks, /\(several run: \/a\.json, \/b\.json\)$/);
  assert.equal(suggests?.({}), undefined);
});
