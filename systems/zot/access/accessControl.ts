import { present } from "../../../core/json.ts";
import type { JsonObject } from "../../../core/json.ts";
import { atLeast } from "../version.ts";
import type { ZotVersion } from "../version.ts";
import type { Policy } from "./policies.ts";
import type { AccessRules } from "./rules.ts";

/**
 * zot's `accessControl`, without the rules that `zot.extra` adds.
 *
 * Anonymous access to the metrics is `metrics.users: [""]` up to 2.1.17 and `metrics.anonymousPolicy` from 2.1.18: neither version accepts
 * the other's form.
 */
export function renderAccessControl(rules: AccessRules, version: ZotVersion): JsonObject {
  return present({
    metrics: rules.anonymousMetrics
      ? atLeast(version, "2.1.18")
        ? { anonymousPolicy: ["read"] }
        : { users: [""] }
      : undefined,
    repositories: Object.fromEntries(
      rules.repositories.map(({ glob, policies, anonymousPolicy, defaultPolicy }) => [
        glob,
        { policies: policies.map(renderPolicy), anonymousPolicy, defaultPolicy },
      ]),
    ),
  });
}

function renderPolicy({ groups, users, actions, conditions }: Policy): JsonObject {
  return present({
    groups: groups.length === 0 ? undefined : groups,
    users: users.length === 0 ? undefined : users,
    actions,
    conditions,
  });
}
