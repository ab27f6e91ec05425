import { stripVTControlCharacters as withoutColours } from "node:util";
import { at, string } from "../../core/json.ts";

/** How much of a log an error shows. */
const LINES = 15;
const CHARACTERS = 2000;

/** A job of a run. */
export interface RunJob {
  readonly id: number;
  readonly name: string;
  readonly status: string;
}

export function toRunJob(job: unknown): RunJob {
  return { id: Number(at(job, "id")), name: string(at(job, "name")), status: string(at(job, "status")) };
}

/**
 * The end of a job's log, for an error. The runner masks secrets, but only as a whole: an API key of zot is masked here in any case, in plain text and in
 * base64, as `Authorization` and `config.json` of docker have it.
 *
 * @param secrets other values that must not be shown
 */
export function endOfLog(log: string, secrets: readonly string[]): string {
  const shown = secrets
    .filter((secret) => secret !== "")
    .reduce((text, secret) => text.replaceAll(secret, "***"), log)
    .replaceAll(/zak_[0-9a-zA-Z]+/g, "***")
    .replaceAll(/[A-Za-z0-9+/_-]{16,}={0,2}/g, (word) => (hidesKey(word) ? "***" : word))
    .split(/\r?\n/)
    // Without the time of the line, and without colours.
    .map((line) => withoutColours(line).replace(/^\d{4}-\d\d-\d\dT[\d:.]+Z /, ""))
    .map((line) => line.replaceAll(/[^\t\x20-\u{10FFFF}]/gu, "").trimEnd())
    .filter((line) => line !== "");
  return shown.slice(-LINES).join("\n").slice(-CHARACTERS);
}

/** Whether it is base64 of something with a key, which may begin anywhere in what was encoded. */
function hidesKey(word: string): boolean {
  return [0, 1, 2, 3].some((from) => Buffer.from(word.slice(from), "base64").toString("latin1").includes("zak_"));
}
