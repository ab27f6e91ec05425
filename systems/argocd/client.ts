import type { SecretReference } from "../../core/secrets/reference.ts";
import { ZotAuthError } from "../../core/errors.ts";
import { resolveSecret } from "../onePassword/resolver.ts";
import { requestApi } from "../../core/http/api.ts";
import { unexpected } from "../../core/http/http.ts";
import { at, list, string } from "../../core/json.ts";
import type { HttpResponse, Endpoint, RequestOptions } from "../../core/http/http.ts";
import { Secret } from "../../core/secrets/secret.ts";

/** How a resource reaches Argo CD. */
export interface ArgoCdConnection {
  readonly argocdUrl: string;
  readonly argocdToken: SecretReference;
  readonly application: string;
  /** The application's namespace, if it is not Argo CD's own. */
  readonly applicationNamespace?: string | undefined;
  readonly project: string;
}

/** A key of a ConfigMap. */
export interface ConfigMapKey {
  readonly configMap: string;
  readonly namespace: string;
  readonly key: string;
}

/** The application's operation and state, as Argo CD reports them. */
export interface ApplicationState {
  /** Whether any operation is pending or running. */
  readonly busy: boolean;
  /** The marks of the running or last operation. */
  readonly marks: readonly string[];
  /** Who started the pending or running operation; empty when there is none. */
  readonly operator: string;
  readonly phase: string;
  readonly message: string;
  /** Resources that could not be applied, and why. */
  readonly failures: readonly string[];
  readonly sync: string;
  readonly revision: string;
  readonly health: string;
}

const MARK = "request";

const COMPARISON_SECONDS = 30;

/** Argo CD's API, as far as this program uses it. */
export class ArgoCd {
  readonly #endpoint: Endpoint;
  readonly #connection: ArgoCdConnection;
  readonly #signal: AbortSignal;
  /** Argo CD's policies do not name its own namespace, which the settings may name all the same. */
  #isInOwnNamespace = false;
  #token: Promise<Secret> | undefined;

  constructor(connection: ArgoCdConnection, signal: AbortSignal) {
    this.#endpoint = { name: "Argo CD", url: connection.argocdUrl, setting: "argocd.url" };
    this.#connection = connection;
    this.#signal = signal;
  }

  /** Whether the token may sync the application. */
  async assertMaySync(): Promise<void> {
    await this.#lookAtNamespace();
    const answer = await this.#request(`/account/can-i/applications/sync/${this.#rbacName()}`);
    if (answer.status !== 200) throw this.#refused("report the token's permissions", answer);
    if (at(answer.json, "value") !== "yes") throw this.#forbidden("sync");
    await this.state();
  }

  async state(): Promise<ApplicationState> {
    return toState(await this.#application());
  }

  /**
   * The state after a new comparison with Git, which Argo CD makes by itself only every few minutes. Argo CD notes the request in the application, and an
   * application with automated sync may then sync, so a preview does not ask for it.
   */
  async comparedState(): Promise<ApplicationState> {
    // It answers after the comparison, and not at all while its controller is stopped.
    const answer = await this.#request(this.#path("", { refresh: "normal" }), { timeout: COMPARISON_SECONDS });
    if (answer.status !== 200) throw this.#refused("compare the application with Git", answer);
    return toState(answer.json);
  }

  /**
   * Starts a sync with a unique mark: only the mark distinguishes it from other syncs.
   *
   * @returns the commit that it will sync, or `undefined` if another operation is running
   */
  async sync(mark: string): Promise<string | undefined> {
    const { applicationNamespace: appNamespace } = this.#connection;
    // Of a POST, Argo CD reads the body alone.
    const answer = await this.#request(this.#path("/sync"), {
      method: "POST",
      json: { infos: [{ name: MARK, value: mark }], ...(appNamespace === undefined ? {} : { appNamespace }) },
    });
    if (answer.status === 200) return string(at(answer.json, "operation", "sync", "revision"));
    if (answer.status === 400 && answer.text.includes("another operation is already in progress")) return undefined;
    throw this.#refused("sync the application", answer);
  }

  /** The commit of the operation with that mark; `undefined` if the running or last operation has another one. */
  async syncOf(mark: string): Promise<string | undefined> {
    const application = await this.#application();
    const operations = [at(application, "operation"), at(application, "status", "operationState", "operation")];
    const ours = operations.find((operation) => marksOf(operation).includes(mark));
    return ours === undefined ? undefined : string(at(ours, "sync", "revision"));
  }

  /** Whether Git has the ConfigMap, so that a sync creates it. */
  async hasConfigMapInGit(place: Omit<ConfigMapKey, "key">): Promise<boolean> {
    const manifests = await this.#manifests({});
    const destination = string(at(await this.#application(), "spec", "destination", "namespace")) || place.namespace;
    return manifests.some((manifest) => isConfigMap(manifest, place, destination));
  }

  /**
   * Whether Git holds a key of a ConfigMap, at a commit.
   *
   * @returns where the application's manifests are if it does, otherwise `undefined`
   */
  async findInGit(configMap: ConfigMapKey, revision: string): Promise<string | undefined> {
    const manifests = await this.#manifests({ revision });
    const holds = manifests.some(
      (manifest) => isConfigMap(manifest, configMap) && at(manifest, "data", configMap.key) !== undefined,
    );
    if (!holds) return undefined;
    const source = at(await this.#application(), "spec", "source");
    return `${string(at(source, "path")) || "."} of ${string(at(source, "repoURL"))}`;
  }

  async #application(): Promise<unknown> {
    const answer = await this.#request(this.#path());
    if (answer.status !== 200) throw this.#refused("show the application", answer);
    return answer.json;
  }

  /** Default: those of the application's target revision. */
  async #manifests(query: { readonly revision?: string }): Promise<readonly unknown[]> {
    const answer = await this.#request(this.#path("/manifests", query));
    if (answer.status !== 200) throw this.#refused("show the application's manifests", answer);
    return list(at(answer.json, "manifests")).map((text) => JSON.parse(string(text)) as unknown);
  }

  #path(below = "", query: Readonly<Record<string, string>> = {}): string {
    const { application, applicationNamespace: appNamespace } = this.#connection;
    const all = new URLSearchParams({ ...query, ...(appNamespace === undefined ? {} : { appNamespace }) }).toString();
    return `/applications/${encodeURIComponent(application)}${below}${all === "" ? "" : `?${all}`}`;
  }

  /** How Argo CD's policies name the application. */
  #rbacName(): string {
    const { project, applicationNamespace, application } = this.#connection;
    const namespaces = applicationNamespace === undefined || this.#isInOwnNamespace ? [] : [applicationNamespace];
    return [project, ...namespaces, application].join("/");
  }

  /** Without a namespace, Argo CD looks in its own. */
  async #lookAtNamespace(): Promise<void> {
    const { application, applicationNamespace } = this.#connection;
    if (applicationNamespace === undefined) return;
    const { status, json } = await this.#request(`/applications/${encodeURIComponent(application)}`);
    this.#isInOwnNamespace = status === 200 && at(json, "metadata", "namespace") === applicationNamespace;
  }

  async #request(path: string, options: RequestOptions = {}): Promise<HttpResponse> {
    // Once for all its requests: a file would be opened each time.
    this.#token ??= resolveSecret(this.#connection.argocdToken, this.#signal);
    const token = await this.#token;
    return requestApi(this.#endpoint, `/api/v1${path}`, {
      ...options,
      signal: this.#signal,
      headers: { authorization: new Secret(`Bearer ${token.reveal()}`) },
    });
  }

  #refused(what: string, answer: HttpResponse): ZotAuthError {
    if (answer.status === 401) {
      return new ZotAuthError(
        "ARGOCD_TOKEN_REFUSED",
        `Argo CD rejects the token of argocd.token (${this.#connection.argocdToken}). Generate a new one with \`argocd account generate-token\` and store it there.`,
      );
    }
    if (answer.status === 403 || answer.status === 404) return this.#forbidden("get and sync");
    if (answer.status === 400) {
      return new ZotAuthError(
        "ARGOCD_SYNC_REFUSED",
        `Argo CD cannot ${what}: ${string(at(answer.json, "message"))}. Correct the application in Argo CD.`,
      );
    }
    return unexpected(this.#endpoint, what, answer);
  }

  /** Argo CD responds alike for an application that does not exist and one that the token may not read. */
  #forbidden(rights: string): ZotAuthError {
    const { application, applicationNamespace, project, argocdToken } = this.#connection;
    const where = applicationNamespace === undefined ? "" : ` in the namespace "${applicationNamespace}"`;
    return new ZotAuthError(
      "ARGOCD_APPLICATION_UNKNOWN",
      `The application "${application}" does not exist${where} in Argo CD's project "${project}", or the token of argocd.token (${argocdToken}) has insufficient permissions to ${rights} it. ` +
        `Correct argocd.application${where === "" ? ", argocd.applicationNamespace" : " and argocd.applicationNamespace"}, or grant its account \`applications, ${rights.replace(" and ", "/")}, ${this.#rbacName()}\`.`,
    );
  }
}

/** @param destination where a manifest without a namespace is applied. Default: the ConfigMap's namespace */
function isConfigMap(
  manifest: unknown,
  { configMap, namespace }: Omit<ConfigMapKey, "key">,
  destination = namespace,
): boolean {
  const place = at(manifest, "metadata", "namespace") ?? destination;
  return at(manifest, "kind") === "ConfigMap" && at(manifest, "metadata", "name") === configMap && place === namespace;
}

function marksOf(operation: unknown): readonly string[] {
  return list(at(operation, "info"))
    .filter((info) => at(info, "name") === MARK)
    .map((info) => string(at(info, "value")));
}

function toState(application: unknown): ApplicationState {
  const status = at(application, "status");
  const last = at(status, "operationState");
  return {
    busy: at(application, "operation") !== undefined,
    operator:
      string(at(application, "operation", "initiatedBy", "username")) ||
      (at(application, "operation", "initiatedBy", "automated") === true ? "Argo CD's automated sync" : ""),
    marks: [...marksOf(at(application, "operation")), ...marksOf(at(last, "operation"))],
    phase: string(at(last, "phase")),
    message: string(at(last, "message")),
    failures: list(at(last, "syncResult", "resources"))
      .filter((resource) => at(resource, "status") === "SyncFailed")
      .map(
        (resource) =>
          `${string(at(resource, "kind"))} ${string(at(resource, "name"))}: ${string(at(resource, "message"))}`,
      ),
    sync: string(at(status, "sync", "status")),
    revision: string(at(status, "sync", "revision")),
    health: string(at(status, "health", "status")),
  };
}
