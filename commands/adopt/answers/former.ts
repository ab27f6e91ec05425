import { isObject } from "../../../core/json.ts";
import { access } from "../../../systems/zot/access/settings.ts";
import { valueOf, withValue } from "../settings/tree.ts";
import type { Tree } from "../settings/tree.ts";

/**
 * What zot's config determines even where it says nothing: the default. Of the others, an existing file's own answers count until something else is read:
 * a server may not tell them, or not be reachable this time.
 */
const READ_ANEW = [
  "zot",
  ...Object.keys(access.shape)
    .filter((name) => name !== "signInGroups")
    .map((name) => `access.${name}`),
  ...["address", "port", "pullThrough"].map((name) => `registry.${name}`),
  ...["application", "clientId"].map((name) => `authentik.${name}`),
];

/** The answers in an existing file's settings, without those for which the flags leave no place. */
export function formerAnswers(settings: Tree, flags: Tree): Tree {
  const groups = Object.fromEntries(Object.entries(settings).filter(([, group]) => isObject(group)));
  return [...READ_ANEW, ...replacedBy(flags)].reduce<Tree>(
    (left, setting) => (valueOf(left, setting) === undefined ? left : withValue(left, setting.split("."), undefined)),
    groups,
  );
}

/** What goes with another answer than that of the flags. */
function replacedBy(flags: Tree): readonly string[] {
  const service = ["service", "manageService", "serviceFile", "serviceLog"].map((name) => `registry.${name}`);
  const delivery = valueOf(flags, "authentik.delivery") ?? "configMap";
  return [
    ...(valueOf(flags, "registry.service") === undefined ? [] : ["registry.restartCommand"]),
    ...(valueOf(flags, "registry.restartCommand") === undefined ? [] : service),
    ...(delivery === "configMap" ? [] : ["argocd", "kubernetes"]),
  ];
}
