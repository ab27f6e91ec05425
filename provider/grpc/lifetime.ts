import { fstatSync } from "node:fs";

/**
 * Calls `end` once when the engine is gone. The engine holds the other end of a plugin's standard input and never writes to it, so its end
 * means that the engine has died, even by SIGKILL. A plugin started by hand has a terminal or nothing there, and keeps running.
 */
export function onEngineGone(end: () => void): void {
  const input = fstatSync(0);
  if (!input.isFIFO() && !input.isSocket()) return;
  process.stdin.once("end", end).once("error", end).resume();
}

/** The engine's address, the last argument after the engine's flags. Missing if a debugger starts the plugin. */
export function engineAddressFrom(args: readonly string[]): string | undefined {
  const last = args.at(-1);
  return last === undefined || last.startsWith("-") ? undefined : last;
}
