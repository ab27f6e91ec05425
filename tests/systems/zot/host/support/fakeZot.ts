// A zot small enough to be restarted hundreds of times: it watches its config's inode, answers anonymous questions by the policy, refuses to start
// with some configs, and misbehaves on request. Its issuer answers on the same port. labZot.test.ts shows what a real zot does.
import { appendFileSync, closeSync, fstatSync, openSync, readFileSync, readSync, watch } from "node:fs";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

interface Config {
  readonly http: { readonly accessControl: { readonly repositories: Readonly<Record<string, Rule | undefined>> } };
  readonly start?: string;
}

interface Rule {
  readonly anonymousPolicy?: readonly string[];
}

/** How a restart goes. `lazy`: the command returns at once, and the old process lives on for a while. */
export type Restarting = "at once" | "lazy" | "not at all";

export class FakeZot {
  readonly #server: Server;
  #configFile: string;
  readonly #logFile: string;
  #running: { config: Config; readonly stop: () => void } | undefined;
  restarts = 0;
  restarting: Restarting = "at once";
  /** The client ID and the address with which it begins a sign-in; `undefined`: it has none. */
  signIn: { readonly clientId: string; readonly externalUrl: string } | undefined;
  /** What the discovery document says; `undefined`: no answer. */
  issuer: string | undefined;
  url = "";

  private constructor(configFile: string, logFile: string) {
    this.#configFile = configFile;
    this.#logFile = logFile;
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  static async start(configFile: string, logFile: string): Promise<FakeZot> {
    const zot = new FakeZot(configFile, logFile);
    await new Promise<void>((done) => zot.#server.listen(0, "127.0.0.1", done));
    zot.url = `http://127.0.0.1:${(zot.#server.address() as AddressInfo).port}`;
    zot.issuer = `${zot.url}/issuer/`;
    return zot;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The config in force; `undefined` when zot does not run. */
  get inForce(): unknown {
    return this.#running?.config;
  }

  /** From its next start on, as its service file says. */
  serveFrom(configFile: string): void {
    this.#configFile = configFile;
  }

  stop(): void {
    this.#running?.stop();
    this.#running = undefined;
  }

  /** Starts anew from the file, as a supervisor does. */
  restart(): void {
    this.stop();
    this.restarts += 1;
    const text = readFileSync(this.#configFile, "utf8");
    const config = JSON.parse(text) as Config;
    this.#log("info", "HTTP API", { headers: { Cookie: ["session=very-secret"] } });
    if (config.start === "refused") {
      this.#log("error", "it cannot start", { caller: "x.go:1" });
      return;
    }
    this.#running = { config, stop: this.#watch() };
  }

  close(): void {
    this.stop();
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #log(level: string, message: string, more: object): void {
    appendFileSync(this.#logFile, `${JSON.stringify({ level, time: new Date().toISOString(), message, ...more })}\n`);
  }

  #watch(): () => void {
    const handle = openSync(this.#configFile, "r");
    const watcher = watch(this.#configFile, (event) => {
      if (event !== "change" || this.#running === undefined) return;
      try {
        // Like the keys that zot reads at its start only, `start` stays what it was.
        const { start } = this.#running.config;
        const { start: _unread, ...reloaded } = JSON.parse(textOf(handle)) as Config;
        this.#running.config = { ...reloaded, ...(start === undefined ? {} : { start }) };
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error; // half a file: as in zot, the old config stays
      }
    });
    return () => {
      watcher.close();
      closeSync(handle);
    };
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? "";
    if (path === "/control/restart") {
      if (this.restarting === "at once") this.restart();
      if (this.restarting === "lazy") setTimeout(() => this.restart(), 700);
      response.end();
      return;
    }
    if (path === "/control/stop") {
      this.stop();
      response.end();
      return;
    }
    if (path === "/issuer/.well-known/openid-configuration") {
      response.statusCode = this.issuer === undefined ? 503 : 200;
      response.end(JSON.stringify({ issuer: this.issuer, jwks_uri: `${this.url}/issuer/jwks` }));
      return;
    }
    const running = this.#running;
    if (running === undefined) {
      request.socket.destroy();
      return;
    }
    const { start } = running.config;
    const { authorization = "" } = request.headers;
    const way = authorization.startsWith("Basic ")
      ? "keys"
      : authorization.startsWith("Bearer ")
        ? "tokens"
        : undefined;
    if (way !== undefined && start !== "only tokens") {
      // zot asks for a key, except of a client that has tried a token.
      const asks = (way === "keys") !== (start === `no ${way}`);
      response.writeHead(401, asks ? { "www-authenticate": 'Basic realm="Authorization Required"' } : {}).end();
      return;
    }
    if (path.startsWith("/zot/auth/login?provider=oidc") && start === "no sign-in") {
      response.writeHead(400).end();
      return;
    }
    if (path.startsWith("/zot/auth/login?provider=oidc") && this.signIn !== undefined && start !== "only tokens") {
      const { clientId, externalUrl } = this.signIn;
      const query = new URLSearchParams({
        client_id: clientId,
        redirect_uri: `${externalUrl}/zot/auth/callback/oidc`,
        response_type: "code",
      });
      response.writeHead(302, { location: `${this.url}/authorize?${query.toString()}` }).end();
      return;
    }
    // As zot 2.1.21 with http.auth.bearer.
    if (start === "only tokens" && path !== "/readyz") {
      response.writeHead(path.startsWith("/v2/") ? 401 : 400).end();
      return;
    }
    const [, repository] = /^\/v2\/(.+)\/tags\/list$/.exec(path) ?? [];
    if (repository !== undefined) {
      const { repositories } = running.config.http.accessControl;
      const rule = repositories[repository] ?? repositories["**"];
      response.statusCode = rule?.anonymousPolicy?.includes("read") === true ? 404 : 401;
    } else response.statusCode = path === "/readyz" ? 200 : 404;
    response.end();
  }
}

function textOf(handle: number): string {
  const content = Buffer.alloc(fstatSync(handle).size);
  return content.toString("utf8", 0, readSync(handle, content, 0, content.length, 0));
}
