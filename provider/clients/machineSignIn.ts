import { ZotAuthError } from "../../domain/errors.ts";
import { authentikEndpoint } from "./authentik.ts";
import { CookieJar } from "./cookies.ts";
import { at, list, request, string, unexpected } from "./http.ts";
import type { Answer, Endpoint } from "./http.ts";
import type { Secret } from "./secret.ts";

/** What signs in, and where. */
export interface MachineAccount {
  readonly authentikUrl: string;
  /** Slug of the machines' sign-in flow. */
  readonly flow: string;
  readonly username: string;
  readonly appPassword: Secret;
}

/**
 * A signed-in session of a service account at Authentik, by the machines' flow and its app password.
 *
 * A flow's end proves nothing: for an account outside the group it looks the same. So `/core/users/me/` has the last word.
 *
 * @throws ZotAuthError `MACHINE_FLOW_MISSING`, `APP_PASSWORD_REFUSED`, `ACCOUNT_DENIED`, `MFA_DEMANDED`, `NOT_SIGNED_IN`
 */
export async function signIn(account: MachineAccount, signal: AbortSignal): Promise<AuthentikSession> {
  const session = new AuthentikSession(account.authentikUrl, signal);
  const path = `/api/v3/flows/executor/${encodeURIComponent(account.flow)}/?query=`;
  let answer = await session.get(path);
  if (answer.status === 404) {
    throw new ZotAuthError(
      "MACHINE_FLOW_MISSING",
      `Authentik has no flow "${account.flow}" (setting authentik.machineFlow). The blueprint makes it: see in Authentik whether it was applied.`,
    );
  }
  // Each stage is answered once; a flow that asks for more than these has something in it that a machine cannot answer.
  for (let step = 0; step < 8; step++) {
    if (answer.status === 302) {
      answer = await session.get(pathOf(answer, account.authentikUrl) ?? path);
      continue;
    }
    if (answer.status !== 200) throw unexpected(session.endpoint, `sign ${account.username} in`, answer);
    const component = string(at(answer.json, "component"));
    refuse(answer, component, account);
    if (component === "xak-flow-redirect") {
      const to = string(at(answer.json, "to"));
      if (!to.startsWith("/api/v3/flows/executor/")) return confirm(session, account);
      answer = await session.get(to);
      continue;
    }
    answer = await session.post(path, answerTo(component, account));
  }
  throw new ZotAuthError(
    "FLOW_ENDLESS",
    `Authentik's flow "${account.flow}" does not come to an end. See its stages in Authentik.`,
  );
}

/** The cookies of a session at Authentik. */
export class AuthentikSession {
  readonly endpoint: Endpoint;
  readonly #jar = new CookieJar();
  readonly #signal: AbortSignal;

  constructor(url: string, signal: AbortSignal) {
    this.endpoint = authentikEndpoint(url);
    this.#signal = signal;
  }

  async get(path: string): Promise<Answer> {
    return this.#request(path, {});
  }

  async post(path: string, json: unknown): Promise<Answer> {
    return this.#request(path, { method: "POST", json });
  }

  async #request(path: string, options: { method?: "POST"; json?: unknown }): Promise<Answer> {
    const url = this.endpoint.url + path;
    const headers = { cookie: await this.#jar.header(url), accept: "application/json, text/html;q=0.9" };
    const answer = await request(this.endpoint, path, { ...options, headers, signal: this.#signal });
    await this.#jar.keep(answer, url);
    return answer;
  }
}

function answerTo(component: string, account: MachineAccount): Record<string, string> {
  switch (component) {
    case "ak-stage-identification":
      return { component, uid_field: account.username, password: account.appPassword.reveal() };
    case "ak-stage-password":
      return { component, password: account.appPassword.reveal() };
    default:
      throw new ZotAuthError(
        "FLOW_STAGE_UNKNOWN",
        `Authentik's flow "${account.flow}" asks for "${component}", which a machine cannot answer. Remove that stage from the flow.`,
      );
  }
}

function refuse(answer: Answer, component: string, account: MachineAccount): void {
  const errors = at(answer.json, "response_errors");
  if (errors !== undefined && errors !== null) {
    const said = Object.values(errors).flatMap((entry) => list(entry).map((error) => string(at(error, "string"))));
    throw new ZotAuthError(
      "APP_PASSWORD_REFUSED",
      `Authentik does not accept the app password of ${account.username} on the flow "${account.flow}" (${said.join(" ")}). ` +
        "Apply the blueprint again: it makes the app password, and the flow has to accept app passwords.",
    );
  }
  if (component === "ak-stage-access-denied") {
    throw new ZotAuthError(
      "ACCOUNT_DENIED",
      `Authentik denies ${account.username} the sign-in (${string(at(answer.json, "error_message")) || "no reason given"}). See whether the account is active.`,
    );
  }
  if (component.startsWith("ak-stage-authenticator")) {
    throw new ZotAuthError(
      "MFA_DEMANDED",
      `Authentik's flow "${account.flow}" demands a second factor of ${account.username}. Set authentik.machineFlow to a flow of the machines' own.`,
    );
  }
}

async function confirm(session: AuthentikSession, account: MachineAccount): Promise<AuthentikSession> {
  const answer = await session.get("/api/v3/core/users/me/");
  const who = string(at(answer.json, "user", "username"));
  if (answer.status === 200 && who === account.username) return session;
  throw new ZotAuthError(
    "NOT_SIGNED_IN",
    `Authentik's flow "${account.flow}" came to its end, but ${account.username} is not signed in${who === "" ? "" : ` (${who} is)`}. ` +
      "The account has to be a member of the group that the flow's login stage is bound to (setting access.ciGroup).",
  );
}

/** The path of a redirect within the same server; `undefined` for another one. */
function pathOf(answer: Answer, base: string): string | undefined {
  const location = answer.headers.get("location");
  if (location === null) return undefined;
  const url = new URL(location, base);
  return url.origin === base ? url.pathname + url.search : undefined;
}
