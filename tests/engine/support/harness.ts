import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parse, stringify } from "yaml";
import { freePorts } from "../../support/freePorts.ts";
import { startInBackground, stopLab } from "../../../lab/homelab/background.ts";
import { readLayout } from "../../../lab/homelab/layout.ts";
import type { Layout } from "../../../lab/homelab/layout.ts";
import { LAB_PASSPHRASE } from "../../../lab/homelab/secrets.ts";
import type { LabSecrets } from "../../../lab/homelab/secrets.ts";
import { attachPlugins } from "../../support/attachedPlugins.ts";
import { keyInVault } from "../../support/vault.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const STACK = "lab";
const PASS_ON = new URL("passOn.js", import.meta.url);

type Config = Record<string, unknown>;

/** `oneKey`: the lab with one CI account, which has a key. `shipped`: as in Pulumi.lab.yaml, with a second one whose jobs push with their tokens. */
export type Base = "oneKey" | "shipped";

export interface PulumiResult {
  readonly code: number;
  /** stdout and stderr, interleaved, as on a terminal. */
  readonly output: string;
  readonly events: readonly EngineEvent[];
}

/** The parts of the engine's events that the tests use. */
export interface EngineEvent {
  readonly sequence: number;
  readonly resourcePreEvent?: { readonly metadata: StepMetadata };
  readonly resOutputsEvent?: { readonly metadata: StepMetadata };
  readonly summaryEvent?: { readonly resourceChanges: Readonly<Record<string, number>> };
}

export interface StepMetadata {
  readonly op: string;
  readonly urn: string;
  readonly type: string;
}

/** The parts of the state that the tests use. */
interface Latest {
  readonly resources?: readonly { readonly type: string; readonly outputs?: Readonly<Record<string, unknown>> }[];
  readonly pending_operations?: readonly { readonly resource: { readonly urn: string } }[];
}

/** A lab for one test file, with its own ports, folder and state, on which the real CLI runs the real program. */
export class EngineLab {
  readonly directory: string;
  readonly layout: Layout;
  readonly settingsFile: string;
  /** Of the CLI. */
  readonly environment: NodeJS.ProcessEnv;
  /** Of the next runs: `processes` are started by the CLI itself, as for a user; `attached` ones are in the test's process, which is faster. */
  plugins: "attached" | "processes";

  private constructor(directory: string, settingsFile: string, plugins: "attached" | "processes") {
    this.directory = directory;
    this.settingsFile = settingsFile;
    this.layout = readLayout(settingsFile, join(directory, "lab"));
    this.plugins = plugins;
    // Keeps Pulumi's records of these stacks out of the user's PULUMI_HOME, but uses the plugins that are installed there.
    const home = process.env["PULUMI_HOME"] ?? join(homedir(), ".pulumi");
    mkdirSync(join(directory, "pulumi"));
    if (existsSync(join(home, "plugins"))) symlinkSync(join(home, "plugins"), join(directory, "pulumi", "plugins"));
    this.environment = {
      ...process.env,
      PULUMI_BACKEND_URL: `file://${join(directory, "state")}?metadata=skip`,
      PULUMI_CONFIG_PASSPHRASE: LAB_PASSPHRASE,
      PULUMI_HOME: join(directory, "pulumi"),
      PULUMI_DEBUG_COMMANDS: "true",
      ZOT_AUTH_REPORTS: join(directory, "reports"),
      // The CLI ends before it needs the memory: otherwise it spends a seventh of its CPU time on collecting garbage.
      GOGC: "400",
    };
    delete this.environment["PULUMI_CONFIG_PASSPHRASE_FILE"];
    // Otherwise the program would report to the test runner.
    delete this.environment["NODE_TEST_CONTEXT"];
  }

  /** As {@link startServers}, and creates the stack. */
  static async start(
    change: (config: Config) => void = () => undefined,
    plugins: "attached" | "processes" = "attached",
    base: Base = "oneKey",
  ): Promise<EngineLab> {
    const lab = await EngineLab.startServers(change, plugins, base);
    try {
      if (plugins === "attached") {
        lab.#writeStack();
        return lab;
      }
      const { code, output } = await lab.pulumi("stack", "init", STACK);
      if (code === 0) return lab;
      throw new Error(output);
    } catch (error) {
      // No `after` of a test knows it.
      await lab.stop();
      throw error;
    }
  }

  /**
   * Starts the servers.
   *
   * @param change may alter the settings first
   * @param plugins of the first runs; see {@link EngineLab.plugins}. A stack whose first runs are as a user's has a passphrase; the others have a key
   *   in a Vault.
   * @param base the settings before the change: see {@link Base}
   */
  static async startServers(
    change: (config: Config) => void = () => undefined,
    plugins: "attached" | "processes" = "attached",
    base: Base = "oneKey",
  ): Promise<EngineLab> {
    const directory = mkdtempSync(join(tmpdir(), "zot-auth-engine-"));
    const settingsFile = join(directory, `Pulumi.${STACK}.yaml`);
    const { encryptionsalt, config } = await relocated(join(directory, "lab"));
    if (base === "oneKey") withOneKey(config);
    change(config);
    const vault = plugins === "attached" ? await keyInVault() : undefined;
    writeFileSync(settingsFile, textOf({ ...(vault?.settings ?? { encryptionsalt }), config }));
    mkdirSync(join(directory, "state"));
    const lab = new EngineLab(directory, settingsFile, plugins);
    Object.assign(lab.environment, vault?.environment);
    try {
      await startInBackground(lab.layout);
      return lab;
    } catch (error) {
      await lab.stop();
      throw error;
    }
  }

  get secrets(): LabSecrets {
    return JSON.parse(readFileSync(join(this.layout.directory, "secrets", "all.json"), "utf8")) as LabSecrets;
  }

  /** Changes the settings file. */
  changeSettings(change: (config: Config) => void): void {
    const document = parse(readFileSync(this.settingsFile, "utf8")) as { config: Config };
    change(document.config);
    writeFileSync(this.settingsFile, textOf(document));
  }

  async up(): Promise<PulumiResult> {
    return this.pulumi("up", "--yes", "--skip-preview", "--non-interactive");
  }

  async pulumi(...args: readonly string[]): Promise<PulumiResult> {
    return (await this.#start(args)).ended;
  }

  /** Runs the command of `npm run <name>`. */
  async command(
    name: "rotate" | "revoke" | "check" | "preview" | "recover" | "adopt",
    args: readonly string[] = [
      STACK,
      "--config-file",
      this.settingsFile,
      ...(name === "check" ? [] : ["--yes", "--skip-preview"]),
      "--non-interactive",
    ],
  ): Promise<Pick<PulumiResult, "code" | "output">> {
    const keyCommand = name === "rotate" || name === "revoke";
    const script = join(ROOT, "commands", keyCommand ? "key" : name, "main.ts");
    return (await this.#spawn(process.execPath, [script, ...(keyCommand ? [name] : []), ...args])).ended;
  }

  /**
   * Runs `up` and kills the CLI with SIGKILL as soon as that resource's step has begun; with `noted`, as soon as the state has it as pending,
   * which is slightly later.
   */
  async upCutOffAt(name: string, noted = false): Promise<PulumiResult> {
    const { child, log, ended } = await this.#start(["up", "--yes", "--skip-preview", "--non-interactive"], true);
    const begun = (): boolean =>
      mentions(log, `::${name}"`) &&
      readEvents(log).some((event) => event.resourcePreEvent?.metadata.urn.endsWith(`::${name}`) === true);
    const pending = (): boolean => this.pending().some((urn) => urn.endsWith(`::${name}`));
    while (child.exitCode === null && !(begun() && (!noted || pending()))) await delay(10);
    child.kill("SIGKILL");
    return ended;
  }

  async #start(
    args: readonly string[],
    isKilled = false,
  ): Promise<{
    readonly child: ChildProcess;
    readonly log: string;
    readonly ended: Promise<PulumiResult>;
  }> {
    const log = join(this.directory, `events-${Date.now()}-${Math.random()}.json`);
    const logs = ["up", "preview", "refresh", "destroy"].includes(args[0] ?? "");
    const more = logs ? ["--config-file", this.settingsFile, "--event-log", log] : [];
    const stack = args.includes(STACK) ? [] : ["--stack", STACK];
    const { child, ended } = await this.#spawn("pulumi", [...args, ...stack, ...more], isKilled);
    return { child, log, ended: ended.then((result) => ({ ...result, events: logs ? readEvents(log) : [] })) };
  }

  async #spawn(
    command: string,
    args: readonly string[],
    isKilled = false,
  ): Promise<{ readonly child: ChildProcess; readonly ended: Promise<Pick<PulumiResult, "code" | "output">> }> {
    const chunks: Buffer[] = [];
    const keep = (chunk: Buffer): void => void chunks.push(chunk);
    const passedOn = join(this.directory, `passed-on-${Math.random()}.json`);
    const added = (): NodeJS.ProcessEnv =>
      existsSync(passedOn) ? (JSON.parse(readFileSync(passedOn, "utf8")) as NodeJS.ProcessEnv) : {};
    const plugins =
      this.plugins === "attached" ? await attachPlugins(this.environment, keep, undefined, added) : undefined;
    // `check --full` has a variable for the program.
    const passOn =
      plugins === undefined || !args.includes("--full")
        ? {}
        : {
            NODE_OPTIONS: `${this.environment["NODE_OPTIONS"] ?? ""} --import=${PASS_ON.href}`,
            ZOT_AUTH_PASSED_ON: passedOn,
          };
    const child = spawn(command, args, {
      cwd: ROOT,
      env: {
        ...(plugins?.environment ?? this.environment),
        ...passOn,
        // A run that comes to its end saves the state once, and not before and after each row.
        ...(plugins === undefined || isKilled ? {} : { PULUMI_SKIP_CHECKPOINTS: "true" }),
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [child.stdout, child.stderr]) stream.on("data", keep);
    const end = async (): Promise<Pick<PulumiResult, "code" | "output">> => {
      try {
        const code = await new Promise<number | null>((done, fail) => child.once("error", fail).once("close", done));
        return { code: code ?? 1, output: Buffer.concat(chunks).toString("utf8") };
      } finally {
        await plugins?.close();
      }
    };
    return { child, ended: end() };
  }

  get #stateFile(): string {
    return join(this.directory, "state", ".pulumi", "stacks", "zot-auth", `${STACK}.json`);
  }

  /** What `pulumi stack init` does. Most of its CPU time it spends on a passphrase for a stack that has its key in a Vault. */
  #writeStack(): void {
    mkdirSync(dirname(this.#stateFile), { recursive: true });
    writeFileSync(join(this.directory, "state", ".pulumi", "meta.yaml"), "version: 1\n");
    const checkpoint = { stack: `organization/zot-auth/${STACK}` };
    writeFileSync(this.#stateFile, JSON.stringify({ version: 3, checkpoint }));
  }

  stateText(): string {
    return readFileSync(this.#stateFile, "utf8");
  }

  #latest(): Latest {
    return (
      (JSON.parse(this.stateText()) as { readonly checkpoint: { readonly latest?: Latest } }).checkpoint.latest ?? {}
    );
  }

  /** URNs of the state's pending operations. */
  pending(): readonly string[] {
    return (this.#latest().pending_operations ?? []).map(({ resource }) => resource.urn);
  }

  /** The stack's outputs, in the state as `pulumi stack output --json` prints them: none is a secret. */
  outputs(): Readonly<Record<string, unknown>> {
    return this.#latest().resources?.find(({ type }) => type === "pulumi:pulumi:Stack")?.outputs ?? {};
  }

  async stop(): Promise<void> {
    await stopLab(this.layout);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Quotes all strings: Pulumi parses a plain `2026-01-01T00:00:00.000Z` as a time and reformats it, which would change the trigger. */
function textOf(settings: object): string {
  return stringify(settings, { defaultStringType: "QUOTE_DOUBLE", defaultKeyType: "PLAIN" });
}

/** The lab's settings with free ports, and with `.lab` replaced by the test's folder. */
async function relocated(directory: string): Promise<{ encryptionsalt: string; config: Config }> {
  let text = readFileSync(join(ROOT, "Pulumi.lab.yaml"), "utf8").replaceAll(/\.lab\//g, `${directory}/`);
  const ports = new Set([...text.matchAll(/\b(2[0-9]{4})\b/g)].map(([, port]) => port ?? ""));
  const free = await freePorts(ports.size);
  for (const [index, port] of [...ports].entries()) text = text.replaceAll(port, String(free[index]));
  return parse(text) as { encryptionsalt: string; config: Config };
}

/** The lab with one CI account, which has a key, and with the release of zot that most recordings are from. */
function withOneKey(config: Config): void {
  config["zot-auth:registry"] = { ...(config["zot-auth:registry"] as object), binary: "lab/bin/zot" };
  config["zot-auth:ci"] = { keyStore: "op://homelab/Forgejo Secrets/zot-ci-api", imagePrefix: "homelab" };
  const repositories = ["homelab/apps", "homelab/site"];
  config["zot-auth:forgejo"] = { ...(config["zot-auth:forgejo"] as object), repositories };
}

/** A cheap check before the events are parsed, since a test polls many times a second. */
function mentions(file: string, text: string): boolean {
  return existsSync(file) && readFileSync(file, "utf8").includes(text);
}

function readEvents(file: string): readonly EngineEvent[] {
  try {
    return readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line.endsWith("}")) // the last line may be incomplete
      .map((line) => JSON.parse(line) as EngineEvent);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return []; // it failed before the engine started
    throw error;
  }
}
