// Stands in for zot: its log, one JSON object a line.
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

/** A log that hands finished lines to `write`. `level` leaves out what is less severe. */
export function jsonLog(write: (line: string) => void, level = "debug"): Log {
  const threshold = severity[level.toLowerCase()] ?? 0;
  return (lineLevel, message, fields = {}) => {
    if ((severity[lineLevel] ?? 0) < threshold) return;
    // The fields come last as in zot, where a field named "level" hides the line's own.
    write(JSON.stringify({ time: new Date().toISOString(), level: lineLevel, message, ...fields }));
  };
}

/** Where a server logs: the file `output`, or standard output when it is empty. */
export function lineWriter(output: string): (line: string) => void {
  if (output === "") return (line) => process.stdout.write(`${line}\n`);
  return (line) => appendFileSync(output, `${line}\n`, { mode: 0o600 });
}
