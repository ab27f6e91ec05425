import type { SecretReference } from "../../domain/secretReference.ts";
import { ZotAuthError } from "../../domain/errors.ts";
import { resolveSecret } from "../configuration.ts";
import { at, list, request, string, unexpected } from "./http.ts";
import type { Answer, Endpoint, RequestOptions } from "./http.ts";
import { Secret } from "./secret.ts";

/** How a resource reaches Authentik: inputs that many of them share. */
export interface AuthentikConnection {
  readonly authentikUrl: string;
  readonly authentikToken: SecretReference;
}

/** A blueprint as Authentik knows it. */
export interface BlueprintInstance {
  readonly pk: string;
  readonly path: string;
  readonly status: string;
  /** SHA-512 (hex) of the text that was last applied with success. The status alone proves nothing. */
  readonly lastAppliedHash: string;
  /** When a run last ended, well or badly (RFC 3339). */
  readonly lastApplied: string;
}

/** Authentik's API, as far as this program uses it. */
export class Authentik {
  readonly endpoint: Endpoint;
  readonly #token: SecretReference;
  readonly #signal: AbortSignal;

  constructor(connection: AuthentikConnection, signal: AbortSignal) {
    this.endpoint = authentikEndpoint(connection.authentikUrl);
    this.#token = connection.authentikToken;
    this.#signal = signal;
  }

  /** Who the token is. */
  async me(): Promise<string> {
    return string(at(await this.#get("/core/users/me/", "say whose the token is"), "user", "username"));
  }

  async blueprint(path: string): Promise<BlueprintInstance | undefined> {
    const found = list(
      at(await this.#get(`/managed/blueprints/?path=${encodeURIComponent(path)}`, "list blueprints"), "results"),
    );
    return found.map(toInstance).find((instance) => instance.path === path);
  }

  async blueprintByPk(pk: string): Promise<BlueprintInstance> {
    return toInstance(await this.#get(`/managed/blueprints/${pk}/`, "show a blueprint"));
  }

  /** The SHA-512 of the file that the worker sees under a path; `undefined` while it sees none, or one that is no YAML. */
  async availableHash(path: string): Promise<string | undefined> {
    const found = list(await this.#get("/managed/blueprints/available/", "list blueprint files")).find(
      (file) => at(file, "path") === path,
    );
    return found === undefined ? undefined : string(at(found, "hash"));
  }

  /** Queues the blueprint to be applied. */
  async apply(pk: string): Promise<void> {
    await this.#expect(200, "apply a blueprint", `/managed/blueprints/${pk}/apply/`, { method: "POST" });
  }

  /** Makes a blueprint instance from text. The text is checked by Authentik at once. */
  async createBlueprint(name: string, content: string): Promise<BlueprintInstance> {
    return toInstance(
      await this.#expect(201, "make a blueprint", "/managed/blueprints/", {
        method: "POST",
        json: { name, content, path: "", enabled: true },
      }),
    );
  }

  /** Deletes a blueprint instance, not what it made. */
  async deleteBlueprint(pk: string): Promise<void> {
    await this.#expect([204, 404], "delete a blueprint", `/managed/blueprints/${pk}/`, { method: "DELETE" });
  }

  async user(username: string): Promise<unknown> {
    const path = `/core/users/?username=${encodeURIComponent(username)}&include_groups=true`;
    return list(at(await this.#get(path, "find a user"), "results")).find((user) => at(user, "username") === username);
  }

  /** An application by its slug, whoever may open it. */
  async application(slug: string): Promise<unknown> {
    const answer = await this.#request(`/core/applications/${encodeURIComponent(slug)}/`);
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw this.#refused("show an application", answer);
    return answer.json;
  }

  async oauth2Provider(pk: number): Promise<unknown> {
    return this.#get(`/providers/oauth2/${pk}/`, "show an OAuth2 provider");
  }

  /** The PolicyBindings of a target, by its policy binding model's uuid. */
  async bindings(target: string): Promise<readonly unknown[]> {
    return list(
      at(await this.#get(`/policies/bindings/?target=${target}&page_size=100`, "list PolicyBindings"), "results"),
    );
  }

  /** A token's metadata (not its key), `undefined` when there is none of that identifier or the right to see it lacks. */
  async token(identifier: string): Promise<unknown> {
    const answer = await this.#request(`/core/tokens/${encodeURIComponent(identifier)}/`);
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw this.#refused("show a token", answer);
    return answer.json;
  }

  async tokenKey(identifier: string): Promise<Secret> {
    const body = await this.#get(
      `/core/tokens/${encodeURIComponent(identifier)}/view_key/`,
      `show the key of token ${identifier}`,
    );
    return new Secret(string(at(body, "key")));
  }

  async #get(path: string, what: string): Promise<unknown> {
    return this.#expect(200, what, path);
  }

  async #expect(
    status: number | readonly number[],
    what: string,
    path: string,
    options: RequestOptions = {},
  ): Promise<unknown> {
    const answer = await this.#request(path, options);
    if (![status].flat().includes(answer.status)) throw this.#refused(what, answer);
    return answer.json;
  }

  async #request(path: string, options: RequestOptions = {}): Promise<Answer> {
    const token = await resolveSecret(this.#token, this.#signal);
    return request(this.endpoint, `/api/v3${path}`, {
      ...options,
      signal: this.#signal,
      headers: { authorization: new Secret(`Bearer ${token.reveal()}`), accept: "application/json" },
    });
  }

  #refused(what: string, answer: Answer): ZotAuthError {
    if (answer.status === 403 && answer.text.includes("Token invalid")) {
      return new ZotAuthError(
        "AUTHENTIK_TOKEN_REFUSED",
        `Authentik refuses the token of authentik.token (${this.#token}). Make a new API token and put it there.`,
      );
    }
    if (answer.status === 403 || answer.status === 401) {
      return new ZotAuthError(
        "AUTHENTIK_RIGHT_MISSING",
        `The token of authentik.token (${this.#token}) may not ${what} in Authentik. Give its role the rights in docs/least-rights.md.`,
      );
    }
    return unexpected(this.endpoint, what, answer);
  }
}

export function authentikEndpoint(url: string): Endpoint {
  return { name: "Authentik", url, setting: "authentik.url" };
}

function toInstance(value: unknown): BlueprintInstance {
  return {
    pk: string(at(value, "pk")),
    path: string(at(value, "path")),
    status: string(at(value, "status")),
    lastAppliedHash: string(at(value, "last_applied_hash")),
    lastApplied: string(at(value, "last_applied")),
  };
}
