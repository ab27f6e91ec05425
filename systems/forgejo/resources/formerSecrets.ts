import { ZotAuthError } from "../../../core/errors.ts";
import { inParallel } from "../../../core/concurrency/inParallel.ts";
import { isUnreachedAndGone, withWayOut } from "../../../core/serverGone.ts";
import type { Context, Observed, Resource } from "../../../provider/resource.ts";
import { notDeleted, takeBackByMarker } from "../secrets/takeBack.ts";
import { Forgejo } from "../client.ts";
import type { ForgejoConnection } from "../client.ts";
import type { FormerSecret } from "./secretCleanup.ts";

/**
 * Deletes the secrets that the settings no longer declare, by their markers, so that also what an interrupted run wrote is found. It depends on every
 * declared secret: after a rename, CI has the secret under the new name before the old one goes. On destroy, `SecretCleanup` does it.
 */
export interface FormerSecretsInputs extends ForgejoConnection {
  readonly former: readonly FormerSecret[];
}

export type FormerSecretsState = FormerSecretsInputs & Observed;

export const formerSecrets: Resource<FormerSecretsInputs, FormerSecretsState> = {
  computed: {},

  async create(inputs, context) {
    await deleteFormer(inputs, inputs.former, context);
    return { id: "former-secrets", state: { ...inputs, drift: "" } };
  },

  async update(state, inputs, context) {
    // Each is deleted once: a later secret of that name is unmanaged.
    const known = new Set(state.former.map(idOf));
    const left = inputs.former.filter((secret) => !known.has(idOf(secret)));
    await deleteFormer(inputs, left, context);
    return { ...inputs, drift: "" };
  },
};

const AT_ONCE = 12;

/** The token may have lost its rights there for good, which can be why it left the settings. */
const LOST: readonly string[] = ["FORGEJO_RIGHT_MISSING", "FORGEJO_SCOPE_MISSING", "FORGEJO_USER_OTHER"];

function idOf({ forgejoUrl, target, secretName, generation }: FormerSecret): string {
  return `${generation} ${forgejoUrl} ${target} ${secretName}`;
}

/**
 * Deletes secrets by their markers. A warning says what stays at a Forgejo that the settings no longer name, which may be gone or have other tokens, and at
 * a target that the token may no longer administer.
 */
export async function deleteFormer(
  current: ForgejoConnection,
  former: readonly FormerSecret[],
  context: Context,
): Promise<void> {
  await inParallel(former, AT_ONCE, async (secret) => {
    const moved = secret.forgejoUrl !== current.forgejoUrl;
    try {
      // The setting may name another token by now.
      const forgejo = new Forgejo(moved ? secret : current, context.signal);
      await takeBackByMarker(forgejo, secret, context);
    } catch (error) {
      if (!(error instanceof ZotAuthError)) throw error;
      const { forgejoUrl: url } = secret;
      if (!moved && !LOST.includes(error.code) && !isUnreachedAndGone(error, url)) throw withWayOut(error, url);
      context.warn(notDeleted({ ...secret, url }, error));
    }
  });
}
