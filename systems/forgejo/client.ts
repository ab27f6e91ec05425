import { ZotAuthError } from "../../core/errors.ts";
import { parseForgejoTarget } from "./target.ts";
import type { SecretReference } from "../../core/secrets/reference.ts";
import { resolveSecret } from "../onePassword/resolver.ts";
import { actionsDisabled, archived, refused } from "./errors.ts";
import { listIn, requestApi } from "../../core/http/api.ts";
import { unexpected } from "../../core/http/http.ts";
import { at, string } from "../../core/json.ts";
import type { Endpoint, HttpResponse, RequestOptions } from "../../core/http/http.ts";
import { Secret } from "../../core/secrets/secret.ts";

/** How a resource reaches Forgejo: inputs that several of them share. */
export interface ForgejoConnection {
  readonly forgejoUrl: string;
  readonly forgejoToken: SecretReference;
}

/** A run that was started by hand or by the API. */
export interface DispatchedRun {
  readonly id: number;
  /** The workflow's file name. */
  readonly workflow: string;
  /** The inputs that the workflow declares. */
  readonly inputs: unknown;
}

/** An Actions secret, as a list shows it. */
export interface ListedSecret {
  readonly name: string;
  /** When it was first created, RFC 3339. A later value does not change it. */
  readonly created: string;
}

export interface WorkflowRun {
  readonly id: number;
  readonly status: string;
  readonly url: string;
  /** Whether a runner has taken one of its jobs. */
  readonly started: boolean;
}

/** Entries per page: Forgejo's maximum. */
export const PAGE = 50;

/**
 * Forgejo's API, as far as this program uses it. A target is `owner/repository`, an organisation's name, or `user:` and the login of the
 * token's user. Each instance serves one operation of a resource, so it reads the token once.
 */
export class Forgejo {
  readonly endpoint: Endpoint;
  readonly #reference: SecretReference;
  readonly #signal: AbortSignal;
  #token: Promise<Secret> | undefined;

  constructor(connection: ForgejoConnection, signal: AbortSignal) {
    this.endpoint = {
      name: "Forgejo",
      url: connection.forgejoUrl,
      setting: "forgejo.url",
      // An internal error of Forgejo can be temporary, such as a busy database.
      retriedStatuses: [500],
    };
    this.#reference = connection.forgejoToken;
    this.#signal = signal;
  }

  get url(): string {
    return this.endpoint.url;
  }

  /** The secret of `forgejo.token`. */
  async token(): Promise<Secret> {
    this.#token ??= resolveSecret(this.#reference, this.#signal);
    return this.#token;
  }

  /** The target's numeric id: unlike the name, it is never reused. */
  async targetId(target: string): Promise<number> {
    return (await this.#lookUp(target)).id;
  }

  /**
   * The target's numeric id, if its workflows can run.
   *
   * @throws ZotAuthError `FORGEJO_REPOSITORY_ARCHIVED`, `FORGEJO_ACTIONS_DISABLED`: Forgejo accepts secrets there nevertheless
   */
  async usableTargetId(target: string): Promise<number> {
    const { id, shown } = await this.#lookUp(target);
    if (at(shown, "archived") === true) throw archived(target);
    if (at(shown, "has_actions") === false) throw actionsDisabled(target);
    return id;
  }

  /** The target as Forgejo spells it, capitals included. */
  async spelling(target: string): Promise<string> {
    const { shown } = await this.#lookUp(target);
    switch (parseForgejoTarget(target)?.kind) {
      case "repository":
        return string(at(shown, "full_name"));
      case "organisation":
        return string(at(shown, "name"));
      default:
        return `user:${string(at(shown, "login"))}`;
    }
  }

  /**
   * Whether the token may write secrets there: it must be an owner's, with a scope to write. Asks by deleting a secret of an
   * impossible name: Forgejo checks permissions first, and deletes nothing.
   */
  async assertMayWrite(target: string): Promise<void> {
    const what = "write secrets";
    const answer = await this.ask(target, "/actions/secrets/0", { method: "DELETE" });
    if (answer.status !== 400 && answer.status !== 404) throw this.refused(target, what, answer);
  }

  /** The names of the secrets. `undefined` for a user's, which Forgejo does not list. */
  async secretNames(target: string): Promise<readonly string[] | undefined> {
    return (await this.secrets(target))?.map(({ name }) => name);
  }

  /** The secrets; Forgejo never returns their values. `undefined` for a user's, which it does not list. */
  async secrets(target: string): Promise<readonly ListedSecret[] | undefined> {
    const secrets: ListedSecret[] = [];
    for (let page = 1; ; page += 1) {
      const what = "list its secrets";
      const answer = await this.ask(target, `/actions/secrets?limit=${PAGE}&page=${page}`);
      if (answer.status === 404 && parseForgejoTarget(target)?.kind === "user") return undefined;
      if (answer.status !== 200) throw this.refused(target, what, answer);
      const found = listIn(this.endpoint, answer).map((entry) => {
        return { name: string(at(entry, "name")), created: string(at(entry, "created_at")) };
      });
      secrets.push(...found);
      if (found.length === 0 || secrets.length >= Number(answer.header("x-total-count") ?? 0)) return secrets;
    }
  }

  async putSecret(target: string, name: string, value: Secret): Promise<void> {
    const what = `write the secret ${name}`;
    const options = { method: "PUT", json: { data: value.reveal() } } as const;
    const answer = await this.ask(target, `/actions/secrets/${name}`, options);
    if (answer.status === 201 || answer.status === 204) return;
    // A proxy could repeat what was sent.
    const text = answer.text.replaceAll(value.reveal(), "[secret]");
    throw this.refused(target, what, answer.withText(text));
  }

  async deleteSecret(target: string, name: string): Promise<void> {
    await this.#delete(target, `secrets/${name}`, `delete the secret ${name}`);
  }

  async variable(target: string, name: string): Promise<string | undefined> {
    const what = `read the variable ${name}`;
    const answer = await this.ask(target, `/actions/variables/${name}`);
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw this.refused(target, what, answer);
    return string(at(answer.json, "data"));
  }

  /** Forgejo creates a variable by POST and changes it by PUT, and rejects each in place of the other. */
  async putVariable(target: string, name: string, value: string): Promise<void> {
    const what = `write the variable ${name}`;
    const send = async (method: "PUT" | "POST"): Promise<HttpResponse> =>
      // Sent twice, a POST ends in 409, and the value is put.
      this.ask(target, `/actions/variables/${name}`, { method, json: { value }, idempotent: true });
    let answer = await send("PUT");
    if (answer.status === 404) answer = await send("POST");
    // Created concurrently.
    if (answer.status === 409) answer = await send("PUT");
    if (answer.status !== 204 && answer.status !== 201) throw this.refused(target, what, answer);
  }

  async deleteVariable(target: string, name: string): Promise<void> {
    await this.#delete(target, `variables/${name}`, `delete the variable ${name}`);
  }

  /**
   * Starts a workflow and returns the run's id.
   *
   * @param setting has the workflow, for messages
   */
  async dispatch(
    repository: string,
    workflow: string,
    ref: string,
    inputs: Readonly<Record<string, string>>,
    setting: string,
  ): Promise<number> {
    const what = `start the workflow ${workflow}`;
    const answer = await this.ask(repository, `/actions/workflows/${encodeURIComponent(workflow)}/dispatches`, {
      method: "POST",
      json: { ref, inputs, return_run_info: true },
    });
    if (answer.status === 201) return Number(at(answer.json, "id"));
    if (answer.status === 500 || answer.status === 404) {
      throw new ZotAuthError(
        "FORGEJO_WORKFLOW_UNKNOWN",
        `Forgejo cannot start the workflow ${workflow} of ${repository} on ${ref} (${answer.status}). Check ${setting}: the file and the ref must exist, and Actions must be enabled there.`,
      );
    }
    throw this.refused(repository, what, answer);
  }

  /** The runs at both ends of the list, since versions may differ in its order; `undefined` if Actions are disabled. */
  async dispatchedRuns(repository: string): Promise<readonly DispatchedRun[] | undefined> {
    const page = async (number: number): Promise<HttpResponse> =>
      this.ask(repository, `/actions/runs?event=workflow_dispatch&limit=${PAGE}&page=${number}`);
    const first = await page(1);
    if (first.status === 404) return undefined;
    const last = Math.ceil(Number(at(first.json, "total_count")) / PAGE);
    const pages = last > 1 ? [first, await page(last)] : [first];
    return pages.flatMap((answer) => {
      if (answer.status !== 200) throw this.refused(repository, "list runs", answer);
      return listIn(this.endpoint, answer, "workflow_runs").map(toDispatchedRun);
    });
  }

  async run(repository: string, id: number): Promise<WorkflowRun> {
    const what = `show run ${id}`;
    const answer = await this.ask(repository, `/actions/runs/${id}`);
    if (answer.status !== 200) throw this.refused(repository, what, answer);
    const status = string(at(answer.json, "status"));
    // 1970 until then.
    const started = status === "running" || Date.parse(string(at(answer.json, "started"))) > 0;
    return { id, status, url: string(at(answer.json, "html_url")), started };
  }

  async #lookUp(target: string): Promise<{ readonly id: number; readonly shown: unknown }> {
    const what = "look up its id";
    const answer = await this.ask(target, "");
    if (answer.status !== 200) throw this.refused(target, what, answer);
    const id = at(answer.json, "id");
    if (typeof id !== "number") throw unexpected(this.endpoint, `${what} in ${target}`, answer);
    const parsed = parseForgejoTarget(target);
    const login = string(at(answer.json, "login"));
    if (parsed?.kind === "user" && login.toLowerCase() !== parsed.login.toLowerCase()) {
      throw new ZotAuthError(
        "FORGEJO_USER_OTHER",
        `The token of forgejo.token (${this.#reference}) belongs to the user ${login}, so it cannot write the secrets of ${target}. Use user:${login}, or a token of ${parsed.login}.`,
      );
    }
    return { id, shown: answer.json };
  }

  async #delete(target: string, path: string, what: string): Promise<void> {
    const answer = await this.ask(target, `/actions/${path}`, { method: "DELETE" });
    if (answer.status !== 204 && answer.status !== 404) throw this.refused(target, what, answer);
  }

  /** Sends a request about the target. What is not here asks by it, such as jobs.ts. */
  async ask(target: string, path: string, options: RequestOptions = {}): Promise<HttpResponse> {
    const token = await this.token();
    return requestApi(this.endpoint, `/api/v1${base(target)}${path}`, {
      ...options,
      signal: this.#signal,
      headers: { authorization: new Secret(`token ${token.reveal()}`), accept: "application/json" },
    });
  }

  /** The error for an answer that is none of the expected ones. */
  refused(target: string, what: string, answer: HttpResponse): ZotAuthError {
    return refused(this.endpoint, this.#reference, { target, what }, answer);
  }
}

function base(target: string): string {
  const parsed = parseForgejoTarget(target);
  switch (parsed?.kind) {
    case "repository":
      return `/repos/${parsed.owner}/${parsed.name}`;
    case "organisation":
      return `/orgs/${parsed.name}`;
    case "user":
      return "/user";
    case undefined:
      throw new TypeError(`"${target}" is not a target that the settings accept`);
  }
}

function toDispatchedRun(run: unknown): DispatchedRun {
  const payload = string(at(run, "event_payload"));
  return {
    id: Number(at(run, "id")),
    workflow: string(at(run, "workflow_id")),
    inputs: payload === "" ? undefined : at(JSON.parse(payload), "inputs"),
  };
}
