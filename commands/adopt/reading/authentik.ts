import { ZotAuthError, messageOf } from "../../../core/errors.ts";
import { at, list, present, string } from "../../../core/json.ts";
import { redirectUri } from "../../../systems/authentik/blueprint/render.ts";
import { Authentik } from "../../../systems/authentik/client.ts";
import type { AuthentikConnection } from "../../../systems/authentik/client.ts";
import type { NotKept } from "../settings/settingsFile.ts";
import type { Tree } from "../settings/tree.ts";

/** What the settings and zot's config say about Authentik. */
export interface AuthentikQuestion {
  readonly clientId: string;
  /** `undefined` if zot's config does not say it. */
  readonly registryUrl: string | undefined;
  readonly ciGroup: string;
  /** Others that may be CI's, if they have a service account. */
  readonly possibleCiGroups: readonly string[];
}

/** What Authentik has. */
export interface AuthentikFindings {
  readonly settings: Tree;
  /** Groups that may use the application. */
  readonly signInGroups: readonly string[];
  readonly notKept: readonly NotKept[];
  /** What could not be read, and what there is not. */
  readonly notes: readonly string[];
  /** The service accounts of each of the groups that are, or may be, CI's. */
  readonly serviceAccounts: ReadonlyMap<string, readonly string[]>;
  /** Which application it is, for the report; `undefined` if there is none. */
  readonly found: string | undefined;
}

const SCOPES = "goauthentik.io/providers/oauth2/scope-";
/** Those that the blueprint gives the provider. */
const OURS = ["openid", "email", "profile"].map((name) => SCOPES + name);

/** Reads the application and the OAuth2 provider of a client ID, who may use it, and CI's account. It changes nothing. */
export async function readAuthentik(
  connection: AuthentikConnection,
  question: AuthentikQuestion,
  signal: AbortSignal,
): Promise<AuthentikFindings> {
  return new Reading(new Authentik(connection, signal), question).findings();
}

class Reading {
  readonly #authentik: Authentik;
  readonly #question: AuthentikQuestion;
  readonly #notes: string[] = [];
  readonly #notKept: NotKept[] = [];

  constructor(authentik: Authentik, question: AuthentikQuestion) {
    this.#authentik = authentik;
    this.#question = question;
  }

  async findings(): Promise<AuthentikFindings> {
    const { clientId, ciGroup, possibleCiGroups } = this.#question;
    const serviceAccounts = new Map<string, readonly string[]>();
    for (const group of [ciGroup, ...possibleCiGroups]) serviceAccounts.set(group, await this.#serviceAccounts(group));
    const provider = await this.#allowed(async () => this.#authentik.oauth2ProviderOf(clientId));
    const slug = string(at(provider, "assigned_application_slug"));
    if (provider === undefined && this.#notes.length === 0)
      this.#notes.push(`Authentik has no OAuth2 provider with the client ID "${clientId}": \`up\` creates one.`);
    const application = slug === "" ? undefined : await this.#allowed(async () => this.#authentik.application(slug));
    const settings = {
      authentik: present({
        ...(await this.#ofProvider(provider)),
        application: text(slug),
        applicationName: text(at(application, "name")),
      }),
    };
    const signInGroups = await this.#signInGroups(application);
    const callback = this.#ofUris(provider, application);
    return {
      settings: callback === undefined ? settings : { ...settings, registry: { url: callback } },
      signInGroups,
      notKept: this.#notKept,
      notes: this.#notes,
      serviceAccounts,
      found:
        provider === undefined
          ? undefined
          : `the OAuth2 provider "${string(at(provider, "name"))}"${slug === "" ? "" : ` of the application "${slug}"`}`,
    };
  }

  async #ofProvider(provider: unknown): Promise<Tree> {
    if (provider === undefined) return {};
    const flow = async (pk: unknown): Promise<string | undefined> =>
      this.#nameOf("/flows/instances/", "flow", pk, "slug");
    await this.#ofScopes(list(at(provider, "property_mappings")));
    return {
      providerName: text(at(provider, "name")),
      authorizationFlow: await flow(at(provider, "authorization_flow")),
      invalidationFlow: await flow(at(provider, "invalidation_flow")),
      signingCertificate: await this.#nameOf(
        "/crypto/certificatekeypairs/",
        "certificate",
        at(provider, "signing_key"),
        "name",
      ),
    };
  }

  /** Scope mappings that the blueprint would take from the provider. */
  async #ofScopes(mappings: readonly unknown[]): Promise<void> {
    const all = (await this.#list("/propertymappings/provider/scope/", "scope mapping")) ?? [];
    for (const mapping of all) {
      if (!mappings.includes(at(mapping, "pk")) || OURS.includes(string(at(mapping, "managed")))) continue;
      this.#notKept.push({
        path: `Authentik: scope mapping "${string(at(mapping, "name"))}"`,
        reason: "the provider gets those of openid, email and profile only.",
      });
    }
  }

  /** @returns the registry's address, if zot's config does not say it and a redirect URI does */
  #ofUris(provider: unknown, application: unknown): string | undefined {
    const uris = list(at(provider, "redirect_uris")).map((uri) => string(at(uri, "url")));
    const [callback] = uris.filter((uri) => uri === redirectUri(originOf(uri)));
    const registryUrl = this.#question.registryUrl ?? (callback === undefined ? undefined : originOf(callback));
    if (registryUrl === undefined) return undefined;
    for (const uri of uris) {
      if (uri === redirectUri(registryUrl)) continue;
      this.#notKept.push({
        path: `Authentik: redirect URI ${uri}`,
        reason: `the provider gets ${redirectUri(registryUrl)} only.`,
      });
    }
    const launch = string(at(application, "meta_launch_url"));
    if (launch !== "" && launch.replace(/\/$/, "") !== registryUrl)
      this.#notKept.push({
        path: `Authentik: launch URL ${launch}`,
        reason: `it becomes registry.url, ${registryUrl}.`,
      });
    return this.#question.registryUrl === undefined ? registryUrl : undefined;
  }

  async #signInGroups(application: unknown): Promise<readonly string[]> {
    const pk = string(at(application, "pk"));
    if (pk === "") return [];
    const bindings = await this.#allowed(async () => this.#authentik.bindings(pk));
    if (bindings === undefined) return [];
    if (bindings.length === 0)
      this.#notKept.push({
        path: `Authentik: everyone may use the application "${string(at(application, "slug"))}"`,
        reason: "the blueprint binds it to the groups of access; add others to access.signInGroups.",
      });
    return bindings
      .filter((binding) => at(binding, "enabled") === true && at(binding, "negate") !== true)
      .map((binding) => string(at(binding, "group_obj", "name")))
      .filter((name) => name !== "");
  }

  /** Without people, of whom none is CI, and without the owner of our token, which `destroy` would delete as CI's. */
  async #serviceAccounts(name: string): Promise<readonly string[]> {
    const { username: own } = await this.#authentik.owner();
    const group = await this.#allowed(async () => this.#authentik.group(name));
    const names = list(at(group, "users_obj")).map((user) => string(at(user, "username")));
    const accounts: string[] = [];
    for (const username of names) {
      const user = await this.#allowed(async () => this.#authentik.user(username));
      if (string(at(user, "type")) === "service_account" && username !== own) accounts.push(username);
    }
    return accounts;
  }

  async #nameOf(path: string, what: string, pk: unknown, field: string): Promise<string | undefined> {
    if (pk === null || pk === undefined) return undefined;
    const all = await this.#list(path, what);
    return text(
      at(
        all?.find((one) => at(one, "pk") === pk),
        field,
      ),
    );
  }

  async #list(path: string, what: string): Promise<readonly unknown[] | undefined> {
    return this.#allowed(async () => this.#authentik.results(path, `list each ${what}`, RIGHTS[path]));
  }

  /** A right that the token lacks costs only what needs it. */
  async #allowed<T>(look: () => Promise<T>): Promise<T | undefined> {
    try {
      return await look();
    } catch (error) {
      if (!(error instanceof ZotAuthError) || error.code !== "AUTHENTIK_RIGHT_MISSING") throw error;
      this.#notes.push(`Left out, because it cannot be read: ${messageOf(error)}`);
      return undefined;
    }
  }
}

const RIGHTS: Readonly<Record<string, string>> = {
  "/flows/instances/": "authentik_flows.view_flow",
  "/crypto/certificatekeypairs/": "authentik_crypto.view_certificatekeypair",
  "/propertymappings/provider/scope/": "authentik_providers_oauth2.view_scopemapping",
};

function originOf(uri: string): string {
  return URL.parse(uri)?.origin ?? "";
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
