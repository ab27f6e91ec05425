// An OpenID provider for the tests: it signs in the person that a request header names, without a password.
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Provider } from "oidc-provider";
import type { Adapter, AdapterPayload } from "oidc-provider";

export interface Person {
  groups: string[];
  readonly email?: string;
  /** If absent, the provider sends no name claim. */
  readonly username?: string;
}

export interface IdentityProvider {
  readonly issuer: string;
  /** By account. Changes apply from the next sign-in. */
  readonly people: Map<string, Person>;
  /** Stops listening until `resume`; its state is kept. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  close(): Promise<void>;
}

export const client = { id: "zot", secret: "client-secret-of-the-test" };
/** The request header that names the person who signs in. */
export const personHeader = "x-test-person";

/** Starts a provider with one client, whose redirect URI is `redirectUri`. */
export async function startIdentityProvider(redirectUri: string): Promise<IdentityProvider> {
  const people = new Map<string, Person>([
    ["zot-ci", { groups: ["artifact-workloads"], username: "zot-ci" }],
    ["admin", { groups: ["admins"], username: "admin", email: "admin@example.test" }],
    ["nobody", { groups: [], username: "nobody" }],
  ]);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = makeProvider(issuer, redirectUri, people);
  const answer = provider.callback();
  server.on("request", (request, response) => {
    if (request.url?.startsWith("/interaction/") !== true) {
      void answer(request, response);
      return;
    }
    const accountId = String(request.headers[personHeader]);
    void provider.interactionFinished(request, response, { login: { accountId } });
  });
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  const resume = (): Promise<void> =>
    new Promise((resolve) => server.listen(Number(new URL(issuer).port), "127.0.0.1", resolve));
  return { issuer, people, pause: stop, resume, close: stop };
}

function makeProvider(issuer: string, redirectUri: string, people: ReadonlyMap<string, Person>): Provider {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const jwk = { ...privateKey.export({ format: "jwk" }), kid: "test", use: "sig", alg: "RS256" };
  const provider: Provider = new Provider(issuer, {
    adapter: MemoryAdapter,
    clients: [{ client_id: client.id, client_secret: client.secret, redirect_uris: [redirectUri] }],
    jwks: { keys: [jwk] },
    cookies: { keys: ["for the tests only"] },
    pkce: { required: () => false },
    claims: { openid: ["sub"], email: ["email"], profile: ["preferred_username", "groups"] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
    findAccount: (_context, accountId) => {
      const person = people.get(accountId);
      if (person === undefined) return undefined;
      const { username, email, groups } = person;
      return {
        accountId,
        claims: () => ({
          sub: accountId,
          groups,
          ...(username === undefined ? {} : { preferred_username: username }),
          ...(email === undefined ? {} : { email }),
        }),
      };
    },
    loadExistingGrant: async (context) => {
      const { client: asking, session } = context.oidc;
      const accountId = session?.accountId;
      if (asking === undefined || accountId === undefined) return undefined;
      const grant = new provider.Grant({ clientId: asking.clientId, accountId });
      grant.addOIDCScope("openid email profile");
      await grant.save();
      return grant;
    },
  });
  return provider;
}

/** The provider's storage. Equivalent to its built-in adapter, which logs a warning at startup. */
class MemoryAdapter implements Adapter {
  readonly #entries = new Map<string, AdapterPayload>();

  upsert(id: string, payload: AdapterPayload): Promise<undefined> {
    this.#entries.set(id, payload);
    return Promise.resolve(undefined);
  }

  find(id: string): Promise<AdapterPayload | undefined> {
    return Promise.resolve(this.#entries.get(id));
  }

  findByUid(uid: string): Promise<AdapterPayload | undefined> {
    return Promise.resolve([...this.#entries.values()].find((payload) => payload.uid === uid));
  }

  findByUserCode(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  consume(id: string): Promise<undefined> {
    const payload = this.#entries.get(id);
    if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000);
    return Promise.resolve(undefined);
  }

  destroy(id: string): Promise<undefined> {
    this.#entries.delete(id);
    return Promise.resolve(undefined);
  }

  revokeByGrantId(grantId: string): Promise<undefined> {
    for (const [id, payload] of this.#entries) if (payload.grantId === grantId) this.#entries.delete(id);
    return Promise.resolve(undefined);
  }
}
