import { isObject } from "../../../core/json.ts";
import type { Context } from "../../../provider/resource.ts";

/** The types of a row for one recipient, and of a row for many. */
const MANY: Readonly<Record<string, string>> = {
  "zot-auth:forgejo:ActionsSecret": "zot-auth:forgejo:ActionsSecrets",
  "zot-auth:forgejo:CopiedSecret": "zot-auth:forgejo:CopiedSecrets",
  "zot-auth:forgejo:JobTokenVariable": "zot-auth:forgejo:JobTokenVariables",
};

/**
 * Whether a row of the other kind now has what a row is about to delete: one recipient more, or less, and the rows for one recipient become a row for many, or the other way round.
 * The new rows have written it by then, under the same owner, so the server does not show whose it is.
 */
export function isInOtherRow(
  { type, declared }: Pick<Context, "type" | "declared">,
  place: { readonly forgejoUrl: string; readonly target: string; readonly name: string },
): boolean {
  const isIn = (of: string): boolean =>
    declared(of).some(
      ({ forgejoUrl, target, recipients, secretName, name }) =>
        forgejoUrl === place.forgejoUrl &&
        (secretName ?? name) === place.name &&
        (target === place.target || (isObject(recipients) && Object.hasOwn(recipients, place.target))),
    );
  const many = MANY[type];
  if (many !== undefined) return isIn(many);
  // A row for many deletes while it is updated: another account may have the recipient by now.
  return Object.entries(MANY).some(([one, of]) => of === type && (isIn(one) || isIn(of)));
}
