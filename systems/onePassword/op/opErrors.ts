import { ZotAuthError } from "../../../core/errors.ts";
import type { SecretReference } from "../../../core/secretReference.ts";
import type { Secret } from "../../../core/secret.ts";
import { quote } from "../backend.ts";
import type { Place } from "../item/place.ts";

export interface OpFailure {
  readonly place: Place;
  readonly writing: boolean;
  readonly stderr: string;
  /** What must not be told, should op repeat it. */
  readonly secrets: readonly Secret[];
  readonly account: string | undefined;
  readonly serviceAccountToken: SecretReference | undefined;
}

/** What a failed `op` meant, by its own words (op 2.39). What it says in other words is told as it stands. */
export function opError(failure: OpFailure): ZotAuthError {
  const { place, stderr, writing, serviceAccountToken } = failure;
  const { vault, item, reference } = place;
  const says = (pattern: RegExp): boolean => pattern.test(stderr);
  const error = (code: string, message: string): ZotAuthError => new ZotAuthError(`ONEPASSWORD_${code}`, message);

  if (says(/unknown flag|unknown command/i)) {
    return error(
      "OP_OUTDATED",
      "1Password's CLI op does not know the options that are needed. Update op to 2.30 or later.",
    );
  }
  if (says(/isn't a vault|no vault found/i)) {
    return error(
      "VAULT_UNKNOWN",
      `op finds no vault "${vault}" (from ${reference}). Check its name or id, and that ${who(failure)} may see it.`,
    );
  }
  if (says(/more than one vault matches/i)) {
    return error(
      "VAULT_AMBIGUOUS",
      `op finds several vaults "${vault}" (from ${reference}). Use the vault's id in the reference.`,
    );
  }
  if (says(/more than one item matches/i)) {
    return error(
      "ITEM_AMBIGUOUS",
      `The 1Password vault "${vault}" holds several items with the title "${item}" (from ${reference}). Use the item's id in the reference.`,
    );
  }
  if (says(/isn't an item|doesn't seem to be an item/i)) return opItemMissing(place);
  if (says(/rate limit|rate-limited|too many requests|\(429\)/i)) {
    return error(
      "RATE_LIMITED",
      `1Password lets ${who(failure)} ask no more for now (${reference}). Wait an hour and run again; Connect has no such limit.`,
    );
  }
  if (says(/\(403\)|forbidden|permission|not authorized|aren't authorized to access/i)) {
    return writing
      ? error(
          "READ_ONLY",
          `${capitalized(who(failure))} may read ${reference} and not write it. Give it the right to write items in the vault "${vault}".`,
        )
      : error(
          "FORBIDDEN",
          `${capitalized(who(failure))} may not read ${reference}. Give it the right to read the vault "${vault}".`,
        );
  }
  if (says(/dial tcp|no such host|connection re(?:fused|set)|network is|i\/o timeout|TLS handshake|x509/i)) {
    return error(
      "UNREACHABLE",
      `op does not reach 1Password, so ${reference} cannot be opened (${words(failure)}). Check the network of this machine.`,
    );
  }
  if (
    serviceAccountToken !== undefined &&
    says(/\(401\)|unauthorized|ServiceAccountAuthToken|SACredentials|authenticat|expired|revoked|deleted/i)
  ) {
    return error(
      "TOKEN_REFUSED",
      `1Password refuses the token of onePassword.serviceAccountToken (${serviceAccountToken}): it is wrong, has expired or was revoked. Make a new token and put it there.`,
    );
  }
  if (says(/account couldn't be found|no account found|found no account|no accounts configured|isn't an account/i)) {
    return error(
      "OP_ACCOUNT_UNKNOWN",
      `op knows no account "${failure.account ?? ""}" (onePassword.account). \`op account list\` shows those that it knows; \`op account add\` adds one, and so does the desktop app.`,
    );
  }
  if (says(/signed in|sign in|session|unlock|authoriz|authenticat|desktop app|1Password app|biometric|\(401\)/i)) {
    return error(
      "OP_SIGNED_OUT",
      `op is not signed in to the account of onePassword.account, so ${reference} cannot be opened (${words(failure)}). Unlock the desktop app and turn on its integration with the CLI, or run \`op signin\`.`,
    );
  }
  if (says(/invalid JSON/i)) {
    return error(
      "OP_OUTDATED",
      `op does not take an item on standard input for ${reference}. Update op to 2.30 or later.`,
    );
  }
  return error(
    "OP_FAILED",
    `op could not ${writing ? "write" : "open"} ${reference}: ${words(failure)}. Look it up with \`op item get\`.`,
  );
}

export function opItemMissing({ vault, item, reference }: Place): ZotAuthError {
  return new ZotAuthError(
    "ONEPASSWORD_ITEM_MISSING",
    `The 1Password vault "${vault}" holds no item "${item}" (from ${reference}). Make the item, restore it when it was deleted, or correct the reference.`,
  );
}

function who({ account, serviceAccountToken }: OpFailure): string {
  return serviceAccountToken === undefined
    ? `the account ${account ?? ""} of onePassword.account`
    : "the service account of onePassword.serviceAccountToken";
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The last line that op wrote, without level and time. */
function words({ stderr, secrets }: OpFailure): string {
  const last = stderr.trim().split("\n").at(-1) ?? "";
  const said = quote(last.replace(/^\[ERROR\] (?:\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d )?/, ""), secrets).replace(/\.$/, "");
  return said === "" ? "op did not say why" : said;
}
