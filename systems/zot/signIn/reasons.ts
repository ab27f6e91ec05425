import { OF_THE_ONLY_ACCOUNT } from "../../../core/settings/accountNames.ts";
import type { AccountNames } from "../../../core/settings/accountNames.ts";
import { ZotAuthError } from "../../../core/errors.ts";
import { names } from "./diagnosis/verdict.ts";
import { Authentik } from "../../authentik/client.ts";
import type { AuthentikConnection } from "../../authentik/client.ts";
import { at, list, string } from "../../../core/json.ts";
import type { Context } from "../../../provider/resource.ts";

/** The sign-in that failed. */
export interface FailedSignIn extends AuthentikConnection {
  readonly username: string;
  readonly machineFlow: string;
  /** Identifier of the account's app password. */
  readonly appPassword: string;
  readonly ciGroup: string;
  /** zot's OAuth2 client id, if the sign-in got that far. */
  readonly clientId?: string;
  /** Default: those of the only account. */
  readonly settings?: AccountNames | undefined;
}

/**
 * The sign-in itself reveals little about a failure: an inactive account is denied with "Unknown error". So this queries Authentik's API, with
 * the program's token.
 *
 * @returns an error with the reason, or the given one if the API reveals no more
 */
export async function explainFailure(error: unknown, failed: FailedSignIn, context: Context): Promise<unknown> {
  const look = error instanceof ZotAuthError ? LOOKS[error.code] : undefined;
  if (look === undefined) return error;
  try {
    return (await look(new Authentik(failed, context.signal), failed)) ?? error;
  } catch (problem) {
    context.signal.throwIfAborted();
    if (!(problem instanceof ZotAuthError)) throw problem;
    context.warn(`Could not look up the reason in Authentik: ${problem.message}`);
    return error;
  }
}

type Look = (authentik: Authentik, failed: FailedSignIn) => Promise<ZotAuthError | undefined>;

/** Where to look, by the code of the sign-in's error. */
const LOOKS: Readonly<Record<string, Look>> = {
  APP_PASSWORD_MISSING: accountReason,
  APP_PASSWORD_REFUSED: passwordReason,
  ACCOUNT_DENIED: accountReason,
  NOT_SIGNED_IN: groupReason,
  APPLICATION_DENIED: bindingReason,
  GRANT_REFUSED: grantReason,
};

const REPAIR = "`pulumi refresh` and `pulumi up` restore it as declared.";

async function accountReason(authentik: Authentik, failed: FailedSignIn): Promise<ZotAuthError | undefined> {
  const { username, settings = OF_THE_ONLY_ACCOUNT } = failed;
  const user = await authentik.user(username);
  if (user === undefined) {
    return new ZotAuthError(
      "ACCOUNT_MISSING",
      `Authentik has no account "${username}" (setting ${settings.user}). The blueprint creates it: ${REPAIR}`,
    );
  }
  if (at(user, "is_active") === true) return undefined;
  return new ZotAuthError(
    "ACCOUNT_INACTIVE",
    `The account "${username}" is disabled in Authentik, so nobody can sign in with it. ${REPAIR}`,
  );
}

async function passwordReason(authentik: Authentik, failed: FailedSignIn): Promise<ZotAuthError | undefined> {
  const { username, appPassword } = failed;
  const user = await authentik.user(username);
  if (user === undefined) return accountReason(authentik, failed);
  const token = await authentik.token(appPassword);
  const wrong = (text: string): ZotAuthError =>
    new ZotAuthError(
      "APP_PASSWORD_INVALID",
      `Authentik's token "${appPassword}" cannot sign ${username} in: ${text}. ${REPAIR}`,
    );
  if (at(token, "user") !== at(user, "pk")) return wrong("it belongs to another account");
  if (at(token, "intent") !== "app_password") return wrong("it is not an app password");
  const expires = string(at(token, "expires"));
  return at(token, "expiring") === true && Date.parse(expires) <= Date.now()
    ? wrong(`it expired at ${expires}`)
    : undefined;
}

async function groupReason(authentik: Authentik, failed: FailedSignIn): Promise<ZotAuthError | undefined> {
  const { username, ciGroup, machineFlow, settings = OF_THE_ONLY_ACCOUNT } = failed;
  const groups = groupsOf(await authentik.user(username));
  if (groups.includes(ciGroup)) return undefined;
  return new ZotAuthError(
    "ACCOUNT_NOT_IN_GROUP",
    `Authentik's flow "${machineFlow}" ended, but ${username} is not signed in. The account must be a member of the group "${ciGroup}" ` +
      `(setting ${settings.group}), to which the flow's login stage is bound; its groups are: ${names(groups)}. ${REPAIR}`,
  );
}

async function bindingReason(authentik: Authentik, failed: FailedSignIn): Promise<ZotAuthError | undefined> {
  const { username, clientId = "" } = failed;
  const slug = string(at(await authentik.oauth2ProviderOf(clientId), "assigned_application_slug"));
  const application = slug === "" ? undefined : await authentik.application(slug);
  if (application === undefined) return undefined;
  const bindings = await authentik.bindings(string(at(application, "pk")));
  const groups = groupsOf(await authentik.user(username));
  return new ZotAuthError(
    "APPLICATION_DENIED",
    `Authentik denies ${username} access to the application "${slug}". Its PolicyBindings: ${describe(bindings)}. ` +
      `The account's groups: ${names(groups)}. ${REPAIR}`,
  );
}

async function grantReason(authentik: Authentik, { clientId = "" }: FailedSignIn): Promise<ZotAuthError | undefined> {
  const provider = await authentik.oauth2ProviderOf(clientId);
  const grants = at(provider, "grant_types");
  // Before 2026.5 a provider has no such list, and allows every grant.
  if (!Array.isArray(grants) || grants.includes("authorization_code")) return undefined;
  return new ZotAuthError(
    "GRANT_TYPES_EMPTY",
    `Authentik's OAuth2 provider "${string(at(provider, "name"))}" lacks the grant type "authorization_code"; it has: ${names(grants.map(String))}. ` +
      `Authentik 2026.5 and later set no grant types on a provider created by API or blueprint. ${REPAIR}`,
  );
}

function groupsOf(user: unknown): readonly string[] {
  return list(at(user, "groups_obj")).map((group) => string(at(group, "name")));
}

/** Whom the bindings admit, briefly. */
function describe(bindings: readonly unknown[]): string {
  const texts = bindings.map((binding) => {
    const group = string(at(binding, "group_obj", "name"));
    const user = string(at(binding, "user_obj", "username"));
    const subject = group !== "" ? `group "${group}"` : user !== "" ? `account "${user}"` : "a policy";
    const off = at(binding, "enabled") === true ? "" : " (disabled)";
    return `${subject}${at(binding, "negate") === true ? " (negated)" : ""}${off}`;
  });
  return texts.length === 0 ? "none" : texts.join(", ");
}
