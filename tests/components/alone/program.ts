// A separate Pulumi program in its own folder, which uses this package as docs/reference/components.md describes.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { TestContext } from "node:test";
import { attachPlugins } from "../../support/attachedPlugins.ts";
import { keyInVault } from "../../support/vault.ts";
import type { KeyInVault } from "../../support/vault.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const STACK = "dev";

export interface Ended {
  readonly code: number;
  /** Standard output and error together. */
  readonly output: string;
}

/** A resource in the stack's state. */
export interface StateResource {
  readonly urn: string;
  readonly type: string;
}

/** The only code block of a language below a heading of docs/reference/components.md. Without a heading: the first one of the page. */
export function fromThePage(language: string, heading?: string): string {
  const page = readFileSync(join(ROOT, "docs/reference/components.md"), "utf8");
  const section = heading === undefined ? page : (page.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "");
  const block = new RegExp(`\n\`\`\`${language}\n(.*?)\`\`\``, "s").exec(section)?.[1];
  if (block === undefined)
    throw new TypeError(`docs/reference/components.md has no ${language} below ${heading ?? "its title"}`);
  return block;
}

export class Program {
  readonly folder: string;
  /** Of the next runs: `processes` are started by the CLI itself, as for a user; `attached` ones are in the test's process, which is faster. */
  plugins: "attached" | "processes" = "attached";
  readonly #environment: NodeJS.ProcessEnv;
  readonly #settings: readonly string[];

  private constructor(folder: string, settings: Readonly<Record<string, string>>, key: KeyInVault) {
    this.folder = folder;
    this.#settings = Object.entries(settings).flatMap(([key, value]) => ["--config", `${key}=${value}`]);
    // Pulumi's records of this stack stay out of the user's home; the installed plugins are the user's.
    const home = process.env["PULUMI_HOME"] ?? join(homedir(), ".pulumi");
    mkdirSync(join(folder, "pulumi"));
    if (existsSync(join(home, "plugins"))) symlinkSync(join(home, "plugins"), join(folder, "pulumi", "plugins"));
    this.#environment = {
      ...process.env,
      PULUMI_BACKEND_URL: `file://${join(folder, "state")}?metadata=skip`,
      PULUMI_CONFIG_PASSPHRASE: "passphrase of the test",
      PULUMI_HOME: join(folder, "pulumi"),
      ...key.environment,
      // As in the engine tests.
      GOGC: "400",
    };
    delete this.#environment["PULUMI_CONFIG_PASSPHRASE_FILE"];
    // The test runner's own: a program that finds it would report to it.
    delete this.#environment["NODE_TEST_CONTEXT"];
  }

  /** Writes the program and makes its stack; gone after the test. */
  static async of(
    t: TestContext,
    options: {
      /** The heading of docs/reference/components.md whose program it is. */
      readonly heading: string;
      readonly files?: Readonly<Record<string, string>>;
      readonly settings: Readonly<Record<string, string>>;
      /** Also of this process, where the attached provider reads its secrets. */
      readonly environment?: Readonly<Record<string, string>>;
    },
  ): Promise<Program> {
    const folder = mkdtempSync(join(tmpdir(), "zot-auth-alone-"));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    for (const name of ["state", "node_modules"]) mkdirSync(join(folder, name));
    // As `npm install ../zot-auth` does.
    symlinkSync(ROOT, join(folder, "node_modules/zot-auth"));
    symlinkSync(join(ROOT, "node_modules/@pulumi"), join(folder, "node_modules/@pulumi"));
    const files = {
      "package.json": JSON.stringify({ name: "my-program", type: "module", main: "index.ts" }),
      "Pulumi.yaml": fromThePage("yaml"),
      "index.ts": fromThePage("ts", options.heading),
      ...options.files,
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    for (const [name, value] of Object.entries(options.environment ?? {})) {
      process.env[name] = value;
      t.after(() => void Reflect.deleteProperty(process.env, name));
    }
    const key = await keyInVault();
    writeFileSync(join(folder, `Pulumi.${STACK}.yaml`), JSON.stringify(key.settings));
    const program = new Program(folder, options.settings, key);
    const { code, output } = await program.pulumi("stack", "init", STACK);
    if (code !== 0) throw new Error(output);
    return program;
  }

  change(file: string, change: (text: string) => string): void {
    const path = join(this.folder, file);
    writeFileSync(path, change(readFileSync(path, "utf8")));
  }

  async up(): Promise<Ended> {
    return this.pulumi("up", "--yes", "--skip-preview", "--non-interactive", "--stack", STACK, ...this.#settings);
  }

  async preview(): Promise<Ended> {
    return this.pulumi("preview", "--non-interactive", "--stack", STACK, ...this.#settings);
  }

  async destroy(): Promise<Ended> {
    return this.pulumi("destroy", "--yes", "--skip-preview", "--non-interactive", "--stack", STACK);
  }

  async pulumi(...args: readonly string[]): Promise<Ended> {
    const chunks: Buffer[] = [];
    const keep = (chunk: Buffer): void => void chunks.push(chunk);
    const plugins = this.plugins === "attached" ? await attachPlugins(this.#environment, keep) : undefined;
    const child = spawn("pulumi", [...args], {
      cwd: this.folder,
      env: plugins?.environment ?? this.#environment,
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [child.stdout, child.stderr]) stream.on("data", keep);
    try {
      const code = await new Promise<number | null>((done, fail) => {
        child.once("error", fail).once("close", done);
      });
      return { code: code ?? 1, output: Buffer.concat(chunks).toString("utf8") };
    } finally {
      await plugins?.close();
    }
  }

  /** The stack's state on disk. */
  stateText(): string {
    return readFileSync(join(this.folder, "state/.pulumi/stacks/my-program", `${STACK}.json`), "utf8");
  }

  /** Everything in the state but the stack and providers, by name. */
  resources(): Readonly<Record<string, string>> {
    const { checkpoint } = JSON.parse(this.stateText()) as {
      checkpoint: { latest: { resources?: readonly StateResource[] } };
    };
    return Object.fromEntries(
      (checkpoint.latest.resources ?? [])
        .filter(({ type }) => !type.startsWith("pulumi:"))
        .map(({ urn, type }) => [urn.slice(urn.lastIndexOf("::") + 2), type]),
    );
  }
}
