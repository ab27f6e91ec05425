// The two servers of a job that pushes with its token: Forgejo's address that gives tokens to jobs, and the registry behind a front that accepts them as
// zot does without realm and service (facts: refused tokens get 401 with one body, a key of a job is deleted by its id), with faults that a test can switch on.
import { randomBytes, randomUUID } from "node:crypto";
import { request } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { listen } from "../../../lab/shared/listen.ts";
import { basic } from "../../lab/zot/support/registry.ts";
import type { CiRegistry } from "../support.ts";

export const JOB = "zot-site/own/app";

export interface JobKey {
  readonly id: string;
  readonly key: string;
  readonly label: string;
  readonly expires: string;
}

/** What goes wrong. Everything may change while the servers run. */
export interface Faults {
  /** Forgejo's answer in place of a token. */
  forgejo: { readonly status: number; readonly body: string } | undefined;
  /** zot accepts no token, as with another ref. */
  rejectsTokens: boolean;
  /** A token is accepted for that many requests, and has then expired. */
  requestsOfAToken: number;
  /** zot's reason not to let the job push. */
  reason: string | undefined;
  /** Whether a key that a job created may push. */
  keysPush: boolean;
  /** A key of a job is accepted for that many requests, and has then expired. */
  requestsOfAKey: number;
  /** The connection breaks once the key is there. */
  losesTheKey: boolean;
  /** zot's status for a deletion of a key. */
  deletion: number;
  /** What the registry behind takes the job for. Default: CI's account. */
  jobsAs: string | undefined;
  /** A token for any audience is accepted. */
  anyAudience: boolean;
  /** Runs once, before the first manifest is stored. */
  beforeManifest: (() => Promise<void>) | undefined;
}

export interface JobServers {
  readonly registryUrl: string;
  readonly audience: string;
  /** Of an account that knows the repository's owner, and not the repository. */
  readonly knownAudience: string;
  /** What a job with `enable-openid-connect: true` has. */
  readonly variables: Readonly<Record<"ACTIONS_ID_TOKEN_REQUEST_URL" | "ACTIONS_ID_TOKEN_REQUEST_TOKEN", string>>;
  /** Every token and key that was given out, and the job's token to ask for them. */
  readonly secrets: readonly string[];
  /** `POST /v2/… Bearer -> 202` */
  readonly log: readonly string[];
  readonly keys: ReadonlyMap<string, JobKey>;
  readonly faults: Faults;
  /** Every key that a job created, also those that were deleted. */
  readonly created: readonly JobKey[];
  reset(): void;
  close(): Promise<void>;
}

const NO_FAULTS: Readonly<Faults> = {
  forgejo: undefined,
  rejectsTokens: false,
  requestsOfAToken: Infinity,
  reason: undefined,
  keysPush: true,
  requestsOfAKey: Infinity,
  losesTheKey: false,
  deletion: 200,
  jobsAs: undefined,
  anyAudience: false,
  beforeManifest: undefined,
};

export async function startJobServers(ci: CiRegistry): Promise<JobServers> {
  const faults: Faults = { ...NO_FAULTS };
  const requestToken = `request."\\${randomBytes(9).toString("hex")}`;
  const secrets = [requestToken];
  /** With the audience and the number of requests so far. */
  const tokens = new Map<string, { readonly audience: string | null; requests: number }>();
  const keys = new Map<string, JobKey>();
  const created: JobKey[] = [];
  const uses = new Map<string, number>();
  const log: string[] = [];

  const forgejo = await listen(
    (incoming, response) => {
      const { searchParams } = new URL(incoming.url ?? "", "http://forgejo.test");
      if (faults.forgejo !== undefined) {
        response.writeHead(faults.forgejo.status).end(faults.forgejo.body);
        return;
      }
      if (incoming.headers.authorization !== `bearer ${requestToken}` || searchParams.get("placeholder") !== "true") {
        response.writeHead(401).end("Error parsing authorization header");
        return;
      }
      const token = ["header", randomBytes(300).toString("base64url"), "signature"].join(".");
      tokens.set(token, { audience: searchParams.get("audience"), requests: 0 });
      secrets.push(token);
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ value: token }));
    },
    { name: "Forgejo", port: 0 },
  );

  /** 401 for a token or a key that is not accepted; otherwise what the registry behind gets. */
  const authorize = ({
    headers,
  }: IncomingMessage): { readonly as: "job" | "key" | "stranger" | "other"; readonly header?: string } | 401 => {
    const [scheme = "", credentials = ""] = (headers.authorization ?? " ").split(" ");
    if (scheme === "") return { as: "other" };
    if (scheme === "Bearer") {
      const token = tokens.get(credentials);
      if (token === undefined || faults.rejectsTokens) return 401;
      if (token.audience === knownAudience) return { as: "stranger" };
      if (token.audience !== audience && !faults.anyAudience) return 401;
      token.requests += 1;
      return token.requests > faults.requestsOfAToken
        ? 401
        : { as: "job", header: faults.jobsAs ?? basic("zot-ci", ci.key) };
    }
    const [user, secret = ""] = Buffer.from(credentials, "base64").toString().split(":");
    if (user !== JOB) return { as: "other", header: headers.authorization ?? "" };
    const key = [...keys.values()].find((one) => one.key === secret);
    const used = (uses.get(secret) ?? 0) + 1;
    uses.set(secret, used);
    if (key === undefined || Date.parse(key.expires) < Date.now() || used > faults.requestsOfAKey) return 401;
    return { as: "key", header: basic("zot-ci", ci.key) };
  };

  const front = await listen(
    (incoming, response) => {
      void (async () => {
        response.once("close", () => {
          const [scheme = "none"] = (incoming.headers.authorization ?? "none").split(" ");
          log.push(
            `${incoming.method} ${incoming.url} ${scheme} -> ${response.headersSent ? response.statusCode : "none"}`,
          );
        });
        const who = authorize(incoming);
        if (who === 401) {
          unauthorized(incoming, response);
          return;
        }
        if (incoming.url?.startsWith("/zot/auth/apikey") === true && who.as === "job") {
          await apiKeys(incoming, response);
          return;
        }
        const writes = incoming.method !== "GET" && incoming.method !== "HEAD";
        const reason = reasons(faults)[who.as];
        if (writes && reason !== undefined) {
          denied(response, reason);
          return;
        }
        if (incoming.method === "PUT" && incoming.url?.includes("/manifests/") === true && who.as !== "other") {
          const { beforeManifest } = faults;
          faults.beforeManifest = undefined;
          await beforeManifest?.();
        }
        forward(incoming, response, ci.registry.url, who.header);
      })();
    },
    { name: "zot", port: 0 },
  );
  const audience = `${front.url}/site`;
  const knownAudience = `${front.url}/same-owner`;

  const apiKeys = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { searchParams } = new URL(incoming.url ?? "", front.url);
    if (incoming.method === "POST") {
      let text = "";
      for await (const chunk of incoming) text += String(chunk);
      const { label, expirationDate } = JSON.parse(text) as { readonly label: string; readonly expirationDate: string };
      const made = { id: randomUUID(), key: `zak_${randomBytes(16).toString("hex")}`, label, expires: expirationDate };
      keys.set(made.id, made);
      created.push(made);
      secrets.push(made.key);
      if (faults.losesTheKey) return void incoming.socket.destroy();
      response.writeHead(201).end(JSON.stringify({ ...shown(made), apiKey: made.key }));
      return;
    }
    if (incoming.method === "DELETE") {
      if (faults.deletion === 200) keys.delete(searchParams.get("id") ?? "");
      response.writeHead(faults.deletion).end();
      return;
    }
    const foreign = { id: randomUUID(), key: "", label: "another job's", expires: "2999-01-01T00:00:00Z" };
    response.writeHead(200).end(JSON.stringify({ apiKeys: [foreign, ...keys.values()].map(shown) }));
  };

  return {
    registryUrl: front.url,
    audience,
    knownAudience,
    variables: {
      ACTIONS_ID_TOKEN_REQUEST_URL: `${forgejo.url}/api/actions/_apis/pipelines/workflows/3/idtoken?placeholder=true`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestToken,
    },
    secrets,
    log,
    keys,
    faults,
    created,
    reset: () => {
      Object.assign(faults, NO_FAULTS);
      log.length = 0;
      created.length = 0;
      keys.clear();
    },
    close: async () => {
      await front.close();
      await forgejo.close();
    },
  };
}

/** Why zot lets nobody of that kind push; undefined if it does. */
function reasons({ reason, keysPush }: Faults): Readonly<Partial<Record<string, string>>> {
  const others = "zot-auth lets other repositories push here: see ci.accounts.same.repositories";
  const key = "a key that was created with a job's token cannot push";
  return {
    stranger: others,
    ...(keysPush ? {} : { key }),
    ...(reason === undefined ? {} : { job: reason, key: reason }),
  };
}

/** As zot lists a key, in its order of fields. */
function shown({ id, label, expires }: JobKey): object {
  return {
    createdAt: "2026-11-29T12:00:00Z",
    expirationDate: expires,
    isExpired: false,
    creatorUa: "curl/8.0.0",
    generatedBy: "manual",
    lastUsed: "0001-01-01T00:00:00Z",
    label,
    scopes: null,
    uuid: id,
  };
}

function unauthorized({ headers }: IncomingMessage, response: ServerResponse): void {
  const isBasic = headers.authorization?.startsWith("Basic") === true;
  response.writeHead(401, {
    "content-type": "application/json",
    ...(isBasic ? { "www-authenticate": 'Basic realm="Authorization Required"' } : {}),
  });
  response.end(
    '{"errors":[{"code":"UNAUTHORIZED","message":"authentication required","detail":{"description":"The access controller was unable to authenticate the client."}}]}',
  );
}

function denied(response: ServerResponse, reason: string): void {
  const description = "The access controller denied access for the operation on a resource.";
  const error = {
    code: "DENIED",
    message: "requested access to the resource is denied",
    detail: { description, reason },
  };
  response.writeHead(403, {
    "content-type": "application/json",
    "www-authenticate": 'Basic realm="Authorization Required"',
  });
  response.end(JSON.stringify({ errors: [error] }));
}

function forward(
  incoming: IncomingMessage,
  response: ServerResponse,
  registry: string,
  header: string | undefined,
): void {
  const { authorization: _, ...headers } = incoming.headers;
  const onward = request(new URL(incoming.url ?? "/", registry), {
    method: incoming.method,
    headers: { ...headers, ...(header === undefined ? {} : { authorization: header }) },
  });
  onward.once("error", () => response.destroy());
  onward.once("response", (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  incoming.pipe(onward);
}
