// The whole world of a stack: what every server has, the files, and Pulumi's state. It can be put back, and compared with another one.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fingerprint } from "../../../../core/secrets/fingerprint.ts";
import type { Engine } from "../../engine/engine.ts";
import { copyOf, putBack } from "../../homelab/memory.ts";
import type { Copy } from "../../homelab/memory.ts";
import type { Stack } from "./stack.ts";

export interface World {
  readonly servers: Copy;
  /** By path. */
  readonly files: ReadonlyMap<string, Buffer>;
  readonly records: Stack["host"]["records"];
  readonly state: Engine["state"];
  readonly pending: Engine["pending"];
  /** The config file with which zot started. */
  readonly zot: string;
}

export async function worldOf({ lab, host, engine }: Stack): Promise<World> {
  await lab.settled();
  return {
    servers: copyOf(lab.folder),
    files: new Map(filesIn(lab.folder).map((file) => [file, readFileSync(file)])),
    records: new Map(host.records),
    state: engine.state,
    pending: engine.pending,
    zot: lab.zotConfig,
  };
}

/** @throws if zot has another config by now and cannot start with its former one, such as when it finds no issuer */
export async function restore({ lab, host, engine }: Stack, world: World): Promise<void> {
  await lab.settled();
  putBack(lab.folder, world.servers);
  for (const file of filesIn(lab.folder)) if (!world.files.has(file)) rmSync(file);
  for (const [file, content] of world.files) {
    if (existsSync(file) && readFileSync(file).equals(content)) continue;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  host.records.clear();
  for (const [file, record] of world.records) host.records.set(file, record);
  engine.state = world.state;
  engine.pending = world.pending;
  engine.said.length = 0;
  await lab.runZotWith(world.zot);
  await lab.settled();
}

/** Data of servers, which are in memory, and zot's images, which no setting concerns. */
const NOT_OURS = /^(?:zot2?|big2?|authentik|forgejo|onepassword|kubernetes)$/;

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .flatMap((name) => {
      const path = join(folder, name);
      if (!statSync(path).isDirectory()) return [path];
      return NOT_OURS.test(name) ? [] : filesIn(path);
    })
    .toSorted();
}

/** What happened and not what is, and counters of it. */
const PASSING =
  /^authentik_(?:events|core\.session|tasks|policies_reputation|providers_oauth2\.(?!oauth2provider))|^(?:sessions|openid|last_login|last_applied|date_joined|lastUsed|last_used|version|resourceVersion)$/;
const PASSING_STORES = /sessions|cache/;
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)|\b1[6-9]\d{8}(?:\d{3})?\b/g;
/** UUIDs, keys and their hashes, fingerprints, ids of 1Password, secrets that Authentik makes up. */
const RANDOM =
  /\b(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64}|[0-9a-f]{32}|[0-9a-f]{16}|[a-z2-7]{26}|[A-Za-z0-9]{60,64}|[A-Za-z0-9]{128})\b/g;
/** Texts whose content decides, and that are no names: their own hash stands for them. */
const LONG = 2000;

/** The same for worlds that differ in nothing but times, and random values that were made up anew. */
export function likenessOf({ lab, host, engine }: Stack): string {
  const servers = Object.entries(copyOf(lab.folder))
    .map(([file, data]): [string, unknown] => [relative(lab.folder, file), data])
    .filter(([file]) => !PASSING_STORES.test(file));
  const files = filesIn(lab.folder).map((file) => [relative(lab.folder, file), readFileSync(file, "utf8")]);
  const { state, pending } = engine;
  const all = { servers, files, state, pending, records: [...host.records.keys()].toSorted(), zot: lab.zotConfig };
  const text = JSON.stringify(all, (key, value: unknown) => {
    if (PASSING.test(key)) return undefined;
    return typeof value === "string" && value.length > LONG ? `hash ${hashOf(value).slice(0, 40)}` : value;
  });
  return hashOf(withoutChance(text));
}

/** Each random value becomes its number in the order of appearance; a key, its hash and its fingerprint have the same one. */
function withoutChance(text: string): string {
  const numbers = new Map<string, string>();
  const numberOf = (value: string): string => {
    const number = numbers.get(value) ?? `<${numbers.size}>`;
    numbers.set(value, number);
    return number;
  };
  for (const [key, random = ""] of text.matchAll(/zak_([0-9a-f]{32})/g)) {
    const number = numberOf(random);
    numbers.set(hashOf(random), number).set(fingerprint(key), number);
  }
  return text
    .replace(TIME, "a time")
    .replace(/zak_([0-9a-f]{32})/g, (_key, random: string) => numberOf(random))
    .replace(RANDOM, numberOf);
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
