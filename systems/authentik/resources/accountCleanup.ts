import { isDeclared, ownerOf } from "../applying/removal/accounts.ts";
import { oneAtATime } from "../../../core/concurrency/queue.ts";
import { removeObjects } from "../applying/removal/removal.ts";
import { removeLeftWayIn } from "../applying/wayIn.ts";
import type { FormerlyDeclared } from "../blueprint/former.ts";
import type { BlueprintObject } from "../blueprint/objects.ts";
import { appPasswordIdentifier } from "../blueprint/render.ts";
import { Authentik } from "../client.ts";
import type { AuthentikConnection } from "../client.ts";
import { unlessGone } from "../../../core/serverGone.ts";
import type { Context, Observed, Resource } from "../../../provider/resource.ts";
import { accountCleanupOutputs } from "./outputs.ts";

/**
 * Cleanup of one service account (docs/background/cleanup.md): it is in the state before the blueprint that creates the account is delivered. It knows which
 * names the account had, also after an interrupted run, and removes what is left of it once its keys are revoked.
 */
export interface AccountCleanupInputs extends AuthentikConnection {
  readonly username: string;
  /** Seconds for its removal. */
  readonly timeout: number;
}

export interface AccountCleanupState extends AccountCleanupInputs, Observed {
  /** The names that it had before. */
  readonly former: readonly FormerlyDeclared[];
  /** How often its name has changed. */
  readonly generation: number;
}

export const accountCleanup: Resource<AccountCleanupInputs, AccountCleanupState> = {
  computed: accountCleanupOutputs,

  foresees: ({ inputs, state }) => formerNames(inputs, state),

  async create(inputs) {
    return Promise.resolve({ id: inputs.username, state: { ...inputs, ...formerNames(inputs), drift: "" } });
  },

  async update(state, inputs) {
    return Promise.resolve({ ...inputs, ...formerNames(inputs, state), drift: "" });
  },

  async delete(state, context) {
    const { authentikUrl: url, username, former } = state;
    // Another account of the settings may have taken the name over.
    const all = [username, ...former.map((account) => account.username)];
    const names = all.filter((name) => !isDeclared(name, context));
    await unlessGone({ url, what: `The account ${username}` }, context, async () =>
      oneAtATime(url, async () => remove(names, state, context)),
    );
  },
};

function formerNames(
  { username }: AccountCleanupInputs,
  before?: AccountCleanupState,
): Pick<AccountCleanupState, "former" | "generation"> {
  if (before === undefined) return { former: [], generation: 1 };
  const { former, generation } = before;
  if (username === before.username) return { former, generation };
  const all = [...former, { username: before.username, generation: generation + 1 }];
  return { former: all.filter((account) => account.username !== username), generation: generation + 1 };
}

async function remove(names: readonly string[], state: AccountCleanupState, context: Context): Promise<void> {
  // A run that was killed had let the account in to revoke its keys, and this one needed no other way in.
  await removeLeftWayIn(state, context);
  const authentik = new Authentik(state, context.signal);
  const owners = await Promise.all(names.map(async (name) => ownerOf(authentik, name)));
  const there = names.filter((_name, index) => owners[index] !== "absent");
  if (there.length === 0) return;
  const objects = there.flatMap((name): BlueprintObject[] => [
    `authentik_core.token ${appPasswordIdentifier(name)}`,
    `authentik_core.user ${name}`,
  ]);
  await removeObjects(state, `the account ${state.username}`, objects, context);
}
