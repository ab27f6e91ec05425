// Plays the program with the real CLI and with the model's engine.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Engine } from "../../model/engine/engine.ts";
import { PRELOAD, Project } from "../../toolchain/support/project.ts";
import { CALLS, FAILING, GONE, player } from "./player.ts";
import { play } from "./program.ts";
import type { Declared } from "./program.ts";

export interface Command {
  readonly run: "up" | "refresh" | "destroy";
  /** For `up`. */
  readonly program?: readonly Declared[];
  readonly failing?: string;
  readonly gone?: string;
}

/** What a command did, and what the state has after it. */
export interface Outcome {
  readonly succeeded: boolean;
  readonly calls: readonly string[];
  /** In order, without the stack, the provider and the component. */
  readonly state: readonly string[];
}

interface Entry {
  readonly urn: string;
  readonly id: string;
  readonly phase?: "replaced" | "deleted" | undefined;
  readonly dependencies: readonly string[];
}

abstract class Player {
  protected readonly folder = mkdtempSync(join(tmpdir(), "zot-auth-order-"));

  constructor() {
    writeFileSync(join(this.folder, CALLS), "");
  }

  async play(command: Command): Promise<Outcome> {
    const { failing = "", gone = "" } = command;
    writeFileSync(join(this.folder, FAILING), failing);
    writeFileSync(join(this.folder, GONE), gone);
    const before = this.#calls().length;
    const succeeded = await this.run(command);
    return { succeeded, calls: this.#calls().slice(before), state: this.entries().map(describe) };
  }

  #calls(): readonly string[] {
    return readFileSync(join(this.folder, CALLS), "utf8")
      .split("\n")
      .filter((call) => call !== "");
  }

  protected abstract run(command: Command): Promise<boolean>;
  protected abstract entries(): readonly Entry[];

  stop(): void {
    rmSync(this.folder, { recursive: true });
  }
}

export class ModelPlayer extends Player {
  readonly #engine = new Engine([player()]);

  protected override async run({ run, program = [] }: Command): Promise<boolean> {
    const ended = await (run === "up" ? this.#engine.up(() => play(this.folder, program)) : this.#engine[run]());
    return ended.how === "done";
  }

  protected override entries(): readonly Entry[] {
    return this.#engine.state.filter(isThing);
  }
}

const PROGRAM = `
import { readFileSync } from "node:fs";
import { play } from ${JSON.stringify(join(import.meta.dirname, "program.ts"))};
const { folder, program } = JSON.parse(readFileSync(new URL("program.json", import.meta.url), "utf8"));
play(folder, program);
`;

export class RealPlayer extends Player {
  readonly #project = new Project(
    PROGRAM,
    {
      runtime: { name: "nodejs", options: { typescript: false, nodeargs: `--import ${PRELOAD}` } },
    },
    () => [player()],
  );
  /** What the last command printed. */
  printed = "";

  async start(): Promise<void> {
    await this.#pulumi("stack", "init");
  }

  protected override async run({ run, program = [] }: Command): Promise<boolean> {
    this.#project.write("program.json", JSON.stringify({ folder: this.folder, program }));
    // One after the other, so that the order is always the same.
    return this.#pulumi(run, "--yes", "--skip-preview", "--parallel", "1");
  }

  async #pulumi(...args: readonly string[]): Promise<boolean> {
    const { code, output } = await this.#project.pulumi(...args);
    this.printed = output;
    return code === 0;
  }

  protected override entries(): readonly Entry[] {
    const file = join(this.#project.folder, "state", ".pulumi", "stacks", "tiny", "dev.json");
    const { checkpoint } = JSON.parse(readFileSync(file, "utf8")) as {
      readonly checkpoint: {
        readonly latest?: {
          readonly resources?: readonly {
            readonly urn: string;
            readonly id?: string;
            readonly delete?: boolean;
            readonly pendingReplacement?: boolean;
            readonly dependencies?: readonly string[];
          }[];
        };
      };
    };
    return (checkpoint.latest?.resources ?? []).filter(isThing).map((kept) => ({
      urn: kept.urn,
      id: kept.id ?? "",
      phase: kept.delete === true ? "replaced" : kept.pendingReplacement === true ? "deleted" : undefined,
      dependencies: kept.dependencies ?? [],
    }));
  }

  override stop(): void {
    this.#project[Symbol.dispose]();
    super.stop();
  }
}

function isThing({ urn }: { readonly urn: string }): boolean {
  return urn.includes("player:index:Thing");
}

function nameOf(urn: string): string {
  return urn.split("::").at(-1) ?? "";
}

function describe({ urn, id, phase, dependencies }: Entry): string {
  return `${nameOf(urn)} ${id}${phase === undefined ? "" : ` ${phase}`}${dependencies.length === 0 ? "" : ` needs ${dependencies.map(nameOf).toSorted().join()}`}`;
}
