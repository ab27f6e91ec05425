import { isObject } from "../../../core/json.ts";
import { valueOf, withValue } from "../settings/tree.ts";
import type { Tree } from "../settings/tree.ts";

/** What no server can tell, so that an existing file's own answer counts. Everything else is read anew. */
const ANSWERS = [
  ...["host", "binary", "configFile", "service", "restartCommand", "manageService", "serviceFile"].map(
    (name) => `registry.${name}`,
  ),
  ...["serviceLog", "readyTimeout", "acceptCiOverwrite"].map((name) => `registry.${name}`),
  ...["token", "clientSecret", "clientSecretVariable", "machineFlow"].map((name) => `authentik.${name}`),
  ...["delivery", "blueprintPath", "appliedAfter", "applyTimeout"].map((name) => `authentik.${name}`),
  ...["kubernetes", "argocd", "ci", "forgejo", "onePassword", "acceptance"],
];

/** The answers in an existing file's settings, without those for which the flags leave no place. */
export function formerAnswers(settings: Tree, flags: Tree): Tree {
  let answers: Tree = {};
  for (const setting of ANSWERS) {
    const value = valueOf(settings, setting);
    const isNothing = value === undefined || (isObject(value) && Object.keys(value).length === 0);
    if (!isNothing) answers = withValue(answers, setting.split("."), value);
  }
  return replacedBy(flags).reduce((left, setting) => withValue(left, setting.split("."), undefined), answers);
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
