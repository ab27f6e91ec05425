import { ZotAuthError } from "../../../core/errors.ts";
import { isObject, list } from "../../../core/json.ts";
import { parseReference } from "../../../core/secrets/reference.ts";
import type { SecretReference } from "../../../core/secrets/reference.ts";
import { configure } from "../../../systems/onePassword/resolver.ts";
import type { Answers } from "../answers/answers.ts";
import { readAuthentik } from "./authentik.ts";
import { likelySecretNames } from "./forgejo.ts";
import { fieldNote } from "./onePassword.ts";
import { whichOf } from "../answers/questions.ts";
import type { Question } from "../answers/questions.ts";
import type { NotKept } from "../settings/settingsFile.ts";
import { valueOf } from "../settings/tree.ts";
import type { Tree } from "../settings/tree.ts";

/** What the other servers say, beside the settings that it became. */
export interface ServerFindings {
  readonly notKept: readonly NotKept[];
  /** What was read, and what could not be. */
  readonly notes: readonly string[];
}

/** The default of access.ciGroup. */
const CI_GROUP = "artifact-workloads";

/** Seconds that one of them may take. */
const SECONDS = 60;

/**
 * Reads what the settings need from Authentik, Forgejo and 1Password. A server that does not answer leaves a note.
 *
 * @param possibleCiGroups groups that may push, if none is called like CI's
 */
export async function readServers(answers: Answers, possibleCiGroups: readonly string[]): Promise<ServerFindings> {
  const notes: string[] = [];
  const notKept: NotKept[] = [];
  const questions: Question[] = [];
  const signInGroups: string[] = [];
  const attempt = async (leftOut: string, look: (signal: AbortSignal) => Promise<void>): Promise<void> => {
    const signal = AbortSignal.timeout(SECONDS * 1000);
    try {
      await look(signal);
    } catch (error) {
      if (signal.aborted) notes.push(`${leftOut}: it did not answer within ${SECONDS} s.`);
      else if (error instanceof ZotAuthError) notes.push(`${leftOut}: ${error.message}`);
      else throw error;
    }
  };
  const { tree } = answers;
  configure(connectionOf(tree));

  await attempt("Nothing was read from Authentik, so its settings are the defaults or the flags", async (signal) => {
    const found = await readAuthentik(
      { authentikUrl: answers.get("authentik.url") ?? "", authentikToken: referenceOf(answers, "authentik.token") },
      {
        clientId: answers.get("authentik.clientId") ?? "zot",
        registryUrl: answers.get("registry.url"),
        ciGroup: answers.get("access.ciGroup") ?? CI_GROUP,
        possibleCiGroups,
      },
      signal,
    );
    answers.add(found.settings);
    signInGroups.push(...found.signInGroups);
    notKept.push(...found.notKept);
    notes.push(...found.notes);
    if (found.found !== undefined) notes.push(`Authentik has ${found.found}.`);
    const ciGroups = possibleCiGroups.filter((group) => (found.serviceAccounts.get(group) ?? []).length > 0);
    const [ciGroup, ...more] = ciGroups;
    if (ciGroup !== undefined && more.length > 0) {
      questions.push(whichOf("access.ciGroup", "CI's group, of several with a service account", ciGroups));
      return;
    }
    if (ciGroup !== undefined) answers.add({ access: { ciGroup } });
    if (answers.get("ci.user") !== undefined) return;
    const users = found.serviceAccounts.get(answers.get("access.ciGroup") ?? CI_GROUP) ?? [];
    const [user, ...others] = users;
    if (user !== undefined && others.length === 0) answers.add({ ci: { user } });
    else if (user !== undefined)
      questions.push(whichOf("ci.user", "The account of CI, of several in its group", users));
  });

  // Also those of an existing file: a person may have added some. Groups with permissions may sign in anyway.
  const known = [...list(valueOf(tree, "access.signInGroups")).map(String), ...signInGroups];
  const others = [...new Set(known)].filter((group) => !groupsOf(answers).includes(group));
  answers.add({ access: { signInGroups: others } });

  await attempt(
    "Nothing was read from Forgejo, so the secret has its default name or that of the flag",
    async (signal) => {
      if (answers.get("forgejo.secretName") !== undefined) return;
      const connection = {
        forgejoUrl: answers.get("forgejo.url") ?? "",
        forgejoToken: referenceOf(answers, "forgejo.token"),
      };
      const targets = list(valueOf(tree, "forgejo.repositories")).map(String);
      const names = await likelySecretNames(connection, targets, "ZOT_CI_API_KEY", signal);
      const [secretName, ...others] = names;
      if (secretName === undefined) notes.push("Forgejo has no Actions secret yet that looks like CI's key.");
      else if (others.length === 0) {
        answers.add({ forgejo: { secretName } });
        notes.push(`Forgejo has the Actions secret ${secretName}; \`up\` overwrites it.`);
      } else
        questions.push(whichOf("forgejo.secretName", "The Actions secret with CI's key, of several in Forgejo", names));
    },
  );

  for (const [setting, otherwise] of [
    ["ci.keyStore", "`up` writes the key there"],
    ["authentik.clientSecret", "store the OAuth2 client secret there before `up`"],
  ] as const) {
    const reference = referenceOf(answers, setting);
    await attempt(`${setting} was not read`, async (signal) => {
      if (parseReference(reference)?.kind === "op")
        notes.push(`${setting}: ${await fieldNote(reference, otherwise, signal)}`);
    });
  }
  await answers.complete(questions);
  return { notKept, notes };
}

function connectionOf(tree: Tree): Parameters<typeof configure>[0] {
  const connection = valueOf(tree, "onePassword");
  return isObject(connection) ? connection : {};
}

/** The schema has checked it, or the file's is not valid; an empty one names no secret. */
function referenceOf(answers: Answers, setting: string): SecretReference {
  return (answers.get(setting) ?? "") as SecretReference;
}

/** The groups that the settings name, with their defaults. */
function groupsOf(answers: Answers): readonly string[] {
  const keys = (value: unknown): readonly string[] => Object.keys(isObject(value) ? value : {});
  const { tree } = answers;
  const namespaces = valueOf(tree, "access.namespaces");
  return [
    answers.get("access.adminGroup") ?? "admins",
    answers.get("access.ciGroup") ?? CI_GROUP,
    ...keys(valueOf(tree, "access.groups")),
    ...Object.values(isObject(namespaces) ? namespaces : {}).flatMap((rules) =>
      keys(isObject(rules) ? rules["groups"] : undefined),
    ),
  ];
}
