import { isObject } from "../../../core/json.ts";
import { texts } from "../access/policies.ts";
import { objectAt, valueAt } from "../config/syntax/anyCase.ts";
import { atLeast } from "../version.ts";
import type { ZotVersion } from "../version.ts";
import { removedRights } from "./rights.ts";
import type { Memberships } from "./rights.ts";
import { knowsAccounts, removedSignIns } from "./signIns.ts";

export interface RemovalOptions {
  readonly version: ZotVersion;
  readonly groupsOf?: Memberships | undefined;
}

/**
 * The access and the accounts that a config gives and another one does not: ways to sign in, members of static groups, rights on repositories and on the metrics. Each is
 * the text that `registry.acceptRemoved` lists.
 */
export function removedAccess(
  before: unknown,
  after: unknown,
  { version, groupsOf }: RemovalOptions,
): readonly string[] {
  return [
    ...removedSignIns(before, after),
    ...removedMembers(before, after),
    ...removedRights(before, after, groupsOf),
    ...removedMetrics(before, after, version),
  ];
}

/** `accessControl.groups` applies to accounts of htpasswd, LDAP and client certificates. */
function removedMembers(before: unknown, after: unknown): readonly string[] {
  const groups = (config: unknown) => objectAt(config, "http", "accessControl", "groups");
  return Object.entries(groups(before)).flatMap(([name, group]) => {
    const kept = texts(valueAt(groups(after), name, "users"));
    const gone = texts(valueAt(group, "users")).filter((user) => !kept.includes(user));
    return gone.length === 0 ? [] : [`accessControl.groups.${name} (${gone.join(", ")})`];
  });
}

function removedMetrics(before: unknown, after: unknown, version: ZotVersion): readonly string[] {
  const kept = readersOfMetrics(after, version);
  return readersOfMetrics(before, version)
    .filter((reader) => !kept.includes(reader))
    .map((reader) => `read on the metrics for ${reader}`);
}

function readersOfMetrics(config: unknown, version: ZotVersion): readonly string[] {
  if (!hasMetrics(config)) return [];
  const access = valueAt(config, "http", "accessControl");
  if (!isObject(access)) return knowsAccounts(config) ? ["signed-in users"] : [];
  const users = texts(valueAt(access, "metrics", "users"));
  const anyone = atLeast(version, "2.1.18")
    ? texts(valueAt(access, "metrics", "anonymousPolicy")).includes("read")
    : users.includes("");
  return [...(anyone ? ["anyone"] : []), ...users.filter((user) => user !== "").map((user) => `user ${user}`)];
}

function hasMetrics(config: unknown): boolean {
  const metrics = valueAt(config, "extensions", "metrics");
  return isObject(metrics) && valueAt(metrics, "enable") !== false;
}
