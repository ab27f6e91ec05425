import { valueAt } from "../config/syntax/anyCase.ts";
import { isObject } from "../../../core/json.ts";
import type { JsonObject } from "../../../core/json.ts";
import { atLeast } from "../version.ts";
import type { ZotVersion } from "../version.ts";
import { removedAccess } from "./removed.ts";
import { EVERYTHING, grantedTo } from "./rights.ts";
import { knowsAccounts } from "./signIns.ts";

/** Without accounts and without rules, zot does what anyone asks of it. */
export function isOpen(config: unknown): boolean {
  return !knowsAccounts(config) && !isObject(valueAt(config, "http", "accessControl"));
}

/** What everyone loses by the first rules of an open zot, and who may push then. Nobody was given that access, so `registry.acceptRemoved` does not list it. */
export function describeClosing(before: JsonObject, after: JsonObject, version: ZotVersion): readonly string[] {
  const opening = {
    http: {
      accessControl: {
        metrics: { anonymousPolicy: ["read"], users: [""] },
        repositories: { "**": { anonymousPolicy: EVERYTHING } },
      },
    },
    extensions: valueAt(before, "extensions"),
  };
  const lost = removedAccess(opening, after, { version }).map((line) => line.replace(/ for anyone$/, ""));
  const pushing = grantedTo(after, "create");
  const docker =
    grantedTo(after, "read").includes("anyone") && pushing.length > 0 && atLeast(version, "2.1.16")
      ? ["docker has to sign in for every pull (`docker login`), also where other clients do not"]
      : [];
  return [
    "Anyone may pull, push and delete there now, without signing in. After the update, people, CI jobs and clusters without a key are refused (401):",
    ...[...lost, ...docker].map((line) => `  ${line}`),
    `Then may push: ${pushing.length === 0 ? "nobody" : pushing.join(", ")}.`,
  ];
}
