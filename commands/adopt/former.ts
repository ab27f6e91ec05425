import { isObject } from "../../core/json.ts";
import { valueOf, withValue } from "./tree.ts";
import type { Tree } from "./tree.ts";

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

/** The answers in an existing file's settings. */
export function formerAnswers(settings: Tree): Tree {
  let answers: Tree = {};
  for (const setting of ANSWERS) {
    const value = valueOf(settings, setting);
    const isNothing = value === undefined || (isObject(value) && Object.keys(value).length === 0);
    if (!isNothing) answers = withValue(answers, setting.split("."), value);
  }
  return answers;
}
