import type { ConfigSeen } from "./configSeen.ts";
import { fails, holds, names } from "./verdict.ts";
import type { Verdict } from "./verdict.ts";

/** What zot answers when asked to begin an upload: 202 it may, 403 it may not, 401 nobody that zot knows. */
export interface PushesSeen {
  /** The stored key, before anybody signed in anew: signing in makes zot read the account's groups again. */
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
  readonly ciGroup: string;
  /** The claim that zot is to look at for the groups. */
  readonly groupsClaim: string;
  /** The repository that the pushes were tried on. */
  readonly repository: string;
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
  if (key === 401) return refused(pushes, username);
  if (key !== 403) {
    return fails(
      NAME,
      "PUSH_UNCLEAR",
      `zot answers ${key} when ${username}'s key begins an upload to ${repository}. See zot's log.`,
    );
  }
  if (session === 202) {
    return fails(
      NAME,
      "KEY_WITHOUT_GROUPS",
      `The session that ${username} has just begun may push to ${repository}, and the key of the same account may not: the key has lost the groups. ` +
        "An htpasswd or LDAP account of the same name overwrites them at each of its sign-ins" +
        `${config?.htpasswd === true ? " (http.auth.htpasswd is in zot's config)" : ""}: give it another name.`,
    );
  }
  if (!inToken) {
    return fails(
      NAME,
      "KEY_WITHOUT_GROUPS",
      `The key may not push to ${repository}, as follows from the groups claim: zot knows no group "${ciGroup}" of ${username}.`,
    );
  }
  return byPolicy(owner, config);
}

function refused({ identity }: PushesSeen, username: string): Verdict {
  if (identity !== "" && identity !== username) {
    return fails(
      NAME,
      "IDENTITY_DIFFERS",
      `zot knows the account as "${identity}", not as "${username}" (setting ci.user), so a key of it does not work under that name. zot takes the claim ` +
        "preferred_username, and the e-mail address where that is missing: see Authentik's scope mapping of `profile`.",
    );
  }
  return fails(
    NAME,
    "KEY_REFUSED",
    `zot does not accept the key of ${username}: it is expired, revoked, or another one. Run \`pulumi refresh\` and \`pulumi up\`, which make a new one.`,
  );
}

/** Session and key may not push, though the token has the group: what zot makes of the group decides. */
function byPolicy({ ciGroup, groupsClaim, username, repository }: KeyOwner, config: ConfigSeen | undefined): Verdict {
  const begin = `${username} has the group "${ciGroup}" in its token, and may not push to ${repository} all the same.`;
  if (config !== undefined && config.groupsClaim !== groupsClaim) {
    return fails(
      NAME,
      "GROUPS_CLAIM_ELSEWHERE",
      `${begin} zot's config makes it look at the claim "${config.groupsClaim}" (claimMapping.groups), not at "${groupsClaim}". Set zot.auth.groupsClaim to the one that is right.`,
    );
  }
  const globs = Object.entries(config?.creators ?? {});
  if (config !== undefined && !globs.some(([, groups]) => groups.includes(ciGroup))) {
    const named = [...new Set(globs.flatMap(([, groups]) => groups))];
    return fails(
      NAME,
      "POLICY_WITHOUT_GROUP",
      `${begin} accessControl in zot's config gives \`create\` to ${names(named)}, and zot compares names exactly. ` +
        "Run `pulumi up` to put the declared config in force, or correct access.ciGroup.",
    );
  }
  const listed = globs.map(([glob, groups]) => `${glob} (create: ${names(groups)})`).join("; ");
  return fails(
    NAME,
    "POLICY_WITHOUT_GROUP",
    `${begin} The longest glob of accessControl that matches the repository decides, and nothing falls through to a shorter one` +
      `${listed === "" ? "" : `; the globs of zot's config are ${listed}`}. Give the group \`create\` there, spelled exactly so; ` +
      "where the config does, zot has not taken it over yet: restart it.",
  );
}
