import type { ErrorCode } from "../../../core/errorCodes.ts";
import { ZotAuthError } from "../../../core/errors.ts";
import type { SecretReference } from "../../../core/secrets/reference.ts";
import type { Secret } from "../../../core/secrets/secret.ts";
import { quote } from "../backend.ts";
import { slashHint } from "../item/place.ts";
import type { Place } from "../item/place.ts";

export interface OpFailure {
  readonly place: Place;
  readonly writing: boolean;
  readonly stderr: string;
  /** What the error must not repeat. */
  readonly secrets: readonly Secret[];
  readonly account: string | undefined;
  readonly serviceAccountToken: SecretReference | undefined;
}

/** Classifies a failure by the messages of op 2.39. Quotes any other message. */
export function opError(failure: OpFailure): ZotAuthError {
  const { place, stderr, writing, serviceAccountToken } = failure;
  const { vault, item, reference } = place;
  const says = (pattern: RegExp): boolean => pattern.test(stderr);
  const error = (code: ErrorCode, message: string): ZotAuthError => new ZotAuthError(code, message);

  if (says(/unknown flag|unknown command/i)) {
    return error(
      "ONEPASSWORD_OP_OUTDATED",
      "1Password's CLI op does not support the required options. Update op to 2.30 or later.",
    );
  }
  if (says(/isn't a vault|no vault found/i)) {
    return error(
      "ONEPASSWORD_VAULT_UNKNOWN",
      `The 1Password vault "${vault}" (in ${reference}) does not exist, or ${who(failure)} has no access to it. Check its name or id, and the access.${slashHint(place.section)}`,
    );
  }
  if (says(/more than one vault matches/i)) {
    return error(
      "ONEPASSWORD_VAULT_AMBIGUOUS",
      `1Password has several vaults named "${vault}" (in ${reference}). Use the vault's id instead.`,
    );
  }
  if (says(/more than one item matches/i)) {
    return error(
      "ONEPASSWORD_ITEM_AMBIGUOUS",
      `The 1Password vault "${vault}" has several items titled "${item}" (in ${reference}). Use the item's id instead.`,
    );
  }
  if (says(/isn't an item|doesn't seem to be an item/i)) return opItemMissing(place);
  if (says(/rate limit|rate-limited|too many requests|\(429\)/i)) {
    return error(
      "ONEPASSWORD_RATE_LIMITED",
      `1Password's rate limit for ${who(failure)} is reached (reading or writing ${reference}). Run again in an hour, or use 1Password Connect, which has no such limit.`,
    );
  }
  if (says(/\(403\)|forbidden|permission|not authorized|aren't authorized to access/i)) {
    return writing
      ? error(
          "ONEPASSWORD_READ_ONLY",
          `${capitalized(who(failure))} has insufficient permissions to write ${reference}. Grant it write access to the vault "${vault}".`,
        )
      : error(
          "ONEPASSWORD_FORBIDDEN",
          `${capitalized(who(failure))} has insufficient permissions to read ${reference}. Grant it read access to the vault "${vault}".`,
        );
  }
  if (says(/dial tcp|no such host|connection re(?:fused|set)|network is|i\/o timeout|TLS handshake|x509/i)) {
    return error(
      "ONEPASSWORD_UNREACHABLE",
      `op cannot reach 1Password to open ${reference}: ${words(failure)}. Check this machine's network.`,
    );
  }
  if (
    serviceAccountToken !== undefined &&
    says(/\(401\)|unauthorized|ServiceAccountAuthToken|SACredentials|authenticat|expired|revoked|deleted/i)
  ) {
    return error(
      "ONEPASSWORD_TOKEN_REFUSED",
      `1Password rejects the token in onePassword.serviceAccountToken (${serviceAccountToken}): it is wrong, expired or revoked. Create a new token and store it there.`,
    );
  }
  if (says(/account couldn't be found|no account found|found no account|no accounts configured|isn't an account/i)) {
    return error(
      "ONEPASSWORD_OP_ACCOUNT_UNKNOWN",
      `The account "${failure.account ?? ""}" (onePassword.account) is unknown to op. Correct the setting (\`op account list\`), or add the account (\`op account add\`, or the desktop app).`,
    );
  }
  if (says(/signed in|sign in|session|unlock|authoriz|authenticat|desktop app|1Password app|biometric|\(401\)/i)) {
    return error(
      "ONEPASSWORD_OP_SIGNED_OUT",
      `op is not signed in to the account in onePassword.account and cannot open ${reference}: ${words(failure)}. Unlock the desktop app and turn on its CLI integration, or run \`op signin\`.`,
    );
  }
  if (says(/invalid JSON/i)) {
    return error(
      "ONEPASSWORD_OP_OUTDATED",
      `op does not accept an item on standard input for ${reference}. Update op to 2.30 or later.`,
    );
  }
  return error(
    "ONEPASSWORD_OP_FAILED",
    `op failed to ${writing ? "write" : "open"} ${reference}: ${words(failure)}. Try \`op item get\` on the same item.`,
  );
}

export function opItemMissing({ vault, item, section, reference }: Place): ZotAuthError {
  return new ZotAuthError(
    "ONEPASSWORD_ITEM_MISSING",
    `The item "${item}" does not exist in the 1Password vault "${vault}" (in ${reference}). Create it, restore it if it was deleted, or correct the reference.${slashHint(section)}`,
  );
}

function who({ account, serviceAccountToken }: OpFailure): string {
  return serviceAccountToken === undefined
    ? `the account ${account ?? ""} (onePassword.account)`
    : "the service account (onePassword.serviceAccountToken)";
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The last line of op's output, without level and time. */
function words({ stderr, secrets }: OpFailure): string {
  const last = stderr.trim().split("\n").at(-1) ?? "";
  const said = quote(last.replace(/^\[ERROR\] (?:\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d )?/, ""), secrets).replace(/\.$/, "");
  return said === "" ? "op gave no reason" : said;
}
