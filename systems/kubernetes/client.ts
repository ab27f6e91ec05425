import { execFile } from "node:child_process";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { promisify } from "node:util";
import { at, string } from "../../core/json.ts";
import type { Access, ExecPlugin } from "./kubeconfig.ts";

/** An API server's answer. */
export interface Answer {
  readonly status: number;
  /** `undefined` if it is no JSON. */
  readonly json: unknown;
}

type Credentials = Pick<Access, "token" | "basic" | "cert" | "key">;

/** Seconds that one request may take, and a credential plugin, which may ask its own server. */
const SECONDS = 10;

/** Reads from a cluster's API server, as the kubeconfig says. */
export class ApiServer {
  readonly #access: Access;
  readonly #signal: AbortSignal;
  #credentials: Promise<Credentials> | undefined;

  constructor(access: Access, signal: AbortSignal) {
    this.#access = access;
    this.#signal = signal;
  }

  async get(path: string, accept = "application/json"): Promise<Answer> {
    const { server, ca, insecure, serverName } = this.#access;
    const { token, basic, cert, key } = await (this.#credentials ??= credentialsOf(this.#access, this.#signal));
    const url = `${server}${path}`;
    const send = url.startsWith("https:") ? httpsRequest : httpRequest;
    const request = send(url, {
      signal: AbortSignal.any([this.#signal, AbortSignal.timeout(SECONDS * 1000)]),
      headers: { accept, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
      ...(basic === undefined || token !== undefined ? {} : { auth: `${basic.username}:${basic.password}` }),
      ca,
      cert,
      key,
      rejectUnauthorized: !insecure,
      ...(serverName === undefined ? {} : { servername: serverName }),
    });
    return new Promise((resolve, reject) => {
      request.once("error", reject);
      request.once("response", (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.once("error", reject);
        response.once("end", () =>
          resolve({ status: response.statusCode ?? 0, json: parsed(Buffer.concat(chunks).toString()) }),
        );
      });
      request.end();
    });
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
