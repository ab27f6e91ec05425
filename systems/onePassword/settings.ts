import * as z from "zod";
import { rootUrl, secretReference, text } from "../../core/settings/types.ts";

/** How 1Password is reached. */
export const onePassword = z
  .strictObject({
    connectUrl: rootUrl("Connect serves at the root").optional().describe("The Connect server's address."),
    connectToken: secretReference
      .optional()
      .describe("The Connect token: `env:` or `file:`. It needs write access to the vault of `ci.keyStore`."),
    account: text.optional().describe("Without Connect: the account for `op`, by sign-in address or ID."),
    serviceAccountToken: secretReference
      .optional()
      .describe("Without Connect: a service account token: `env:` or `file:`."),
  })
  .refine((value) => (value.connectUrl === undefined) === (value.connectToken === undefined), {
    error: "set both connectUrl and connectToken, or neither",
  })
  .refine(
    (value) =>
      ![value.connectToken, value.serviceAccountToken].some((reference) => reference?.startsWith("op:") === true),
    { error: "use env:NAME or file:path for 1Password's own tokens; a token stored in 1Password cannot unlock it" },
  )
  .refine(
    (value) => value.connectUrl !== undefined || value.account !== undefined || value.serviceAccountToken !== undefined,
    { error: "set connectUrl and connectToken, account, or serviceAccountToken" },
  );

export type OnePasswordSettings = z.output<typeof onePassword>;
