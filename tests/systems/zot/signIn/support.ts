// Shared by the sign-in tests: the lab's Authentik with our blueprint, and small servers in place of others.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { ZotAuthError } from "../../../../core/errors.ts";
import type { Context } from "../../../../provider/resource.ts";
import type { SignInArgs } from "../../../../systems/zot/signIn/check.ts";
import type { AuthentikOptions } from "../../../../lab/authentik/server.ts";
import { adminKey, callback, clientSecret, measured, startLab } from "../../../lab/authentik/support.ts";
import type { Lab } from "../../../lab/authentik/support.ts";

/** The work for a session that is never established. */
export const NOTHING = async (): Promise<void> => Promise.resolve();
/** Never aborts: the runner ends a process that hangs. */
export const SIGNAL = new AbortController().signal;
process.env["SIGN_IN_TEST_TOKEN"] = adminKey;
process.env["SIGN_IN_TEST_SECRET"] = clientSecret;

/** The context that the engine passes, recording the messages to the user. */
export function contextWith(warnings: string[]): Context {
  return {
    urn: "",
    type: "",
    name: "",
    preview: false,
    signal: SIGNAL,
    secretInputs: new Set(),
    declared: () => [],
    progress: () => undefined,
    info: () => undefined,
    warn: (text) => warnings.push(text),
  };
}

/** A server on loopback that ends with the test. */
export async function listen(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export type Route = readonly [status: number, body: string, headers?: Readonly<Record<string, string>>];

/** A server that answers by the beginning of the path, the longest first, and with Go's 404 to all the rest. */
export async function serve(
  t: TestContext,
  routes: Readonly<Record<string, Route | ((key: boolean) => Route)>>,
): Promise<string> {
  return listen(t, (request, response) => {
    const path = Object.keys(routes)
      .filter((prefix) => request.url?.startsWith(prefix) === true)
      .sort((left, right) => right.length - left.length)[0];
    const route = routes[path ?? ""] ?? ([404, "404 page not found\n"] as const);
    const [status, body, headers] =
      typeof route === "function" ? route(request.headers.authorization !== undefined) : route;
    response.writeHead(status, { "content-type": "text/plain", ...headers }).end(body);
  });
}

/** Whether a request was answered in Authentik's place. */
export type Instead = (request: IncomingMessage, response: ServerResponse) => boolean;

/** A proxy in front of the lab's Authentik that forwards requests except those that it answers itself. */
export async function inFrontOf(t: TestContext, lab: () => Lab, instead: Instead): Promise<string> {
  return listen(t, (request, response) => {
    if (!instead(request, response)) void passOn(request, response, lab().server.url);
  });
}

/** @param lose whether the server's response is lost on the way */
export async function passOn(
  request: IncomingMessage,
  response: ServerResponse,
  to: string,
  lose: () => boolean = () => false,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const headers = new Headers();
  for (const name of ["cookie", "authorization", "content-type", "accept"]) {
    const value = request.headers[name];
    if (typeof value === "string") headers.set(name, value);
  }
  const answer = await fetch(to + (request.url ?? "/"), {
    method: request.method ?? "GET",
    headers,
    redirect: "manual",
    ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
  });
  if (lose()) {
    response.destroy();
    return;
  }
  for (const cookie of answer.headers.getSetCookie()) response.appendHeader("set-cookie", cookie);
  for (const name of ["location", "content-type"]) {
    const value = answer.headers.get(name);
    if (value !== null) response.setHeader(name, value);
  }
  response.writeHead(answer.status).end(await answer.text());
}

export async function authentik(
  t: TestContext,
  blueprint = measured,
  options: Partial<AuthentikOptions> = {},
): Promise<Lab> {
  const lab = await startLab(t, options);
  await lab.apply("zot.yaml", blueprint);
  return lab;
}

export function settingsFor(lab: Lab, registryUrl: string, configFile = "/nowhere/config.json"): SignInArgs {
  return {
    authentikUrl: lab.server.url,
    authentikToken: "env:SIGN_IN_TEST_TOKEN",
    registryUrl,
    username: "zot-ci",
    machineFlow: "machine-login",
    appPassword: "zot-ci-app-password",
    issuer: `${lab.server.url}/application/o/zot/`,
    clientSecret: "env:SIGN_IN_TEST_SECRET",
    ciGroup: "artifact-workloads",
    groupsClaim: "groups",
    configPlace: { host: "local", configFile },
  };
}

/** Where zot redirects people to sign in. */
export function authorizeUrl(authentikUrl: string, asked: Readonly<Record<string, string>> = {}): URL {
  const url = new URL(`${authentikUrl}/application/o/authorize/`);
  url.search = new URLSearchParams({
    client_id: "zot",
    redirect_uri: callback,
    response_type: "code",
    scope: "openid email profile",
    state: "zots-own-state",
    ...asked,
  }).toString();
  return url;
}

/** A zot reduced to the sign-in: it redirects to Authentik and accepts any code. */
export async function zotThatSendsTo(
  t: TestContext,
  authentikUrl: string,
  asked: Readonly<Record<string, string>> = {},
  atCallback: Route = [302, "", { location: "/", "set-cookie": "session=s; Path=/; HttpOnly" }],
  atLogout: "404" | "silence" = "404",
): Promise<string> {
  const zot: { url: string } = { url: "" };
  zot.url = await listen(t, (request, response) => {
    const path = request.url ?? "";
    if (path.startsWith("/zot/auth/login")) {
      const redirect_uri = `${zot.url}/zot/auth/callback/oidc`;
      response.writeHead(302, { location: authorizeUrl(authentikUrl, { redirect_uri, ...asked }).href }).end();
      return;
    }
    if (path === "/zot/auth/logout" && atLogout === "silence") return;
    const [status, body, headers] = path.startsWith("/zot/auth/callback/oidc?code=")
      ? atCallback
      : ([404, ""] as const);
    response.writeHead(status, headers).end(body);
  });
  return zot.url;
}

/** The measured blueprint for a registry elsewhere. */
export function blueprintFor(registryUrl: string): string {
  const text = measured.replace(callback, `${registryUrl}/zot/auth/callback/oidc`);
  assert.notEqual(text, measured);
  return text;
}

/** An error of this code, which holds no secret. */
export function coded(code: string, text: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ZotAuthError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, text);
    for (const secret of [clientSecret, adminKey]) assert.ok(!error.message.includes(secret));
    assert.doesNotMatch(error.message, /eyJ|code=|zak_/);
    return true;
  };
}
