import type { SecretReference } from "../../domain/secretReference.ts";
import { ZotAuthError } from "../../domain/errors.ts";
import { resolveSecret } from "../configuration.ts";
import { at, list, request, string, unexpected } from "./http.ts";
import type { Answer, Endpoint, RequestOptions } from "./http.ts";
import { Secret } from "./secret.ts";

/** How a resource reaches Forgejo: inputs that several of them share. */
export interface ForgejoConnection {
  readonly forgejoUrl: string;
  readonly forgejoToken: SecretReference;
}

export interface WorkflowRun {
  readonly id: number;
  readonly status: string;
  readonly url: string;
}

/** Forgejo's API, as far as this program uses it. A target is `owner/repository`, or an organisation's name. */
export class Forgejo {
  readonly #endpoint: Endpoint;
  readonly #token: SecretReference;
  readonly #signal: AbortSignal;

  constructor(connection: ForgejoConnection, signal: AbortSignal) {
    this.#endpoint = { name: "Forgejo", url: connection.forgejoUrl, setting: "forgejo.url" };
    this.#token = connection.forgejoToken;
    this.#signal = signal;
  }

  /** The target's numeric id: a name can come to mean another repository, the id cannot. */
  async targetId(target: string): Promise<number> {
    const answer = await this.#request(base(target));
    if (answer.status !== 200) throw this.#refused(target, "look it up", answer);
    return Number(at(answer.json, "id"));
  }

  /** Whether the token may write secrets there: it has to be an owner's. */
  async assertOwner(target: string): Promise<void> {
    const answer = await this.#request(`${base(target)}/actions/secrets?limit=1&page=1`);
    if (answer.status !== 200) throw this.#refused(target, "list its secrets", answer);
  }

  /** The names of the secrets; Forgejo never tells their values. */
  async secretNames(target: string): Promise<readonly string[]> {
    const answer = await this.#request(`${base(target)}/actions/secrets`);
    if (answer.status !== 200) throw this.#refused(target, "list its secrets", answer);
    return list(answer.json).map((entry) => string(at(entry, "name")));
  }

  async putSecret(target: string, name: string, value: Secret): Promise<void> {
    const answer = await this.#request(`${base(target)}/actions/secrets/${name}`, {
      method: "PUT",
      json: { data: value.reveal() },
    });
    if (answer.status !== 201 && answer.status !== 204) throw this.#refused(target, `write the secret ${name}`, answer);
  }

  async deleteSecret(target: string, name: string): Promise<void> {
    await this.#delete(target, `secrets/${name}`, `delete the secret ${name}`);
  }

  async variable(target: string, name: string): Promise<string | undefined> {
    const answer = await this.#request(`${base(target)}/actions/variables/${name}`);
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw this.#refused(target, `read the variable ${name}`, answer);
    return string(at(answer.json, "data"));
  }

  async putVariable(target: string, name: string, value: string): Promise<void> {
    const path = `${base(target)}/actions/variables/${name}`;
    let answer = await this.#request(path, { method: "PUT", json: { value } });
    if (answer.status === 404) answer = await this.#request(path, { method: "POST", json: { value } });
    if (answer.status !== 204 && answer.status !== 201)
      throw this.#refused(target, `write the variable ${name}`, answer);
  }

  async deleteVariable(target: string, name: string): Promise<void> {
    await this.#delete(target, `variables/${name}`, `delete the variable ${name}`);
  }

  /** Starts a workflow and says which run it is. */
  async dispatch(
    repository: string,
    workflow: string,
    ref: string,
    inputs: Readonly<Record<string, string>>,
  ): Promise<number> {
    const answer = await this.#request(
      `${base(repository)}/actions/workflows/${encodeURIComponent(workflow)}/dispatches`,
      {
        method: "POST",
        json: { ref, inputs, return_run_info: true },
      },
    );
    if (answer.status === 201) return Number(at(answer.json, "id"));
    if (answer.status === 500 || answer.status === 404) {
      throw new ZotAuthError(
        "FORGEJO_WORKFLOW_UNKNOWN",
        `Forgejo cannot start the workflow ${workflow} of ${repository} on ${ref} (${answer.status}). Check acceptance.workflow: file and ref have to exist, and Actions have to be enabled there.`,
      );
    }
    throw this.#refused(repository, `start the workflow ${workflow}`, answer);
  }

  async run(repository: string, id: number): Promise<WorkflowRun> {
    const answer = await this.#request(`${base(repository)}/actions/runs/${id}`);
    if (answer.status !== 200) throw this.#refused(repository, `show run ${id}`, answer);
    return { id, status: string(at(answer.json, "status")), url: string(at(answer.json, "html_url")) };
  }

  async #delete(target: string, path: string, what: string): Promise<void> {
    const answer = await this.#request(`${base(target)}/actions/${path}`, { method: "DELETE" });
    if (answer.status !== 204 && answer.status !== 404) throw this.#refused(target, what, answer);
  }

  async #request(path: string, options: RequestOptions = {}): Promise<Answer> {
    const token = await resolveSecret(this.#token, this.#signal);
    return request(this.#endpoint, `/api/v1${path}`, {
      ...options,
      signal: this.#signal,
      headers: { authorization: new Secret(`token ${token.reveal()}`), accept: "application/json" },
    });
  }

  #refused(target: string, what: string, answer: Answer): ZotAuthError {
    const message = string(at(answer.json, "message"));
    switch (answer.status) {
      case 301:
      case 307:
        return new ZotAuthError(
          "FORGEJO_REPOSITORY_MOVED",
          `${target} has another name on Forgejo now (${answer.headers.get("location") ?? "unknown"}). Write the new name into forgejo.repositories.`,
        );
      case 401:
        return new ZotAuthError(
          "FORGEJO_TOKEN_REFUSED",
          `Forgejo refuses the token of forgejo.token (${this.#token}). Make a new token and put it there.`,
        );
      case 403:
        return new ZotAuthError(
          "FORGEJO_RIGHT_MISSING",
          `The token of forgejo.token (${this.#token}) may not ${what} in ${target}: ${message}. It has to be an owner's, with write:repository (organisations: write:organization).`,
        );
      case 404:
        return new ZotAuthError(
          "FORGEJO_REPOSITORY_UNKNOWN",
          `Forgejo knows no ${target.includes("/") ? "repository" : "organisation"} "${target}", or hides it from the token of forgejo.token. Correct forgejo.repositories, or give that token access.`,
        );
      default:
        return unexpected(this.#endpoint, `${what} in ${target}`, answer);
    }
  }
}

function base(target: string): string {
  return target.includes("/") ? `/repos/${target}` : `/orgs/${target}`;
}
