// Which worlds are like each other: what comes next does in the one what it does in the other.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { fingerprint } from "../../../core/secrets/fingerprint.ts";
import { copyOf } from "../homelab/memory.ts";
import type { Copy } from "../homelab/memory.ts";
import { filesIn } from "./world.ts";
import type { Parts } from "./world.ts";

/** What happened and not what is, and counters of it, in the data of servers. */
const PASSING =
  /^authentik_(?:events|core\.session|tasks|policies_reputation|providers_oauth2\.(?!oauth2provider))|^(?:sessions|openid|last_login|last_applied|date_joined|version|contentVersion|resourceVersion)$/;
const PASSING_STORES = /sessions|cache/;
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)|\b1[6-9]\d{8}(?:\d{3})?\b/g;
/** UUIDs, keys and their hashes, fingerprints, ids of 1Password, secrets that Authentik makes up. */
const RANDOM =
  /\b(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64}|[0-9a-f]{32}|[0-9a-f]{16}|[a-z2-7]{26}|[A-Za-z0-9]{60,64}|[A-Za-z0-9]{128})\b/g;
/** Texts whose content decides, and that are no names: their own hash stands for them. */
const LONG = 2000;

/**
 * The same for worlds that differ in nothing but random values that were made up anew, and by less than an hour in when something was or will be.
 *
 * @param besides what else decides what comes next
 */
export function likenessOf({ lab, engine, host }: Parts, besides?: unknown): string {
  const servers = copyOf(lab.folder);
  const files = filesIn(lab.folder).map((file) => [relative(lab.folder, file), readFileSync(file, "utf8")]);
  const { state, pending } = engine;
  const records = [...(host?.records.keys() ?? [])].toSorted();
  const others = { files, state, pending, records, zot: lab.zotConfig, used: orderOfUse(servers), besides };
  const data = Object.entries(servers)
    .map(([file, kept]): [string, unknown] => [relative(lab.folder, file), kept])
    .filter(([file]) => !PASSING_STORES.test(file));
  const text =
    JSON.stringify(data, (key, value: unknown) => (PASSING.test(key) ? undefined : short(value))) +
    JSON.stringify(others, (_key, value: unknown) => short(value));
  return hashOf(withoutChance(text, Date.now()));
}

function short(value: unknown): unknown {
  return typeof value === "string" && value.length > LONG ? `hash ${hashOf(value).slice(0, 40)}` : value;
}

/** zot's keys by when each was last used: among keys whose secret it does not know, a run tries them in this order. */
function orderOfUse(servers: Copy): readonly string[] {
  return Object.values(servers)
    .flatMap((data) => Object.values((data as { readonly users?: Users }).users ?? {}))
    .flatMap(({ apiKeys = {} }) =>
      Object.entries(apiKeys)
        .toSorted(([, one], [, other]) => Date.parse(one.lastUsed) - Date.parse(other.lastUsed))
        .map(([hash]) => hash),
    );
}

type Users = Readonly<Record<string, { readonly apiKeys?: Readonly<Record<string, { readonly lastUsed: string }>> }>>;

/**
 * Each random value becomes its number in the order of appearance; a key, its hash and its fingerprint have the same one. Each time becomes by how much it is past or
 * still to come.
 */
function withoutChance(text: string, now: number): string {
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
    .replace(TIME, (time) => distance(time, now))
    .replace(/zak_([0-9a-f]{32})/g, (_key, random: string) => numberOf(random))
    .replace(RANDOM, numberOf);
}

const HOUR = 3_600_000;
/** Hours after which nothing depends on how long ago it was. */
const LONG_AGO = 24;

/** A run takes minutes; what waits, such as for the end of a grace period, waits for an hour or more. */
function distance(time: string, now: number): string {
  const at = time.includes("T") ? Date.parse(time) : Number(time.padEnd(13, "0"));
  // zot's "never".
  if (at < 0) return time;
  const hours = Math.floor((now - at) / HOUR);
  if (hours >= LONG_AGO) return "long ago";
  return hours >= 0 ? `${hours} hours ago` : `in ${-hours} hours`;
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
