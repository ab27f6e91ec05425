import { ZotAuthError } from "../../../../core/errors.ts";
import { waitFor } from "../../../../core/time/wait.ts";
import type { Context } from "../../../../provider/resource.ts";
import { listKeys } from "../../client.ts";
import type { ApiKeyInfo, ZotCredentials } from "../../client.ts";
import { rfc3339 } from "../rotation.ts";
import type { OwnKey } from "./accountKeys.ts";

/** Seconds without a request after which a key counts as unused, and how many seconds to wait for that. */
const QUIET = 3;
const PATIENCE = 30;

/**
 * Waits until the keys that are about to be revoked are unused: a push that began with one needs it until the end.
 *
 * @returns the uuids of all keys of the account
 */
export async function whenUnused(
  { registryUrl, username, uuid: inForce }: { readonly registryUrl: string; readonly username: string; uuid: string },
  due: readonly OwnKey[],
  credentials: ZotCredentials,
  context: Context,
): Promise<ReadonlySet<string>> {
  const going = new Set(due.map(({ uuid }) => uuid));
  let keys: readonly ApiKeyInfo[] = [];
  const look = async (): Promise<true | undefined> => {
    keys = await listKeys(registryUrl, credentials, context.signal);
    // By zot's own clock: the current key was just used.
    const now = Date.parse(keys.find(({ uuid }) => uuid === inForce)?.lastUsed ?? rfc3339(new Date()));
    const inUse = keys.some(({ uuid, lastUsed }) => going.has(uuid) && now - Date.parse(lastUsed) < QUIET * 1000);
    if (inUse) context.progress("waiting for pushes with the old key to finish");
    return inUse ? undefined : true;
  };
  try {
    await waitFor(look, {
      what: "the old key to be unused",
      timeoutSeconds: PATIENCE,
      signal: context.signal,
      code: "KEY_IN_USE",
      remedy: () => "",
    });
  } catch (error) {
    if (!(error instanceof ZotAuthError) || error.code !== "KEY_IN_USE") throw error;
    context.warn(
      `The old key of ${username} is still in use and is revoked anyway: jobs that started with it fail. For longer jobs, raise ci.gracePeriod.`,
    );
  }
  return new Set(keys.map(({ uuid }) => uuid));
}
