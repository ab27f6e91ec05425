import { isObject, list, present } from "../../../../../core/json.ts";
import type { JsonObject } from "../../../../../core/json.ts";
import { parsePolicy } from "../../../access/policies.ts";
import { ACTIONS } from "../../../access/settings.ts";
import { spelled, valueAt } from "../../syntax/anyCase.ts";
import type { Roles } from "../settings/roles.ts";

const FORBIDDEN = ["update", "delete"];

/** `zot.extra` without actions that zot does not know, and without policies that grant nothing, which the checks refuse. */
export function withoutIdlePolicies(extra: JsonObject): JsonObject {
  return changed(extra, (policy) => [policy], known);
}

/** `zot.extra` in which CI may neither overwrite nor delete: its group, its account, and what anyone may do. */
export function withoutOverwrite(extra: JsonObject, glob: string | undefined, roles: Roles): JsonObject {
  const harmless = (actions: readonly string[]) => known(actions).filter((action) => !FORBIDDEN.includes(action));
  const split = (policy: JsonObject) => {
    const { groups, users, actions } = parsePolicy(policy);
    const [ciGroups, ciUsers] = [
      groups.filter((one) => one === roles.ciGroup),
      users.filter((one) => one === roles.ciUser),
    ];
    if (ciGroups.length + ciUsers.length === 0) return [policy];
    const others = {
      groups: groups.filter((one) => !ciGroups.includes(one)),
      users: users.filter((one) => !ciUsers.includes(one)),
      actions,
    };
    return [
      { ...policy, ...others },
      { ...policy, groups: ciGroups, users: ciUsers, actions: harmless(actions) },
    ];
  };
  return changed(extra, split, glob === undefined ? known : harmless, glob);
}

type Split = (policy: JsonObject) => readonly JsonObject[];
type Filter = (actions: readonly string[]) => readonly string[];

/** @param only the glob whose rules change, or `undefined` for all, and for `adminPolicy` */
function changed(extra: JsonObject, split: Split, filter: Filter, only?: string): JsonObject {
  return edited(extra, "http", (http) =>
    edited(http, "accessControl", (control) => {
      const repositories = edited(control, "repositories", (globs) =>
        Object.fromEntries(
          Object.entries(globs).map(([glob, rules]) => [
            glob,
            isObject(rules) && (only === undefined || only === glob) ? changedRules(rules, split, filter) : rules,
          ]),
        ),
      );
      const [admin] = only === undefined ? policiesOf([valueAt(control, "adminPolicy")], split) : [];
      const name = spelled(repositories, "adminPolicy");
      if (name === undefined || only !== undefined) return repositories;
      return present({ ...repositories, [name]: admin });
    }),
  );
}

function changedRules(rules: JsonObject, split: Split, filter: Filter): JsonObject {
  const policies = spelled(rules, "policies");
  const tiers = ["anonymousPolicy", "defaultPolicy"].flatMap((key) => {
    const name = spelled(rules, key);
    return name === undefined ? [] : [[name, filter(parsePolicy({ actions: rules[name] }).actions)] as const];
  });
  return {
    ...rules,
    ...Object.fromEntries(tiers),
    ...(policies === undefined ? {} : { [policies]: policiesOf(list(rules[policies]), split) }),
  };
}

/** The policies that grant something to somebody, in zot's own spelling. */
function policiesOf(policies: readonly unknown[], split: Split): readonly JsonObject[] {
  return policies
    .filter(isObject)
    .flatMap(split)
    .flatMap((policy) => {
      const { groups, users, actions } = parsePolicy(policy);
      if (groups.length + users.length === 0 || known(actions).length === 0) return [];
      const conditions = valueAt(policy, "conditions");
      return [
        present({
          groups: groups.length === 0 ? undefined : groups,
          users: users.length === 0 ? undefined : users,
          actions: known(actions),
          conditions,
        }),
      ];
    });
}

function known(actions: readonly string[]): readonly string[] {
  return actions.filter((action) => ACTIONS.some((one) => one === action));
}

function edited(object: JsonObject, key: string, edit: (value: JsonObject) => JsonObject): JsonObject {
  const name = spelled(object, key);
  const value = name === undefined ? undefined : object[name];
  return name === undefined || !isObject(value) ? object : { ...object, [name]: edit(value) };
}
