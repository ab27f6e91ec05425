import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Dispatcher } from "undici";
import { messageOf } from "../../core/errors.ts";
import { tlsError } from "../../core/http/tls.ts";
import { at, present, string } from "../../core/json.ts";
import type { Access, ExecPlugin } from "./kubeconfig.ts";
import { proxyOf } from "./proxy.ts";
import type { Proxy } from "./proxy.ts";

/** An API server's answer. */
export interface Answer {
  readonly status: number;
  /** `undefined` if it is no JSON. */
  readonly json: unknown;
}

type Credentials = Pick<Access, "token" | "basic" | "cert" | "key">;

/** Seconds that one request may take, and a credential plugin, which may ask its own server. */
const SECONDS = 10;

/** What to do about a proxy's certificate. */
const PROXY_REMEDIES = {
  untrusted:
    "Kubernetes' plugin looks for the proxy's CA, too, in the `certificate-authority` of the cluster in the kubeconfig, and not in NODE_EXTRA_CA_CERTS: add the CA's certificate to that file, beside that of the API server's CA.",
  otherName: "Use a name from the certificate as the proxy's address.",
};

/** The connection ended on the way to the proxy, so that what failed is not the API server's. */
class NotAtProxy extends Error {
  constructor(cause: Error) {
    super(cause.message, { cause });
  }
}

/** Asks a cluster's API server, as the kubeconfig says. */
export class ApiServer {
  readonly #access: Access;
  readonly #signal: AbortSignal;
  #credentials: Promise<Credentials> | undefined;

  constructor(access: Access, signal: AbortSignal) {
    this.#access = access;
    this.#signal = signal;
  }

  async get(path: string, accept = "application/json"): Promise<Answer> {
    return this.#send("GET", path, { accept });
  }

  /** Server-side apply. */
  async apply(path: string, object: object): Promise<Answer> {
    // JSON is valid YAML.
    const headers = { accept: "application/json", "content-type": "application/apply-patch+yaml" };
    return this.#send("PATCH", path, headers, JSON.stringify(object));
  }

  async #send(
    method: "GET" | "PATCH",
    path: string,
    headers: Readonly<Record<string, string>>,
    sent?: string,
  ): Promise<Answer> {
    const { server, proxyUrl } = this.#access;
    const credentials = await (this.#credentials ??= credentialsOf(this.#access, this.#signal));
    const { token, basic } = credentials;
    const user = basic === undefined ? undefined : btoa(`${basic.username}:${basic.password}`);
    const authorization = token === undefined ? (user === undefined ? undefined : `Basic ${user}`) : `Bearer ${token}`;
    const proxy = proxyOf(server, proxyUrl, process.env);
    const dispatcher = await this.#connection(credentials, proxy);
    try {
      const { statusCode, body } = await dispatcher.request({
        origin: new URL(server).origin,
        path: `${new URL(server).pathname.replace(/\/$/, "")}${path}`,
        method,
        headers: { ...headers, ...(authorization === undefined ? {} : { authorization }) },
        ...(sent === undefined ? {} : { body: sent }),
        signal: AbortSignal.any([this.#signal, AbortSignal.timeout(SECONDS * 1000)]),
      });
      return { status: statusCode, json: parsed(await body.text()) };
    } catch (error) {
      this.#signal.throwIfAborted();
      throw this.#explained(error, proxy);
    } finally {
      // A connection that is left open would keep the process.
      await dispatcher.destroy();
    }
  }

  async #connection({ cert, key }: Credentials, proxy: Proxy | undefined): Promise<Dispatcher> {
    const { ca, insecure, serverName } = this.#access;
    const tls = {
      ...present({ ca, cert, key, servername: serverName }),
      rejectUnauthorized: !insecure,
    };
    const { Agent, Pool, ProxyAgent, buildConnector } = await import("undici");
    if (proxy === undefined) return new Agent({ connect: tls, allowH2: false });
    // client-go checks an https proxy as it checks the API server: Go's http.Transport has one TLS configuration for both.
    const toProxy = buildConnector(tls);
    return new ProxyAgent({
      uri: proxy.url,
      requestTls: tls,
      proxyTls: tls,
      allowH2: false,
      clientFactory: (origin, options) =>
        new Pool(origin, {
          ...options,
          connect: (to, done) => {
            toProxy(to, (...[error, socket]) => {
              if (error === null) done(null, socket);
              else done(new NotAtProxy(error), null);
            });
          },
        }),
    });
  }

  #explained(error: unknown, proxy: Proxy | undefined): unknown {
    const { server: url, ca } = this.#access;
    const endpoint = { name: "Kubernetes' API server", url, setting: "kubernetes.kubeconfig" };
    const remedies = {
      untrusted:
        ca === undefined
          ? "If your own CA signed it, name the file with the CA's certificate as `certificate-authority` of the cluster in the kubeconfig, where Kubernetes' plugin looks too; it does not read NODE_EXTRA_CA_CERTS: docs/guides/private-ca.md."
          : "The cluster's `certificate-authority` in the kubeconfig is the certificate of another CA: replace it with that of the API server's.",
      otherName: "Use a name from the certificate as `server` or `tls-server-name` of the cluster in the kubeconfig.",
    };
    if (proxy === undefined) return tlsError(endpoint, error, remedies) ?? error;
    // Without the user name and password that the address may have.
    const { protocol, host } = new URL(proxy.url);
    const failure = error instanceof NotAtProxy ? error.cause : error;
    const isProxys = error instanceof NotAtProxy || url.startsWith("http:");
    const explained = isProxys
      ? tlsError({ name: "the proxy", url: `${protocol}//${host}`, setting: proxy.from }, failure, PROXY_REMEDIES)
      : tlsError(endpoint, failure, remedies);
    return explained ?? new Error(`${messageOf(failure)} (through the proxy ${host}, ${proxy.from})`);
  }
}

async function credentialsOf(access: Access, signal: AbortSignal): Promise<Credentials> {
  return access.exec === undefined ? access : ranBy(access.exec, signal);
}

/** What it prints is never shown: it holds the credentials. */
async function ranBy({ command, args, env, apiVersion }: ExecPlugin, signal: AbortSignal): Promise<Credentials> {
  const info = JSON.stringify({ apiVersion, kind: "ExecCredential", spec: { interactive: false } });
  let printed: string;
  try {
    const { stdout } = await promisify(execFile)(command, [...args], {
      env: { ...process.env, ...env, KUBERNETES_EXEC_INFO: info },
      timeout: SECONDS * 1000,
      signal,
    });
    printed = stdout;
  } catch (error) {
    signal.throwIfAborted();
    const code = at(error, "code");
    const why = typeof code === "string" ? code : typeof code === "number" ? `exit code ${code}` : "timed out";
    throw new Error(`the kubeconfig's credential plugin ${command} failed (${why})`);
  }
  const status = at(parsed(printed), "status");
  const pem = (name: string): Buffer | undefined => {
    const text = string(at(status, name));
    return text === "" ? undefined : Buffer.from(text);
  };
  const [token, cert, key] = [string(at(status, "token")), pem("clientCertificateData"), pem("clientKeyData")];
  if (token === "" && cert === undefined)
    throw new Error(`the kubeconfig's credential plugin ${command} prints no credentials`);
  return {
    ...(token === "" ? {} : { token }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
