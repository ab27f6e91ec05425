// Stands in for zot: its log, one JSON object per line.
import { appendFileSync } from "node:fs";

export type LogLevel = "debug" | "info" | "warn" | "error";

/** Writes one line of zot's log. */
export type Log = (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>) => void;

const severity: Record<string, number> = {
  trace: 0,
  debug: 0,
  info: 1,
  warn: 2,
  warning: 2,
  error: 3,
  fatal: 3,
  panic: 3,
};

/** A log that passes lines to `write` and drops those less severe than `level`. */
export function jsonLog(write: (line: string) => void, level = "debug"): Log {
  const threshold = severity[level.toLowerCase()] ?? 0;
  return (lineLevel, message, fields = {}) => {
    if ((severity[lineLevel] ?? 0) < threshold) return;
    // As in zot, the fields come last, so a field named "level" hides the line's own.
    write(JSON.stringify({ time: new Date().toISOString(), level: lineLevel, message, ...fields }));
  };
}

/** Writes log lines to the file `output`, or to standard output if it is empty. */
export function lineWriter(output: string): (line: string) => void {
  if (output === "") return (line) => process.stdout.write(`${line}\n`);
  return (line) => appendFileSync(output, `${line}\n`, { mode: 0o600 });
}
