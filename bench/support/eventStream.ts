import { execFileSync } from "node:child_process";
import { createReadStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { at } from "../../core/json.ts";

/** When a step of the engine began and ended, in milliseconds since 1970. */
export interface StepTimes {
  readonly begun: number;
  readonly ended: number;
}

/** The engine's events of a run as they come: those in its log are exact to a second only. */
export class EventStream {
  readonly #folder = mkdtempSync(join(tmpdir(), "zot-auth-bench-events-"));
  readonly #begun = new Map<string, number>();
  readonly #steps = new Map<string, StepTimes>();
  readonly #read: Promise<void>;

  constructor() {
    execFileSync("mkfifo", [this.pipe]);
    this.#read = this.#follow();
  }

  /** For `--event-log`. */
  get pipe(): string {
    return join(this.#folder, "events");
  }

  /** The steps by URN, once the run has ended. */
  async steps(): Promise<ReadonlyMap<string, StepTimes>> {
    await this.#read;
    rmSync(this.#folder, { recursive: true });
    return this.#steps;
  }

  async #follow(): Promise<void> {
    for await (const text of createInterface(createReadStream(this.pipe))) {
      const now = Date.now();
      const event: unknown = JSON.parse(text);
      const begun = at(event, "resourcePreEvent", "metadata", "urn");
      const ended = at(event, "resOutputsEvent", "metadata", "urn");
      if (typeof begun === "string" && !this.#begun.has(begun)) this.#begun.set(begun, now);
      if (typeof ended !== "string") continue;
      const start = this.#begun.get(ended);
      // A component's outputs come again at its end.
      if (start !== undefined && !this.#steps.has(ended)) this.#steps.set(ended, { begun: start, ended: now });
    }
  }
}
