import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { pathsOf } from "../../../lab/homelab/layout.ts";
import { homelab, lab } from "./stack.ts";

// The blueprint comes to Authentik in another way, on a live stack: each of the three to each of the others.

type Way = "configMap" | "file" | "api";

const FILE_NAME = "zot-git.yaml";
const clone = (): string => join(lab.directory, "clone", FILE_NAME);
/** Where the worker has the file, after a push and its deployment. */
const deployed = (): string => join(pathsOf(lab.layout).blueprints, FILE_NAME);

const SETTINGS: Readonly<Record<Way, () => Readonly<Record<string, unknown>>>> = {
  configMap: () => ({ delivery: "configMap" }),
  file: () => ({ delivery: `file:${clone()}`, blueprintPath: `custom/${FILE_NAME}` }),
  api: () => ({ delivery: "api" }),
};

/** Settings that are invalid without a ConfigMap. */
const OF_CONFIG_MAP = ["zot-auth:argocd", "zot-auth:kubernetes"];
const removed: Record<string, unknown> = {};

function changeSettings(way: Way): void {
  lab.changeSettings((config) => {
    for (const group of OF_CONFIG_MAP) {
      removed[group] ??= config[group];
      if (way === "configMap") config[group] = removed[group];
      else Reflect.deleteProperty(config, group);
    }
    const { blueprintPath: _, ...authentik } = config["zot-auth:authentik"] as Record<string, unknown>;
    config["zot-auth:authentik"] = { ...authentik, ...SETTINGS[way]() };
  });
}

interface Instance {
  readonly name: string;
  readonly path: string;
}

/** Which ways have the blueprint: in the cluster, in the clone, and in Authentik as an inline blueprint. */
async function ways(): Promise<readonly Way[]> {
  const { body } = await homelab.authentik("/managed/blueprints/?page_size=100");
  const inline = (body as { results: Instance[] }).results.filter(({ name }) => name.startsWith("zot-auth"));
  const there: Readonly<Record<Way, boolean>> = {
    configMap: (await homelab.blueprints())["zot.yaml"] !== undefined,
    file: existsSync(clone()),
    api: inline.length > 0,
  };
  return (["configMap", "file", "api"] as const).filter((way) => there[way]);
}

/** What must not be made anew. */
async function made(): Promise<unknown> {
  const application = (await homelab.authentik("/core/applications/zot/")).body as { pk: string; provider: number };
  const { results } = (await homelab.authentik("/core/users/?username=robot-ci")).body as { results: { pk: number }[] };
  return [application.pk, application.provider, results.map(({ pk }) => pk), homelab.ciKey("homelab/apps")];
}

async function changeTo(way: Way): Promise<void> {
  changeSettings(way);
  if (way === "file") mkdirSync(join(clone(), ".."), { recursive: true });
  const running = lab.up();
  if (way === "file") {
    // The user pushes what `up` has written, while it waits for that.
    const end = Date.now() + 60_000;
    while (!existsSync(clone()) && Date.now() < end) await delay(20);
    writeFileSync(deployed(), readFileSync(clone(), "utf8"));
  } else {
    // And pushes the deletion.
    rmSync(deployed(), { force: true });
  }
  const { code, output } = await running;
  assert.equal(code, 0, output);
}

for (const [from, to] of [
  ["configMap", "file"],
  ["file", "api"],
  ["api", "configMap"],
  ["configMap", "api"],
  ["api", "file"],
  ["file", "configMap"],
] as const) {
  test(`from ${from} to ${to}: the objects and CI's key stay, and the old way has no blueprint`, async () => {
    assert.deepEqual(await ways(), [from]);
    const before = await made();
    await changeTo(to);
    assert.deepEqual(await ways(), [to]);
    assert.deepEqual(await made(), before);
    const { code, output } = await lab.pulumi("preview", "--refresh", "--expect-no-changes", "--non-interactive");
    assert.equal(code, 0, output);
  });
}
