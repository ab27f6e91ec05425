import { list } from "../../../../core/json.ts";
import { ACTIONS } from "../../access/settings.ts";
import { groupName } from "../../../../core/settings/types.ts";
import type { Difference } from "../compared/difference.ts";
import type { Roles } from "./settings/roles.ts";

/** Why something of a config is not kept, by its path. The first that fits counts. */
const NOT_KEPT: readonly (readonly [path: RegExp, reason: string])[] = [
  [
    /^http\.auth\.openid\.providers\.oidc\.client(id|secret)$/i,
    "is in the credentials file from now on (registry.credentialsFile), where only zot's user can read it.",
  ],
  [
    /^http\.auth\.openid\.providers\.oidc\.issuer$/i,
    "must be exactly the issuer of an application in Authentik, with its trailing slash: authentik.url/application/o/authentik.application/.",
  ],
  [
    /^http\.auth\.openid\.providers\.oidc\.scopes$/i,
    "must contain openid, and nothing but names of letters, digits, dots, underscores and hyphens (zot.auth.scopes).",
  ],
  [
    /^http\.auth\.openid\.providers\.oidc\.claimmapping\.username$/i,
    "zot must know CI's account by its user name: zot.auth.usernameClaim. Who is called by another claim today gets a new name at the next sign-in, without the keys and policies of the old name.",
  ],
  [/^http\.auth\.apikey$/i, "must be on, because CI authenticates with an API key."],
  [
    /^http\.auth\.bearer/i,
    "conflicts with OpenID Connect: zot would reject every sign-in, API key and anonymous pull. Run a second zot for it.",
  ],
  [
    /^http\.accesscontrol\.metrics/i,
    'anonymous access to the metrics is written in the form of the zot on the host (access.anonymousMetrics): users [""] up to 2.1.17, anonymousPolicy from 2.1.18.',
  ],
  [
    /^http\.accesscontrol\..*\(.* where /i,
    "no setting has conditions for all repositories (**). Move the policy to another glob, which zot.extra can keep with its conditions.",
  ],
  [
    /^http\.accesscontrol\.repositories\.\*\*\.anonymouspolicy$/i,
    "whoever does not sign in may only read (access.anonymousRead).",
  ],
  [
    /^http\.accesscontrol\.repositories\..*\.defaultpolicy$/i,
    "CI is signed in too, and must not overwrite or delete its images (access.signedInActions).",
  ],
  [
    /^http\.accesscontrol\.(repositories\.|adminpolicy)/i,
    "the settings cannot give exactly these actions: admins have all of them, CI at most read and create, and zot knows no others than read, create, update, delete and detectManifestCollision.",
  ],
  [
    /^http\.externalurl$/i,
    "registry.url is written without a path or trailing slash, in lower case and without the default port.",
  ],
  [/^http\.address$/i, "must be an IP address (registry.address)."],
  [/^http\.port$/i, "must be a port between 1 and 65535 (registry.port)."],
  [/^log\.level$/i, "must be trace, debug, info, warn or error (zot.log.level)."],
  [/^storage\.rootdirectory$/i, "must be a folder (registry.dataDirectory)."],
  [/^storage\..*(delay|interval)$/i, "must be a whole number of seconds, at most ten years."],
  [/^extensions\.search\.cve\.updateinterval$/i, "must be 2 hours or longer (zot.search.cveUpdateInterval)."],
  [/^extensions\.(mgmt|apikey|userprefs)/i, "zot ignores it."],
];

const ADDED: readonly (readonly [path: RegExp, reason: string])[] = [
  [
    /^http\.(read|write)timeout$/i,
    "so that slow uploads can finish: zot 2.1.17 and later interrupt every request after 60 seconds. The value `default` omits it.",
  ],
  [/^http\.externalurl$/i, "registry.url: sign-ins return there."],
  [/^storage\.rootdirectory$/i, "registry.dataDirectory: the folder for images."],
  [/^http\.auth\.apikey$/i, "CI authenticates with an API key."],
  [
    /^http\.auth\.openid\.providers\.oidc\.claimmapping/i,
    "without it, zot calls users by their e-mail address, which CI's account does not have. Who signs in is called by zot.auth.usernameClaim from now on, without the keys and policies of the old name.",
  ],
  [
    /^http\.auth\.openid\.providers\.oidc\.credentialsfile$/i,
    "registry.credentialsFile: the file for the client ID and secret.",
  ],
  [/^http\.auth$/i, "sign-in with Authentik."],
  [/^http\.auth\.openid/i, "sign-in with Authentik."],
  [
    /^http\.accesscontrol$/i,
    "without it, everyone who can sign in may push, overwrite and delete, and without sign-in simply everyone. From now on, that needs permissions (access).",
  ],
  [/^http\.accesscontrol\.metrics/i, "access.anonymousMetrics, in the form of the zot on the host."],
  [
    /^http\.accesscontrol/i,
    "admins (access.adminGroup) have every permission, CI (access.ciGroup) those of access.ci.",
  ],
];

/** Why a config cannot be kept as it is. */
export function reasonOf(difference: Difference, roles: Roles): string {
  const { path, kind } = difference;
  const [, subject = ""] = /^http\.accesscontrol\..* \(((?:group|user) .*)\)$/is.exec(path) ?? [];
  const unknown = unknownActions(difference);
  if (unknown.length > 0)
    return `zot knows no action ${unknown.join(", ")}, which grants nothing. Its actions are ${ACTIONS.join(", ")}.`;
  if (subject !== "") {
    const group = /^group ((?:(?! where ).)*)/s.exec(subject)?.[1];
    if (group !== undefined && !groupName.safeParse(group).success)
      return `no group in Authentik has the name ${JSON.stringify(group)}, because it removes spaces at both ends: nobody has these actions. Correct the name in zot's config, if one is meant.`;
    if (subject === `user ${roles.ciUser}`) return "CI's account has the permissions of its group (access.ciGroup).";
    if (subject === `group ${roles.ciGroup}` && kind === "changed")
      return "CI may pull and push new tags, but not overwrite or delete (access.ci): whoever gets hold of its key could replace what others pull.";
  }
  if (kind === "added")
    return ADDED.find(([place]) => place.test(path))?.[1] ?? "is part of every config of this program.";
  return (
    NOT_KEPT.find(([place]) => place.test(path))?.[1] ??
    "has no setting, and zot.extra cannot change what a setting writes."
  );
}

/** Actions that are gone, if they are such as zot does not know. */
function unknownActions({ path, before, after }: Difference): readonly string[] {
  if (!/^http\.accesscontrol\./i.test(path) || !Array.isArray(before)) return [];
  const gone = before.filter((action) => !list(after).includes(action)).map(String);
  const unknown = gone.filter((action) => !ACTIONS.some((known) => known === action));
  return unknown.length === gone.length ? unknown : [];
}
