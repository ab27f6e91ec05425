// A small Pulumi project in its own folder, run by the real CLI with the language host and the plugins of toolchain/.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { accessSync, constants, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { ProviderDefinition } from "../../../provider/grpc/index.ts";
import { attachPlugins } from "../../support/attachedPlugins.ts";

const ROOT = join(import.meta.dirname, "../../..");
const TOOLCHAIN = join(ROOT, "toolchain");

/** For the runtime option `nodeargs`: halves a program's start. */
export const PRELOAD = join(ROOT, "stack/sdk/preload.ts");

export interface Run {
  readonly code: number | null;
  /** stdout and stderr, interleaved. */
  readonly output: string;
}

export class Project implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "zot-auth-pulumi-"));
  readonly #env: NodeJS.ProcessEnv;
  readonly #attached: (() => readonly ProviderDefinition[]) | undefined;

  /**
   * @param yaml entries for Pulumi.yaml besides name and main
   * @param attached providers that are in this process, as the language host and the stand-ins are then; default: all are processes, as for a user
   */
  constructor(program: string, yaml: object, attached?: () => readonly ProviderDefinition[]) {
    this.#attached = attached;
    assertPulumi();
    mkdirSync(join(this.folder, "state"));
    symlinkSync(join(ROOT, "node_modules"), join(this.folder, "node_modules"));
    this.write("package.json", JSON.stringify({ type: "module", main: "index.ts" }));
    this.write("Pulumi.yaml", JSON.stringify({ name: "tiny", main: "index.ts", ...yaml }));
    this.write("index.ts", program);
    const plugins = ["command", "kubernetes", "onepassword"].map((name) => join(TOOLCHAIN, "plugins", name));
    this.#env = {
      ...process.env,
      PATH: [join(TOOLCHAIN, "language-host"), ...plugins, process.env["PATH"] ?? ""].join(delimiter),
      PULUMI_HOME: join(this.folder, "home"),
      PULUMI_BACKEND_URL: `file://${join(this.folder, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: "test",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      NODE_COMPILE_CACHE: join(ROOT, "node_modules", ".cache", "zot-auth", "compile"),
    };
    for (const name of ["PULUMI_CONFIG_PASSPHRASE_FILE", "PULUMI_IGNORE_AMBIENT_PLUGINS", "NODE_TEST_CONTEXT"]) {
      Reflect.deleteProperty(this.#env, name);
    }
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text);
  }

  async pulumi(...args: readonly string[]): Promise<Run> {
    const { ended } = await this.start(...args);
    return ended;
  }

  /** Starts the CLI: for tests that do something while it runs. */
  async start(...args: readonly string[]): Promise<{ readonly child: ChildProcess; readonly ended: Promise<Run> }> {
    const stack = ["stack", "config", "up", "preview", "destroy"].includes(args[0] ?? "") ? ["--stack", "dev"] : [];
    const output: Buffer[] = [];
    const keep = (chunk: Buffer): void => void output.push(chunk);
    const plugins = this.#attached && (await attachPlugins(this.#env, keep, this.#attached()));
    const child = spawn("pulumi", [...args, ...stack, "--non-interactive", "--color", "never"], {
      cwd: this.folder,
      env: plugins?.environment ?? this.#env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [child.stdout, child.stderr]) stream.on("data", keep);
    const end = async (): Promise<Run> => {
      try {
        const code = await new Promise<number | null>((resolve, reject) => {
          child.once("error", reject).once("close", resolve);
        });
        return { code, output: Buffer.concat(output).toString() };
      } finally {
        await plugins?.close();
      }
    };
    return { child, ended: end() };
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function assertPulumi(): void {
  const found = (process.env["PATH"] ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, "pulumi"), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (!found) throw new Error("pulumi is not on PATH. Run the tests with `npm test -- toolchain`, which sets it up.");
}
