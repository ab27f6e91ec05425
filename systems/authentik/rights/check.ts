import { NEEDED_RIGHTS, explainRights, judgeRights } from "./needed.ts";
import { ZotAuthError } from "../../../core/errors.ts";
import { Authentik } from "../client.ts";
import type { AuthentikConnection, TokenOwner } from "../client.ts";
import type { Context } from "../../../provider/resource.ts";

/** A name that does not exist in Authentik: 404 with the permission, 403 without. */
const NOTHING = "zot-auth-looks-for-nothing";

/** Requests that change nothing and return 403 without the permission. Viewing tokens cannot be tested this way: every user can view their own. */
const TRIES: Readonly<Record<string, (authentik: Authentik) => Promise<number>>> = {
  "authentik_blueprints.view_blueprintinstance": (authentik) => authentik.tryOut("/managed/blueprints/?page_size=1"),
  // Without a name and a text, no blueprint is created: 400.
  "authentik_blueprints.add_blueprintinstance": (authentik) =>
    authentik.tryOut("/managed/blueprints/", { method: "POST", json: {} }),
  "authentik_core.view_user": (authentik) => authentik.tryOut("/core/users/?page_size=1"),
  "authentik_core.view_token_key": (authentik) => authentik.tryOut(`/core/tokens/${NOTHING}/view_key/`),
  "authentik_core.view_group": (authentik) => authentik.tryOut("/core/groups/?page_size=1"),
  "authentik_core.view_application": (authentik) => authentik.tryOut(`/core/applications/${NOTHING}/`),
  "authentik_policies.view_policybinding": (authentik) => authentik.tryOut("/policies/bindings/?page_size=1"),
  "authentik_providers_oauth2.view_oauth2provider": (authentik) => authentik.tryOut("/providers/oauth2/?page_size=1"),
  "authentik_providers_oauth2.view_scopemapping": (authentik) =>
    authentik.tryOut("/propertymappings/provider/scope/?page_size=1"),
  "authentik_crypto.view_certificatekeypair": (authentik) =>
    authentik.tryOut("/crypto/certificatekeypairs/?page_size=1"),
  "authentik_flows.view_flow": (authentik) => authentik.tryOut("/flows/instances/?page_size=1"),
  "authentik_flows.view_flowstagebinding": (authentik) => authentik.tryOut("/flows/bindings/?page_size=1"),
  "authentik_stages_identification.view_identificationstage": (authentik) =>
    authentik.tryOut("/stages/identification/?page_size=1"),
  "authentik_stages_password.view_passwordstage": (authentik) => authentik.tryOut("/stages/password/?page_size=1"),
  "authentik_stages_user_login.view_userloginstage": (authentik) => authentik.tryOut("/stages/user_login/?page_size=1"),
};

/**
 * Rejects a token with insufficient permissions, naming each that it lacks, and warns of one with more than the program needs.
 *
 * The permissions are those of the token's roles, which Authentik 2025.12 and later report. Where it does not report them, each one is
 * tested.
 *
 * @throws ZotAuthError `AUTHENTIK_RIGHTS_MISSING`, and `AUTHENTIK_TOKEN_REFUSED` for a token that Authentik rejects
 */
export async function checkAuthentikRights(connection: AuthentikConnection, context: Context): Promise<void> {
  const authentik = new Authentik(connection, context.signal);
  const owner = await authentik.owner();
  const granted = owner.superuser ? undefined : await grantedRights(authentik, owner);
  const undetermined = NEEDED_RIGHTS.filter(({ right }) => !owner.superuser && granted?.includes(right) !== true);
  const tried = Object.fromEntries(
    await Promise.all(
      undetermined
        .filter(({ right }) => TRIES[right] !== undefined)
        .map(async ({ right }) => [right, (await TRIES[right]?.(authentik)) !== 403] as const),
    ),
  );
  const { missing, surplus, unknown } = judgeRights({
    superuser: owner.superuser,
    ...(granted === undefined ? {} : { granted }),
    tried,
  });
  const token = `The token of authentik.token (${connection.authentikToken}), which is ${owner.username}'s,`;
  const lacking = missing.filter(({ optional }) => optional !== true);
  if (lacking.length > 0) {
    const others = missing.filter(({ optional }) => optional === true);
    const more = others.length === 0 ? "" : ` \`up\` works without these: ${explainRights(others)}.`;
    throw new ZotAuthError(
      "AUTHENTIK_RIGHTS_MISSING",
      `${token} has insufficient permissions in Authentik. Its role lacks: ${explainRights(lacking)}.${more} Apply docs/reference/authentik-role.yaml, which creates a role with everything that the program needs.`,
    );
  }
  if (missing.length > 0) {
    context.warn(
      `${token} lacks optional permissions in Authentik: ${explainRights(missing)}. Apply docs/reference/authentik-role.yaml again to grant them.`,
    );
  }
  if (unknown.length > 0) {
    context.info(
      `This Authentik does not report whether ${token.slice(4)} has ${unknown.map(({ right }) => right).join(", ")}.`,
    );
  }
  warnOfSurplus(token, surplus, context);
}

/** All permissions of the token, `undefined` where Authentik does not report them. */
async function grantedRights(authentik: Authentik, owner: TokenOwner): Promise<readonly string[] | undefined> {
  if (owner.roles === undefined) return undefined;
  const rights = await Promise.all(owner.roles.map(async (role) => authentik.rightsOf(role)));
  const known = rights.filter((list) => list !== undefined);
  return known.length < rights.length ? undefined : [...new Set([...known.flat(), ...owner.systemRights])];
}

/** How many surplus rights a warning lists. */
const SHOWN = 8;

function warnOfSurplus(token: string, surplus: readonly string[] | "all", context: Context): void {
  if (surplus === "all") {
    context.warn(
      `${token} is an administrator's: it has every permission in Authentik, but the program needs only ${NEEDED_RIGHTS.length}. ` +
        "docs/reference/authentik-role.yaml creates a role with just those.",
    );
  } else if (surplus.length > 0) {
    const more = surplus.length > SHOWN ? ` and ${surplus.length - SHOWN} more` : "";
    context.warn(
      `${token} has more permissions in Authentik than the program needs: ${surplus.slice(0, SHOWN).join(", ")}${more}. ` +
        "docs/reference/authentik-role.yaml creates a role with just what it needs.",
    );
  }
}

/**
 * Reads something that the token may not have permission for.
 *
 * @returns `undefined` without the permission, which the preflight reports
 */
export async function ifAllowed<T extends object | string | boolean>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof ZotAuthError && error.code === "AUTHENTIK_RIGHT_MISSING") return undefined;
    throw error;
  }
}
