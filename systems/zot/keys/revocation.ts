import { ZotAuthError } from "../../../core/errors.ts";
import type { Context } from "../../../provider/resource.ts";
import { listKeys, revokeKey } from "../client.ts";
import type { ZotCredentials } from "../client.ts";

/** Whoever holds a key can create more with it, until it is revoked. More rounds than this mean that something else lets them. */
const ROUNDS = 10;

/**
 * Revokes every key of the account, including unmanaged ones, until zot lists none. CI cannot push until it has the new one. After an interruption,
 * the next run revokes the rest.
 *
 * @param isGoing which keys, by their labels. Default: all
 * @throws ZotAuthError `KEYS_KEEP_APPEARING`
 */
export async function revokeAll(
  { registryUrl, username }: { readonly registryUrl: string; readonly username: string },
  session: ZotCredentials,
  context: Context,
  isGoing: (label: string) => boolean = () => true,
): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) {
    const keys = (await listKeys(registryUrl, session, context.signal)).filter(({ label }) => isGoing(label));
    if (keys.length === 0) return;
    await Promise.all(
      keys.map(async ({ uuid, label }) => {
        context.info(`revoking "${label}" (${uuid})`);
        await revokeKey(registryUrl, session, uuid, context.signal);
      }),
    );
  }
  throw new ZotAuthError(
    "KEYS_KEEP_APPEARING",
    `New API keys of ${username} appear at ${registryUrl} as fast as they are revoked, so somebody is signed in as ${username}. Replace the account's app password in Authentik, end its sessions there and at zot (a restart of zot ends them, unless zot.auth.sessionKeysFile keeps them), and run \`npm run revoke\` again.`,
  );
}
