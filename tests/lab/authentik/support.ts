// For the tests of the lab's Authentik: a server, and a browser with its own cookies.
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { CookieJar } from "tough-cookie";
import type { AuthentikOptions, AuthentikSeed } from "../../../lab/authentik/server.ts";
import { defaultSeed, startAuthentik, withSeed } from "../../../lab/authentik/server.ts";
import type { RunningServer } from "../../../lab/shared/listen.ts";

/** The blueprint that a real Authentik 2026.2.0 applied. */
export const measured = readFileSync(new URL("../../data/authentik/blueprint.measured.yaml", import.meta.url), "utf8");
export const callback = "http://127.0.0.1:5600/zot/auth/callback/oidc";
export const clientSecret = "a client secret of 32 characters";
export const adminKey = "admin-token";

/** Users, a group `admins`, an administrator's token and a token with the permissions that the program requires. */
export const people: AuthentikSeed = withSeed(defaultSeed(), {
  groups: [{ name: "admins" }],
  users: [
    { username: "alice", email: "alice@example.test", password: "alice-password", groups: ["admins"] },
    { username: "other-ci", type: "service_account" },
    { username: "robot", type: "service_account" },
    { username: "nobody", type: "service_account" },
  ],
  tokens: [
    { identifier: "admin", user: "akadmin", intent: "api", key: adminKey },
    { identifier: "other-ci-password", user: "other-ci", intent: "app_password", key: "other-app-password" },
    { identifier: "nobody", user: "nobody", intent: "api", key: "nobody-token" },
    {
      identifier: "robot",
      user: "robot",
      intent: "api",
      key: "robot-token",
      permissions: [
        "authentik_blueprints.view_blueprintinstance",
        "authentik_blueprints.add_blueprintinstance",
        "authentik_core.view_user",
        "authentik_core.view_token",
        "authentik_core.view_token_key",
      ],
    },
  ],
});

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; reading it throws if it is not JSON. */
  readonly json: Record<string, unknown>;
}

/** An Authentik, with helpers for blueprints. */
export class Lab {
  readonly options: AuthentikOptions;
  server: RunningServer;

  constructor(options: AuthentikOptions, server: RunningServer) {
    this.options = options;
    this.server = server;
  }

  write(name: string, blueprint: string): void {
    writeFileSync(join(this.options.blueprintsDirectory, name), blueprint);
  }

  remove(name: string): void {
    rmSync(join(this.options.blueprintsDirectory, name));
  }

  async restart(): Promise<void> {
    await this.server.close();
    this.server = await startAuthentik({ ...this.options, port: Number(new URL(this.server.url).port) });
    // Keep-alive connections from before the restart fail once.
    await until(() =>
      fetch(`${this.server.url}/-/health/live/`).then(
        () => true,
        () => false,
      ),
    );
  }

  /** Sends a request to the API with a token. */
  async api(method: string, path: string, body?: unknown, key: string | null = adminKey): Promise<Answer> {
    return answerOf(
      await fetch(`${this.server.url}/api/v3${path}`, {
        method,
        headers: {
          "content-type": "application/json",
          ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    );
  }

  /** The only result of a list. */
  async one(path: string): Promise<Record<string, unknown>> {
    const { json } = await this.api("GET", path);
    const results = json["results"] as Record<string, unknown>[];
    const [only] = results;
    if (only === undefined || results.length > 1) throw new Error(`${path} has ${results.length} results`);
    return only;
  }

  instance(name: string): Promise<Record<string, unknown>> {
    return this.one(`/managed/blueprints/?path=custom%2F${name}`);
  }

  /** Writes a blueprint and waits until it is applied. */
  async apply(name: string, blueprint: string): Promise<void> {
    this.write(name, blueprint);
    await until(async () => {
      const { json } = await this.api("GET", `/managed/blueprints/?path=custom%2F${name}`);
      const [found] = json["results"] as Record<string, unknown>[];
      return found?.["status"] === "successful" && found["last_applied_hash"] === sha512(blueprint);
    });
  }

  async appPassword(identifier = "zot-ci-app-password"): Promise<string> {
    return String((await this.api("GET", `/core/tokens/${identifier}/view_key/`)).json["key"]);
  }
}

/** Starts an Authentik that stops after the test. */
export async function startLab(t: TestContext, options: Partial<AuthentikOptions> = {}): Promise<Lab> {
  const folder = mkdtempSync(join(tmpdir(), "lab-authentik-"));
  const blueprintsDirectory = join(folder, "blueprints");
  mkdirSync(blueprintsDirectory);
  const all: AuthentikOptions = {
    data: join(folder, "data"),
    blueprintsDirectory,
    environment: { AUTHENTIK_ZOT_CLIENT_SECRET: clientSecret },
    seed: people,
    workerDelayMs: 10,
    ...options,
  };
  const lab = new Lab(all, await startAuthentik(all));
  t.after(async () => {
    await lab.server.close();
    rmSync(folder, { recursive: true });
  });
  return lab;
}

export interface Step {
  readonly component: string;
  readonly [field: string]: unknown;
}

/** A browser, or a program with a cookie jar. Does not follow redirects. */
export class Browser {
  readonly jar = new CookieJar();
  readonly #lab: Lab;

  constructor(lab: Lab) {
    this.#lab = lab;
  }

  async request(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const url = new URL(path, this.#lab.server.url).href;
    const response = await fetch(url, {
      method,
      redirect: "manual",
      headers: { cookie: await this.jar.getCookieString(url), "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    for (const cookie of response.headers.getSetCookie()) await this.jar.setCookie(cookie, url);
    return answerOf(response);
  }

  async cookieNames(): Promise<readonly string[]> {
    return (await this.jar.getCookies(this.#lab.server.url)).map((cookie) => cookie.key).sort();
  }

  /** One step of a flow: gets the challenge or responds to it. Follows redirects to the next stage. */
  async flow(slug: string, answer?: Readonly<Record<string, unknown>>, query = ""): Promise<Step> {
    const path = `/api/v3/flows/executor/${slug}/?${new URLSearchParams({ query }).toString()}`;
    let reply = await this.request(answer === undefined ? "GET" : "POST", path, answer);
    while (reply.status === 302) reply = await this.request("GET", reply.headers.get("location") ?? "");
    return reply.json as unknown as Step;
  }

  /** Signs in with the machines' flow. Returns the last step. */
  async machineLogin(username: string, password: string): Promise<Step> {
    await this.flow("machine-login");
    return this.flow("machine-login", { component: "ak-stage-identification", uid_field: username, password });
  }

  /** Sends a name and a password to the people's flow. Returns the last step. */
  async login(username: string, password: string): Promise<Step> {
    const slug = "default-authentication-flow";
    await this.flow(slug);
    await this.flow(slug, { component: "ak-stage-identification", uid_field: username });
    return this.flow(slug, { component: "ak-stage-password", password });
  }

  /** The signed-in user, according to Authentik. */
  async me(): Promise<string | undefined> {
    const { status, json } = await this.request("GET", "/api/v3/core/users/me/");
    return status === 200 ? String((json["user"] as Record<string, unknown>)["username"]) : undefined;
  }
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    get json(): Record<string, unknown> {
      return JSON.parse(text) as Record<string, unknown>;
    },
  };
}

/** Waits for a condition. Throws after a timeout. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error("timed out waiting for the condition");
    await sleep(5);
  }
}

export const sha512 = (text: string): string => createHash("sha512").update(text).digest("hex");
