import type { SecretReference } from "../../core/secrets/reference.ts";
import { ZotAuthError } from "../../core/errors.ts";
import { resolveSecret } from "../onePassword/resolver.ts";
import { again } from "../../core/http/retryAttempt.ts";
import { listIn, requestApi } from "../../core/http/api.ts";
import { request, unexpected } from "../../core/http/http.ts";
import { at, list, string } from "../../core/json.ts";
import type { HttpResponse, Endpoint, RequestOptions } from "../../core/http/http.ts";
import { Secret } from "../../core/secrets/secret.ts";
import { toInstance } from "./applying/blueprintInstance.ts";
import type { BlueprintInstance } from "./applying/blueprintInstance.ts";
import { refused } from "./errors.ts";

/** How a resource reaches Authentik: inputs that many of them share. */
export interface AuthentikConnection {
  /** Authentik's address: `https://authentik.example.net`. */
  readonly authentikUrl: string;
  /** Reference to an API token. docs/reference/least-rights.md lists the permissions that it needs. */
  readonly authentikToken: SecretReference;
}

/** The owner of a token. */
export interface TokenOwner {
  readonly username: string;
  readonly superuser: boolean;
  /** Primary keys of its roles, including its groups'. `undefined` before 2025.12, which does not report them. */
  readonly roles: readonly string[] | undefined;
  /** Permissions for Authentik as a whole: `authentik_rbac.access_admin_interface`. */
  readonly systemRights: readonly string[];
}

/** Authentik's API, as far as this program uses it. */
export class Authentik {
  readonly endpoint: Endpoint;
  readonly #reference: SecretReference;
  readonly #signal: AbortSignal;
  #token: Promise<Secret> | undefined;

  constructor(connection: AuthentikConnection, signal: AbortSignal) {
    this.endpoint = authentikEndpoint(connection.authentikUrl);
    this.#reference = connection.authentikToken;
    this.#signal = signal;
  }

  /** The owner of the token. Needs no permission. */
  async owner(): Promise<TokenOwner> {
    const user = at(await this.#get("/core/users/me/", "report the token's owner"), "user");
    const roles = at(user, "roles");
    return {
      username: string(at(user, "username")),
      superuser: at(user, "is_superuser") === true,
      roles: Array.isArray(roles) ? list(roles).map((role) => string(at(role, "pk"))) : undefined,
      systemRights: list(at(user, "system_permissions")).map((name) => `authentik_rbac.${string(name)}`),
    };
  }

  /** The permissions of a role; `undefined` if this token may not read them. */
  async rightsOf(role: string): Promise<readonly string[] | undefined> {
    const rights: string[] = [];
    for (let page = 1; page > 0;) {
      const answer = await this.#request(
        `/rbac/permissions/?role=${encodeURIComponent(role)}&page_size=100&page=${page}`,
      );
      if (answer.status === 403 || answer.status === 404) return undefined;
      if (answer.status !== 200) throw this.refused("list the rights of a role", answer);
      for (const right of listIn(this.endpoint, answer, "results")) {
        rights.push(`${string(at(right, "app_label"))}.${string(at(right, "codename"))}`);
      }
      const next = at(answer.json, "pagination", "next");
      page = typeof next === "number" ? next : 0;
    }
    return rights;
  }

  /** Every object of a list, of all its pages. @param right what the token lacks if the answer is 403 */
  async results(path: string, what: string, right: string | undefined): Promise<readonly unknown[]> {
    const found: unknown[] = [];
    for (let page = 1; page !== 0;) {
      const paged = `${path}${path.includes("?") ? "&" : "?"}page=${page}&page_size=100`;
      const answer = await this.#expect(200, what, paged, {}, right);
      found.push(...listIn(this.endpoint, answer, "results"));
      const next = at(answer.json, "pagination", "next");
      page = typeof next === "number" && next > page ? next : 0;
    }
    return found;
  }

  /** The status of a request that changes nothing. */
  async tryOut(path: string, options: RequestOptions = {}): Promise<number> {
    return (await this.#request(path, options)).status;
  }

  async blueprint(path: string): Promise<BlueprintInstance | undefined> {
    const found = await this.results(
      `/managed/blueprints/?path=${encodeURIComponent(path)}`,
      "list blueprints",
      "authentik_blueprints.view_blueprintinstance",
    );
    return found.map(toInstance).find((instance) => instance.path === path);
  }

  async blueprintByPk(pk: string): Promise<BlueprintInstance> {
    return toInstance(
      await this.#get(`/managed/blueprints/${pk}/`, "show a blueprint", "authentik_blueprints.view_blueprintinstance"),
    );
  }

  /** Every blueprint whose name has that prefix. */
  async blueprintsNamed(beginning: string): Promise<readonly BlueprintInstance[]> {
    const right = "authentik_blueprints.view_blueprintinstance";
    const found = await this.results("/managed/blueprints/", "list blueprints", right);
    return found.map(toInstance).filter(({ name }) => name.startsWith(beginning));
  }

  /** The files that the worker sees and can read as blueprints: SHA-512 (hex) by path. One with a syntax error is not among them. */
  async available(): Promise<ReadonlyMap<string, string>> {
    const answer = await this.#expect(200, "list blueprint files", "/managed/blueprints/available/", { timeout: 10 });
    const files = listIn(this.endpoint, answer);
    return new Map(files.map((file) => [string(at(file, "path")), string(at(file, "hash"))]));
  }

  /** Queues the blueprint to be applied. */
  async apply(pk: string): Promise<void> {
    const right = "authentik_blueprints.add_blueprintinstance";
    await this.#expect(
      200,
      "apply a blueprint",
      `/managed/blueprints/${pk}/apply/`,
      { method: "POST", idempotent: true },
      right,
    );
  }

  /**
   * Creates a blueprint from text. Authentik's server validates the text at once, without the worker's environment.
   *
   * @param enabled whether it may ever be applied
   * @returns the instance, or the response of an Authentik that rejects the text: 400 with reasons, 405 without
   */
  async createBlueprint(name: string, content: string, enabled: boolean): Promise<BlueprintInstance | HttpResponse> {
    return again(
      async () => this.#createBlueprint({ name, content, path: "", enabled }),
      this.#signal,
      async () => (await this.blueprintsNamed(name)).find((instance) => instance.name === name),
    );
  }

  async #createBlueprint(json: object): Promise<BlueprintInstance | HttpResponse> {
    const response = await this.#request("/managed/blueprints/", { method: "POST", json });
    if (response.status === 201) return toInstance(response.json);
    if (response.status === 400 || response.status === 405) return response;
    throw this.refused("create a blueprint", response, "authentik_blueprints.add_blueprintinstance");
  }

  /** Deletes a blueprint instance, not the objects that it created. */
  async deleteBlueprint(pk: string): Promise<void> {
    const right = "authentik_blueprints.delete_blueprintinstance";
    await this.#expect([204, 404], "delete a blueprint", `/managed/blueprints/${pk}/`, { method: "DELETE" }, right);
  }

  /** Sends a request without the token. */
  async askOpenly(path: string): Promise<HttpResponse> {
    return request(this.endpoint, path, { headers: { accept: "application/json" }, signal: this.#signal });
  }

  /** Whether a flow with that slug exists. Needs no token. */
  async hasFlow(slug: string): Promise<boolean> {
    const answer = await this.askOpenly(`/api/v3/flows/executor/${encodeURIComponent(slug)}/?query=`);
    if (answer.status === 404) return false;
    if (answer.status === 200) return true;
    throw unexpected(this.endpoint, `begin the flow "${slug}"`, answer);
  }

  /** A group by its name, with its members. */
  async group(name: string): Promise<unknown> {
    const path = `/core/groups/?name=${encodeURIComponent(name)}&include_users=true`;
    const found = await this.results(path, "find a group", "authentik_core.view_group");
    return found.find((group) => at(group, "name") === name);
  }

  async user(username: string): Promise<unknown> {
    const path = `/core/users/?username=${encodeURIComponent(username)}&include_groups=true`;
    const found = await this.results(path, "find a user", "authentik_core.view_user");
    return found.find((user) => at(user, "username") === username);
  }

  /** An application by its slug, whoever may open it. */
  async application(slug: string): Promise<unknown> {
    const answer = await this.#request(`/core/applications/${encodeURIComponent(slug)}/`);
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw this.refused("show an application", answer, "authentik_core.view_application");
    return answer.json;
  }

  async oauth2Provider(pk: number): Promise<unknown> {
    return this.#get(`/providers/oauth2/${pk}/`, "show an OAuth2 provider", VIEW_PROVIDER);
  }

  async oauth2ProviderNamed(name: string): Promise<unknown> {
    const path = `/providers/oauth2/?name=${encodeURIComponent(name)}`;
    const found = await this.results(path, "find an OAuth2 provider", VIEW_PROVIDER);
    return found.find((provider) => at(provider, "name") === name);
  }

  async oauth2ProviderOf(clientId: string): Promise<unknown> {
    const path = `/providers/oauth2/?client_id=${encodeURIComponent(clientId)}`;
    const found = await this.results(path, "find an OAuth2 provider", VIEW_PROVIDER);
    return found.find((provider) => at(provider, "client_id") === clientId);
  }

  /** The PolicyBindings of a target, by its policy binding model's uuid. */
  async bindings(target: string): Promise<readonly unknown[]> {
    const path = `/policies/bindings/?target=${target}`;
    return this.results(path, "list PolicyBindings", "authentik_policies.view_policybinding");
  }

  /** A token's metadata (not its key); `undefined` if there is none with that identifier or our token may not view it. */
  async token(identifier: string): Promise<unknown> {
    const answer = await this.#request(`/core/tokens/${encodeURIComponent(identifier)}/`);
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw this.refused("show a token", answer, "authentik_core.view_token");
    return answer.json;
  }

  /** @throws ZotAuthError `APP_PASSWORD_MISSING`, and what every request throws */
  async tokenKey(identifier: string): Promise<Secret> {
    const answer = await this.#request(`/core/tokens/${encodeURIComponent(identifier)}/view_key/`);
    if (answer.status === 404) {
      throw new ZotAuthError(
        "APP_PASSWORD_MISSING",
        `The app password "${identifier}" does not exist in Authentik. The blueprint creates it: run \`pulumi refresh\` and \`pulumi up\`. ` +
          "If it exists, the token of authentik.token lacks the permission authentik_core.view_token.",
      );
    }
    const what = `show the key of token ${identifier}`;
    if (answer.status !== 200) throw this.refused(what, answer, "authentik_core.view_token_key");
    return new Secret(string(at(answer.json, "key")));
  }

  /** Sends any other request. */
  async ask(path: string, options: RequestOptions = {}): Promise<HttpResponse> {
    return this.#request(path, options);
  }

  /**
   * The error for an unexpected response.
   *
   * @param right the permission that the request needs
   */
  refused(what: string, answer: HttpResponse, right?: string): ZotAuthError {
    return refused(this.endpoint, this.#reference, { what, right }, answer);
  }

  async #get(path: string, what: string, right?: string): Promise<unknown> {
    return (await this.#expect(200, what, path, {}, right)).json;
  }

  async #expect(
    status: number | readonly number[],
    what: string,
    path: string,
    options: RequestOptions = {},
    right?: string,
  ): Promise<HttpResponse> {
    const answer = await this.#request(path, options);
    if (![status].flat().includes(answer.status)) throw this.refused(what, answer, right);
    return answer;
  }

  async #request(path: string, options: RequestOptions = {}): Promise<HttpResponse> {
    // Once for all its requests: a file would be opened each time.
    this.#token ??= resolveSecret(this.#reference, this.#signal);
    const token = await this.#token;
    return requestApi(this.endpoint, `/api/v3${path}`, {
      ...options,
      signal: this.#signal,
      headers: { authorization: new Secret(`Bearer ${token.reveal()}`), accept: "application/json" },
    });
  }
}

const VIEW_PROVIDER = "authentik_providers_oauth2.view_oauth2provider";

export function authentikEndpoint(url: string): Endpoint {
  return { name: "Authentik", url, setting: "authentik.url" };
}
