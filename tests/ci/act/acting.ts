// Runs a workflow with act, from which Forgejo's runner descends: like that one with a label for the host, it gives each step a terminal, and stops reading it when the
// step fails.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Why tests are skipped that need these programs; false if they are all there. */
export function without(...programs: readonly string[]): string | false {
  const missing = programs.find((program) => spawnSync(program, ["--version"]).status !== 0);
  return missing === undefined ? false : `no ${missing}`;
}

export interface Ran {
  readonly succeeded: boolean;
  /** What the steps printed; what act said if there were none. */
  readonly log: string;
}

export interface ActOptions {
  readonly event: "workflow_dispatch" | "push" | "pull_request";
  /** The event's content, besides the inputs. */
  readonly payload?: object;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly variables?: Readonly<Record<string, string>>;
  readonly inputs?: Readonly<Record<string, string>>;
}

/** A repository with one commit on `main`, and programs that are played. */
export class ActRepository {
  readonly #folder: string;
  readonly #files: Readonly<Record<string, string>>;

  constructor(folder: string, files: Readonly<Record<string, string>>, programs: Readonly<Record<string, string>>) {
    this.#folder = folder;
    this.#files = files;
    const write = (path: string, content: string): void => {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
    };
    for (const [name, script] of Object.entries(programs)) {
      write(join(folder, "bin", name), script);
      chmodSync(join(folder, "bin", name), 0o755);
    }
    for (const [path, content] of Object.entries(files)) write(join(folder, "repository", path), content);
    for (const args of [
      ["init", "--quiet", "--initial-branch=main"],
      ["add", "--all"],
      ["-c", "user.name=me", "-c", "user.email=me@example.test", "commit", "--quiet", "--message=first"],
      // Without it, `github.repository` is empty.
      ["remote", "add", "origin", "https://github.com/own/app.git"],
    ])
      this.git(...args);
  }

  git(...args: readonly string[]): void {
    const { status, stderr } = spawnSync("git", args, { cwd: join(this.#folder, "repository"), encoding: "utf8" });
    assert.equal(status, 0, stderr);
  }

  async run(workflow: string, options: ActOptions): Promise<Ran> {
    const { event, payload = {}, secrets = {}, variables = {}, inputs = {} } = options;
    const path = `.forgejo/workflows/${workflow}`;
    const label = /runs-on: ([\w-]+)$/m.exec(this.#files[path] ?? "")?.[1] ?? "";
    const file = (name: string, content: string): string => {
      writeFileSync(join(this.#folder, name), content, { mode: 0o600 });
      return join(this.#folder, name);
    };
    const lines = (values: Readonly<Record<string, string>>): string =>
      Object.entries(values)
        .map(([name, value]) => `${name}="${value}"\n`)
        .join("");
    const child = spawn(
      "act",
      [
        ...[event, "--workflows", path, "--platform", `${label}=-self-hosted`, "--no-cache-server", "--json"],
        ...["--eventpath", file("event", JSON.stringify({ ...payload, inputs }))],
        ...["--secret-file", file("secrets", lines(secrets)), "--var-file", file("variables", lines(variables))],
      ],
      {
        cwd: join(this.#folder, "repository"),
        env: { PATH: `${join(this.#folder, "bin")}:${process.env["PATH"] ?? ""}`, HOME: this.#folder },
        stdio: ["ignore", "pipe", "pipe"],
        // Rather than for ever.
        timeout: 120_000,
      },
    );
    const chunks: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    const code = await new Promise<number | null>((done) => child.once("close", done));
    const printed = Buffer.concat(chunks).toString();
    for (const [name, secret] of Object.entries(secrets))
      assert.ok(secret === "" || !printed.includes(secret), `act masks ${name}, and nothing else prints it`);
    const log = printed
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as { readonly raw_output?: boolean; readonly msg: string })
      .filter(({ raw_output: raw }) => raw === true)
      .map(({ msg }) => msg.replaceAll("\r\n", "\n"))
      .join("");
    return { succeeded: code === 0, log: log === "" ? printed : log };
  }
}
