// Shared by the tests of Forgejo's resources: the lab's Forgejo in this process, behind a server that can interrupt a run.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { State } from "../../../../lab/forgejo/state.ts";
import type { ForgejoSeed } from "../../../../lab/forgejo/server.ts";
import type { Context } from "../../../../provider/resource.ts";
import { TOKEN, forgejo } from "../../../lab/forgejo/instance.ts";
import type { Release, TestForgejo } from "../../../lab/forgejo/instance.ts";

/** The fate of a request: processed and answered, or a fault before or after processing. */
export type Fate = (request: { readonly number: number; readonly method: string; readonly path: string }) =>
  | {
      readonly when: "before" | "after";
      readonly then: "cut" | number;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | undefined;

/** A Forgejo with own/app, own/site, the organisation org1, and tokens in environment variables `T_<name>`. */
export class Bench {
  readonly server: TestForgejo;
  readonly url: string;
  /** Requests since it was set to 0. */
  requests = 0;
  fate: Fate = () => undefined;
  /** Requests that are rejected with a response that echoes them. */
  echo: (request: { readonly method: string; readonly path: string }) => boolean = () => false;
  /** What is answered in Forgejo's place, by path. */
  readonly answers = new Map<string, string>();
  /** Called before a request is processed. */
  before: (request: { readonly method: string }) => Promise<void> = async () => Promise.resolve();
  /** The highest number of requests in flight. */
  most = 0;
  #here = 0;
  readonly said: string[] = [];
  #abort = new AbortController();

  constructor(server: TestForgejo, url: string) {
    this.server = server;
    this.url = url;
  }

  static async start(t: TestContext, seed: ForgejoSeed = {}, release?: Release): Promise<Bench> {
    const tokens = {
      T_OWNER: { user: "own", scopes: ["write:repository", "write:organization", "write:user"] },
      T_READ: { user: "own", scopes: ["read:repository", "read:organization"] },
      T_BOB: { user: "bob", scopes: ["all"] },
      T_REPOSITORY: { user: "own", scopes: ["write:repository"] },
    };
    const server = await forgejo(t, {
      secrets: { OTHER: "not ours" },
      runner: null,
      ...(release === undefined ? {} : { release }),
      seed: {
        organisations: [{ name: "org1", owners: ["own"] }],
        tokens: [
          ...Object.entries(tokens).map(([name, token]) => ({ token: tokenOf(name), ...token })),
          ...(seed.tokens ?? []),
        ],
        repositories: [
          { owner: "own", name: "site", private: true, collaborators: { bob: "admin" } },
          ...(seed.repositories ?? []),
        ],
      },
    });
    for (const name of Object.keys(tokens)) process.env[name] = tokenOf(name);
    process.env["T_WRONG"] = "f".repeat(40);
    const between = createServer((req, res) => {
      const chunks: Buffer[] = [];
      req.on("data", (chunk: Buffer) => chunks.push(chunk));
      req.on("end", () => void bench.pass(req, Buffer.concat(chunks), res));
    });
    await new Promise<void>((done) => between.listen(0, "127.0.0.1", done));
    const bench = new Bench(server, `http://127.0.0.1:${(between.address() as AddressInfo).port}`);
    t.after(() => {
      between.close();
      between.closeAllConnections();
    });
    return bench;
  }

  async pass(
    req: {
      readonly method?: string | undefined;
      readonly url?: string | undefined;
      readonly headers: NodeJS.Dict<string | string[]>;
    },
    body: Buffer<ArrayBuffer>,
    res: { writeHead(status: number, headers: Record<string, string>): { end(text: string): void }; destroy(): void },
  ): Promise<void> {
    const { method = "GET", url = "/" } = req;
    const fate = this.fate({ number: (this.requests += 1), method, path: url });
    const end = (status: "cut" | number): void => {
      if (status === "cut") {
        // The provider dies: its next requests never arrive.
        this.#abort.abort(new Error("killed"));
        res.destroy();
      } else res.writeHead(status, { ...fate?.headers }).end("");
    };
    if (fate?.when === "before") {
      end(fate.then);
      return;
    }
    const instead = this.answers.get(url.split("?")[0] ?? "");
    if (instead !== undefined) {
      res.writeHead(200, { "content-type": "application/json" }).end(instead);
      return;
    }
    if (this.echo({ method, path: url })) {
      res.writeHead(400, {}).end(body.toString());
      return;
    }
    await this.before({ method });
    this.most = Math.max(this.most, (this.#here += 1));
    const answer = await fetch(this.server.url + url, {
      method,
      redirect: "manual",
      headers: Object.fromEntries(
        Object.entries(req.headers).filter(([name]) => /^(?:authorization|content-type)$/.test(name)),
      ) as Record<string, string>,
      ...(body.length > 0 ? { body } : {}),
    });
    const text = await answer.text();
    this.#here -= 1;
    if (fate !== undefined) {
      end(fate.then);
      return;
    }
    const location = answer.headers.get("location");
    const total = answer.headers.get("x-total-count");
    res
      .writeHead(answer.status, {
        ...(location === null ? {} : { location }),
        ...(total === null ? {} : { "x-total-count": total }),
      })
      .end(text);
  }

  /** One run's context; its messages are in `said`. */
  context(): Context {
    this.#abort = new AbortController();
    const say = (message: string): number => this.said.push(message);
    return {
      urn: "",
      type: "",
      name: "",
      preview: false,
      signal: this.#abort.signal,
      secretInputs: new Set(),
      declared: () => [],
      progress: () => undefined,
      info: say,
      warn: say,
    };
  }

  connection(token = "T_OWNER") {
    return { forgejoUrl: this.url, forgejoToken: `env:${token}` as const };
  }

  /** Sends requests as an administrator of the repositories, bypassing the faults. */
  async ask(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await this.server.ask(method, `/api/v1${path}`, body, TOKEN);
    assert.ok(answer.status < 400, `${method} ${path}: ${answer.status} ${answer.text}`);
    return answer.text.startsWith("{") ? (JSON.parse(answer.text) as unknown) : undefined;
  }

  /** The secrets and variables of a repository, an organisation or a user, with their values. */
  held(target: string): { readonly secrets: Record<string, string>; readonly variables: Record<string, string> } {
    const state = JSON.parse(readFileSync(join(this.server.data, "forgejo.json"), "utf8")) as State;
    const [owner, name] = target.split("/");
    const ownerOf = state.owners.find(({ login }) => login === owner);
    const holder =
      name === undefined
        ? ownerOf
        : state.repositories.find((candidate) => candidate.ownerId === ownerOf?.id && candidate.name === name);
    assert.ok(holder, `the lab's Forgejo has ${target}`);
    const valuesOf = (entries: readonly { readonly name: string; readonly value: string }[]) =>
      Object.fromEntries(entries.map((entry) => [entry.name, entry.value]));
    return { secrets: valuesOf(holder.secrets), variables: valuesOf(holder.variables) };
  }
}

function tokenOf(name: string): string {
  return Buffer.from(name).toString("hex").padEnd(40, "0");
}
