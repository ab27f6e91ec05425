import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readEvents } from "../../report/sources/events.ts";
import type { RunEvents } from "../../report/sources/events.ts";

/** The options and the environment with which a Pulumi command logs the engine's events. In the log secrets are masked, as on the screen. */
export interface EventLog {
  readonly options: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** Runs a Pulumi command with a log of the engine's events, and reads it. The log is gone afterwards. */
export async function withEventLog<T>(
  run: (log: EventLog) => Promise<T>,
): Promise<readonly [T, RunEvents | undefined]> {
  const folder = mkdtempSync(join(tmpdir(), "zot-auth-events-"));
  const file = join(folder, "events.json");
  try {
    // Without the variable, the CLI does not know the option.
    const ended = await run({ options: ["--event-log", file], env: { PULUMI_DEBUG_COMMANDS: "true" } });
    return [ended, existsSync(file) ? readEvents(readFileSync(file, "utf8")) : undefined];
  } finally {
    rmSync(folder, { recursive: true });
  }
}
