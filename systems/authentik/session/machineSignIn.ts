import { OF_THE_ONLY_ACCOUNT } from "../../../core/settings/accountNames.ts";
import type { AccountNames } from "../../../core/settings/accountNames.ts";
import { ZotAuthError } from "../../../core/errors.ts";
import { AuthentikSession } from "./session.ts";
import { pathOn } from "../../../core/http/pathOn.ts";
import { unexpected } from "../../../core/http/http.ts";
import { at, list, string } from "../../../core/json.ts";
import type { HttpResponse } from "../../../core/http/http.ts";
import type { Secret } from "../../../core/secrets/secret.ts";

/** The account that signs in, and where. */
export interface MachineAccount {
  readonly authentikUrl: string;
  /** Slug of the machines' sign-in flow. */
  readonly flow: string;
  readonly username: string;
  readonly appPassword: Secret;
  /** Default: those of the only account. */
  readonly settings?: AccountNames | undefined;
}

/** The maximum number of stages; ours has one. */
const STEPS = 8;

const EXECUTOR = "/api/v3/flows/executor/";

/**
 * A signed-in session of a service account at Authentik, by the machines' flow and its app password.
 *
 * The end of a flow proves nothing: it looks the same for an account outside the group. So `/core/users/me/` decides.
 *
 * @throws ZotAuthError `MACHINE_FLOW_MISSING`, `MACHINE_FLOW_DENIED`, `APP_PASSWORD_REFUSED`, `ACCOUNT_DENIED`, `MFA_DEMANDED`, `FLOW_FAILED`,
 *   `FLOW_STAGE_UNKNOWN`, `FLOW_TOO_MANY_STAGES`, `FLOW_LEADS_ELSEWHERE`, `NOT_SIGNED_IN`, `SIGNED_IN_AS_OTHER`, and what {@link AuthentikSession} throws
 */
export async function signIn(account: MachineAccount, signal: AbortSignal): Promise<AuthentikSession> {
  const session = new AuthentikSession(account.authentikUrl, signal);
  const path = `${EXECUTOR}${encodeURIComponent(account.flow)}/?query=`;
  let answer = await session.get(path);
  if (answer.status === 404) {
    throw new ZotAuthError(
      "MACHINE_FLOW_MISSING",
      `Authentik has no flow "${account.flow}" (setting authentik.machineFlow). The blueprint creates it: check in Authentik whether it was applied.`,
    );
  }
  let answered = 0;
  // Between stages Authentik redirects, by status or in JSON; older versions also do so before the flow's end.
  for (let step = 0; step <= 3 * STEPS; step++) {
    if (answer.status >= 301 && answer.status <= 308) {
      answer = await session.get(session.pathOf(answer.header("location") ?? ""));
      continue;
    }
    if (answer.status !== 200) throw unexpected(session.endpoint, `sign ${account.username} in`, answer);
    const component = string(at(answer.json, "component"));
    if (component === "xak-flow-redirect") {
      const to = string(at(answer.json, "to"));
      if (!to.startsWith(EXECUTOR)) return confirm(session, account, to);
      answer = await session.get(to);
      continue;
    }
    refuse(answer, component, account, answered > 0);
    if (++answered > STEPS) break;
    answer = await session.post(path, answerTo(answer, component, account));
  }
  throw new ZotAuthError(
    "FLOW_TOO_MANY_STAGES",
    `Authentik's flow "${account.flow}" does not end: ${answered - 1} stages were answered, and it asks for more. ` +
      "Remove the stages that were added to it in Authentik.",
  );
}

function answerTo(answer: HttpResponse, component: string, account: MachineAccount): Record<string, string | boolean> {
  switch (component) {
    case "ak-stage-identification": {
      const password = at(answer.json, "password_fields") === true ? { password: account.appPassword.reveal() } : {};
      return { component, uid_field: account.username, ...password };
    }
    case "ak-stage-password":
      return { component, password: account.appPassword.reveal() };
    case "ak-stage-user-login":
      return { component, remember_me: false };
    default:
      throw new ZotAuthError(
        "FLOW_STAGE_UNKNOWN",
        `Authentik's flow "${account.flow}" asks for "${component}", which a machine cannot answer. Remove that stage from the flow.`,
      );
  }
}

/** @param answered whether the account was named: an earlier denial applies to everyone */
function refuse(answer: HttpResponse, component: string, account: MachineAccount, answered: boolean): void {
  const { flow, username } = account;
  const errors = at(answer.json, "response_errors");
  if (errors !== undefined && errors !== null) {
    const said = Object.values(errors).flatMap((entry) => list(entry).map((error) => string(at(error, "string"))));
    throw new ZotAuthError(
      "APP_PASSWORD_REFUSED",
      `Authentik does not accept the app password of ${username} on the flow "${flow}" (${said.join(" ")}). ` +
        "Apply the blueprint again: it creates the app password, and a flow that accepts app passwords.",
    );
  }
  const reason = string(at(answer.json, "error_message")) || "no reason given";
  if (component === "ak-stage-access-denied" && !answered) {
    throw new ZotAuthError(
      "MACHINE_FLOW_DENIED",
      `Authentik's flow "${flow}" denies everyone before it asks for a name (${reason}). ` +
        "It needs `authentication: none` and no policies of its own: apply the blueprint again, and remove the policies bound to the flow.",
    );
  }
  if (component === "ak-stage-access-denied") {
    throw new ZotAuthError(
      "ACCOUNT_DENIED",
      `Authentik denies ${username} the sign-in on the flow "${flow}" (${reason}), although it accepted the app password. Check the policies and stages of that flow.`,
    );
  }
  if (component.startsWith("ak-stage-authenticator")) {
    throw new ZotAuthError(
      "MFA_DEMANDED",
      `Authentik's flow "${flow}" requires a second factor from ${username}. Set authentik.machineFlow to a flow for machines.`,
    );
  }
  if (component === "ak-stage-flow-error") {
    const id = string(at(answer.json, "request_id"));
    throw new ZotAuthError(
      "FLOW_FAILED",
      `Authentik's flow "${flow}" fails inside Authentik. See its log${id === "" ? "" : `, request ${id}`}.`,
    );
  }
}

/** @param end where the flow finally redirects a browser */
async function confirm(session: AuthentikSession, account: MachineAccount, end: string): Promise<AuthentikSession> {
  const { flow, username, settings = OF_THE_ONLY_ACCOUNT } = account;
  const answer = await session.get("/api/v3/core/users/me/");
  if (answer.status !== 200 && answer.status !== 403) {
    throw unexpected(session.endpoint, "report who is signed in", answer);
  }
  const who = answer.status === 200 ? string(at(answer.json, "user", "username")) : "";
  if (who === username) return session;
  if (who !== "") {
    throw new ZotAuthError(
      "SIGNED_IN_AS_OTHER",
      `Authentik's flow "${flow}" signed in "${who}", not "${username}". Set ${settings.user} to the account's name exactly as in Authentik.`,
    );
  }
  const elsewhere = URL.parse(end, session.endpoint.url);
  if (elsewhere !== null && pathOn(session.endpoint, end) === undefined) {
    throw new ZotAuthError(
      "FLOW_LEADS_ELSEWHERE",
      `Authentik's flow "${flow}" signs nobody in and redirects to ${elsewhere.origin}. Remove the stage or source that does so from the flow.`,
    );
  }
  throw new ZotAuthError(
    "NOT_SIGNED_IN",
    `Authentik's flow "${flow}" ended, but ${username} is not signed in. ` +
      `The account must be a member of the group to which the flow's login stage is bound (setting ${settings.group}).`,
  );
}
