// For the tests of the lab's Forgejo: a server in a temporary folder, and a client.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout } from "node:timers/promises";
import { startForgejo } from "../../../lab/forgejo/server.ts";
import type {
  ForgejoOptions,
  ForgejoSeed,
  ForgejoServer,
  RunnerOptions,
  Trigger,
} from "../../../lab/forgejo/server.ts";

export const TOKEN = "0123456789abcdef0123456789abcdef01234567";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** A run as the API returns it. */
export interface ShownRun {
  readonly id: number;
  readonly index_in_repo: number;
  readonly title: string;
  readonly status: string;
  readonly started: string;
  readonly stopped: string;
  readonly event: string;
  readonly trigger_event: string;
  readonly event_payload: string;
  readonly commit_sha: string;
  readonly html_url: string;
}

/** The release to emulate, and how long its jobs' tokens live. */
export type Release = Pick<ForgejoOptions, "version" | "idTokenLifetime">;

export class TestForgejo {
  readonly data: string;
  readonly #runner: RunnerOptions | null;
  readonly #seed: ForgejoSeed;
  readonly #release: Release;
  #server: ForgejoServer | null = null;

  constructor(data: string, seed: ForgejoSeed, runner: RunnerOptions | null, release: Release = {}) {
    this.data = data;
    this.#release = release;
    this.#seed = seed;
    this.#runner = runner;
  }

  get url(): string {
    if (this.#server === null) throw new Error("The test's Forgejo is not running.");
    return this.#server.url;
  }

  /** @param release another one than before */
  async start(release: Release = this.#release): Promise<void> {
    this.#server = await startForgejo({
      port: 0,
      data: this.data,
      seed: this.#seed,
      runner: this.#runner,
      ...release,
    });
  }

  /** Starts a workflow by a push or a pull request. Returns the run's global id. */
  trigger(by: Trigger): number {
    if (this.#server === null) throw new Error("The test's Forgejo is not running.");
    return this.#server.trigger(by);
  }

  async stop(): Promise<void> {
    await this.#server?.close();
    this.#server = null;
  }

  async ask(method: string, path: string, body?: unknown, token: string | null = TOKEN): Promise<Answer> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...(token === null ? {} : { Authorization: `token ${token}` }),
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      redirect: "manual",
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  }

  /** Dispatches a workflow of own/app. Returns the run's global id and its number. */
  async dispatch(
    file: string,
    inputs: Readonly<Record<string, string>> = {},
  ): Promise<{ id: number; run_number: number }> {
    const body = { ref: "main", inputs, return_run_info: true };
    const answer = await this.ask("POST", `/api/v1/repos/own/app/actions/workflows/${file}/dispatches`, body);
    if (answer.status !== 201) throw new Error(`The dispatch failed: ${answer.status} ${answer.text}`);
    return JSON.parse(answer.text) as { id: number; run_number: number };
  }

  async run(id: number): Promise<ShownRun> {
    return JSON.parse((await this.ask("GET", `/api/v1/repos/own/app/actions/runs/${id}`)).text) as ShownRun;
  }

  async waitFor(id: number, statuses: readonly string[]): Promise<ShownRun> {
    const deadline = Date.now() + 10_000;
    for (;;) {
      const run = await this.run(id);
      if (statuses.includes(run.status)) return run;
      if (Date.now() > deadline) throw new Error(`Run ${id} is still ${run.status}, not ${statuses.join(" or ")}.`);
      await setTimeout(10);
    }
  }

  ended(id: number): Promise<ShownRun> {
    return this.waitFor(id, ["success", "failure", "cancelled", "skipped"]);
  }

  /** The log of a job without timestamps. */
  async log(number: number, job = 0): Promise<string> {
    const { text } = await this.ask("GET", `/own/app/actions/runs/${number}/jobs/${job}/attempt/1/logs`);
    return text.replace(/^\d{4}-\d\d-\d\dT[\d:.]+Z /gm, "");
  }
}

/** Starts a Forgejo, for the duration of the test, whose repository own/app has these files. */
export async function forgejo(
  t: TestContext,
  options: {
    readonly files?: Readonly<Record<string, string>>;
    readonly secrets?: Readonly<Record<string, string>>;
    readonly seed?: ForgejoSeed;
    readonly runner?: RunnerOptions | null;
    readonly release?: Release;
  },
): Promise<TestForgejo> {
  const data = mkdtempSync(join(tmpdir(), "forgejo-test-"));
  const seed: ForgejoSeed = {
    users: [{ login: "own" }, { login: "bob" }, ...(options.seed?.users ?? [])],
    organisations: options.seed?.organisations ?? [],
    tokens: [{ token: TOKEN, user: "own", scopes: ["write:repository"] }, ...(options.seed?.tokens ?? [])],
    repositories: [
      { owner: "own", name: "app", private: true, files: options.files ?? {}, secrets: options.secrets ?? {} },
      ...(options.seed?.repositories ?? []),
    ],
  };
  const instance = new TestForgejo(data, seed, options.runner === undefined ? {} : options.runner, options.release);
  await instance.start();
  t.after(async () => {
    await instance.stop();
    rmSync(data, { recursive: true, force: true });
  });
  return instance;
}
