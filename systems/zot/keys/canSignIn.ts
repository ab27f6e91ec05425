import { ZotAuthError } from "../../../core/errors.ts";
import { isUnreachedAndGone, withWayOut } from "../../../core/serverGone.ts";
import type { Context } from "../../../provider/resource.ts";
import { sendsBackTo } from "../../authentik/session/redirects.ts";
import { signedIn } from "../signIn/check.ts";
import type { SignInArgs } from "../signIn/check.ts";
import { clientIdAt } from "../signIn/zotSignIn.ts";

/** Whether accounts can sign in at the registry. An interrupted change may have reached Authentik and not zot. */
export async function canSignIn(state: SignInArgs, context: Context): Promise<boolean> {
  const clientId = await clientIdAt(state.registryUrl, context.signal);
  try {
    if (!(await sendsBackTo({ ...state, clientId }, context.signal))) return false;
  } catch (error) {
    if (error instanceof ZotAuthError && isUnreachedAndGone(error, state.authentikUrl)) return false;
    throw error instanceof ZotAuthError ? withWayOut(error, state.authentikUrl) : error;
  }
  try {
    await signedIn(state, context, async () => Promise.resolve());
    return true;
  } catch (error) {
    if (!(error instanceof ZotAuthError)) throw error;
    // Of other errors, KeyCleanup says what to do, or it lets the account in once more.
    return error.code !== "ZOT_LOGIN_FAILED" && error.code !== "REDIRECT_ELSEWHERE";
  }
}
