// Stands in for Forgejo's Actions runner: a job's log, with masked secrets.
import { appendFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Instance, Job } from "../state.ts";

export function logFile(instance: Instance, job: Job): string {
  return join(instance.logs, `${job.id}.log`);
}

/** Writes lines with a timestamp. Like the real runner, masks only exact, complete values. */
export class JobLog {
  readonly #file: string;
  readonly #masks: Set<string>;

  constructor(file: string, secrets: Iterable<string>) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    this.#file = file;
    this.#masks = new Set(secrets);
  }

  mask(value: string): void {
    if (value !== "") this.#masks.add(value);
  }

  write(text: string): void {
    const at = stamp(new Date());
    this.writeStamped(text.split("\n").map((line) => ({ at, line })));
  }

  /** Writes several lines together, since a multi-line secret is masked only as a whole. */
  writeStamped(lines: readonly { readonly at: string; readonly line: string }[]): void {
    if (lines.length === 0) return;
    const masked = maskAll(lines.map(({ line }) => line).join("\n"), this.#masks).split("\n");
    const rows = masked.map((line, index) => `${lines[index]?.at ?? ""} ${line}\n`);
    appendFileSync(this.#file, rows.join(""), { mode: 0o600 });
  }
}

/** A time in the runner's format, with seven decimals. */
export function stamp(time: Date): string {
  return time.toISOString().replace("Z", "0000Z");
}

/** Masks the longest secret first, in case it contains another. Keeps the number of lines. */
function maskAll(text: string, masks: ReadonlySet<string>): string {
  return [...masks]
    .sort((left, right) => right.length - left.length)
    .reduce(
      (masked, value) =>
        masked.replaceAll(
          value,
          value
            .split("\n")
            .map(() => "***")
            .join("\n"),
        ),
      text,
    );
}
