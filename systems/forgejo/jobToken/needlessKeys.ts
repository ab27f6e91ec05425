import { unlessUnreadable } from "../../../core/time/lookAhead.ts";
import { requestApi } from "../../../core/http/api.ts";
import { at, string } from "../../../core/json.ts";
import type { Context } from "../../../provider/resource.ts";
import { Forgejo } from "../client.ts";
import type { ForgejoConnection } from "../client.ts";

/** CI accounts that push with a stored key, though zot would take their jobs' tokens. */
export interface AccountsWithKeys {
  /** zot's release: `2.1.23`. */
  readonly zot: string;
  /** The accounts' ids. */
  readonly ids: readonly string[];
}

/** The first release of Forgejo whose jobs get tokens. */
const FIRST = 15;

/** Says in a preview which accounts could do without their keys, if Forgejo gives its jobs tokens. */
export async function tellOfJobTokens(
  connection: ForgejoConnection,
  { zot, ids }: AccountsWithKeys,
  context: Context,
): Promise<void> {
  await unlessUnreadable("Whether Forgejo gives its jobs tokens is unknown", context, async (signal) => {
    const { json } = await requestApi(new Forgejo(connection, signal).endpoint, "/api/v1/version", { signal });
    const [release = ""] = string(at(json, "version")).split(/[+-]/);
    if (!(Number.parseInt(release, 10) >= FIRST)) return;
    const accounts = ids.length === 1 ? `the account ${ids.join("")}` : `the accounts ${ids.join(", ")}`;
    context.info(
      `zot ${zot} and Forgejo ${release} can do without the stored keys of ${accounts}: their jobs can push with tokens of their own (auth: jobToken in ci.accounts, docs/guides/accounts.md). One account of the stack keeps a key. Nothing changes by itself.`,
    );
  });
}
