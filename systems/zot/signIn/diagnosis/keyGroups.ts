import { OF_THE_ONLY_ACCOUNT } from "../../../../core/settings/accountNames.ts";
import type { AccountNames } from "../../../../core/settings/accountNames.ts";
import { whereNamesComeFrom } from "../usernameClaim.ts";
import type { ConfigSeen } from "./configSeen.ts";
import { fails, holds, names } from "./verdict.ts";
import type { Verdict } from "./verdict.ts";

/** zot's status for the start of an upload: 202 allowed, 403 denied, 401 unknown account. */
export interface PushesSeen {
  /** The stored key, before a new sign-in, which makes zot reread the account's groups. */
  readonly before?: number;
  /** The account's new session. */
  readonly session: number;
  /** The key, after the session began. */
  readonly key: number;
  /** The account's name as zot has it in the session. */
  readonly identity: string;
}

export interface KeyOwner {
  readonly username: string;
  /** The claim from which zot reads the name. Default: `preferred_username`. */
  readonly usernameClaim?: string | undefined;
  readonly ciGroup: string;
  /** The claim from which zot reads the groups. */
  readonly groupsClaim: string;
  /** The repository that the pushes were tried on. */
  readonly repository: string;
  /** Default: those of the only account. */
  readonly settings?: AccountNames | undefined;
}

const NAME = "key groups";

/**
 * Does a key have its account's groups, and fresh ones?
 *
 * @param inToken whether the CI group is in the account's token
 */
export function diagnoseKeyGroups(pushes: PushesSeen, inToken: boolean, owner: KeyOwner, config?: ConfigSeen): Verdict {
  const { before, session, key } = pushes;
  const { username, ciGroup, repository } = owner;
  if (key === 202) {
    if (before !== 403) return holds(NAME, `the key may push to ${repository}, by its account's groups`);
    return {
      name: NAME,
      outcome: "repaired",
      code: "KEY_GROUPS_STALE",
      text:
        `the stored key could not push: zot keeps an account's groups from its last sign-in, and those were stale. The sign-in of this check ` +
        `refreshed them for every key of ${username}; now it may push to ${repository}`,
    };
  }
  if (key === 401) return refused(pushes, owner);
  if (key !== 403) {
    return fails(
      NAME,
      "PUSH_FAILED",
      `zot answers ${key} when ${username}'s key begins an upload to ${repository}. See zot's log.`,
    );
  }
  if (session === 202) {
    return fails(
      NAME,
      "KEY_WITHOUT_GROUPS",
      `The new session of ${username} may push to ${repository}, but the key of the same account may not: the key has lost the groups. ` +
        "An htpasswd or LDAP account of the same name overwrites them at each of its sign-ins" +
        `${config?.htpasswd === true ? " (http.auth.htpasswd is in zot's config)" : ""}: give it another name.`,
    );
  }
  if (!inToken) {
    return fails(
      NAME,
      "KEY_WITHOUT_GROUPS",
      `The key may not push to ${repository}. The cause is the groups claim: zot does not see the group "${ciGroup}" of ${username}.`,
    );
  }
  return byPolicy(owner, config);
}

function refused(
  { identity }: PushesSeen,
  { username, usernameClaim, settings = OF_THE_ONLY_ACCOUNT }: KeyOwner,
): Verdict {
  if (identity !== "" && identity !== username) {
    return fails(
      NAME,
      "IDENTITY_DIFFERS",
      `zot knows the account as "${identity}", not as "${username}" (setting ${settings.user}), so its keys do not work under that name. ` +
        whereNamesComeFrom(usernameClaim),
    );
  }
  return fails(
    NAME,
    "KEY_REFUSED",
    `zot does not accept the key of ${username}: it is expired, revoked, or a different key. Run \`pulumi refresh\` and \`pulumi up\`, which create a new one.`,
  );
}

/** Session and key may not push although the token has the group: zot's config is the reason, or zot has not loaded it. */
function byPolicy(
  { ciGroup, groupsClaim, username, repository, settings = OF_THE_ONLY_ACCOUNT }: KeyOwner,
  config: ConfigSeen | undefined,
): Verdict {
  const begin = `${username} has the group "${ciGroup}" in its token, but may not push to ${repository}.`;
  if (config !== undefined && config.groupsClaim !== groupsClaim) {
    return fails(
      NAME,
      "GROUPS_CLAIM_ELSEWHERE",
      `${begin} zot's config reads the claim "${config.groupsClaim}" (claimMapping.groups), not "${groupsClaim}". Set zot.auth.groupsClaim to the right one.`,
    );
  }
  const globs = Object.entries(config?.creators ?? {});
  if (config !== undefined && !globs.some(([, groups]) => groups.includes(ciGroup))) {
    const named = [...new Set(globs.flatMap(([, groups]) => groups))];
    return fails(
      NAME,
      "POLICY_WITHOUT_GROUP",
      `${begin} accessControl in zot's config grants \`create\` to ${names(named)}, and zot compares names exactly. ` +
        `Run \`pulumi up\` to deploy the declared config, or correct ${settings.group}.`,
    );
  }
  const listed = globs.map(([glob, groups]) => `${glob} (create: ${names(groups)})`).join("; ");
  return fails(
    NAME,
    "POLICY_WITHOUT_GROUP",
    `${begin} The longest glob of accessControl that matches the repository decides, and shorter ones are ignored` +
      `${listed === "" ? "" : `; the globs of zot's config are ${listed}`}. Grant the group \`create\` there, with exactly this spelling; ` +
      "if the config does, zot has not loaded it yet: restart it.",
  );
}
