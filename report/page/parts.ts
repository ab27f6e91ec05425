import { h } from "hastscript";
import type { Element } from "hast";
import { isOfRun, passed } from "../report.ts";
import type { Report } from "../report.ts";

/** A date that people read and programs parse. */
export function time(date: string): Element {
  return h("time", { datetime: date }, shortTime(date));
}

/** `2026-11-29 07:41 UTC`. */
export function shortTime(date: string): string {
  return `${date.slice(0, 10)} ${date.slice(11, 16)} UTC`;
}

/** The outcome in a few words. */
export function headline({ command, succeeded, says }: Report): string {
  if (command === "report") return "This is what the last run recorded.";
  if (command === "check") return succeeded ? "Everything is as declared." : "Something needs you.";
  if (!succeeded) return "The update failed.";
  return says.length === 0 ? "The update succeeded." : "The update succeeded, with a remark.";
}

/** What one wants to know at a glance. */
export function countsOf({ access, proofs, steps, findings }: Report): readonly {
  readonly label: string;
  readonly value: string;
  readonly good: boolean;
}[] {
  const measured = access.rows.filter((row) => isOfRun(row, access));
  const rows = measured.filter(passed).length;
  const tried = proofs.filter(({ result }) => result !== "skipped");
  const proved = tried.filter(({ result }) => result === "passed").length;
  const changed = steps.filter(({ state }) => ["created", "updated", "replaced", "deleted"].includes(state)).length;
  const differs = steps.filter(({ state }) => state === "differs").length;
  const failed = steps.filter(({ state }) => state === "failed").length;
  const count = (label: string, value: number, good: boolean) => ({ label, value: String(value), good });
  return [
    ...(measured.length === 0
      ? []
      : [{ label: "access checks", value: `${rows} of ${measured.length}`, good: rows === measured.length }]),
    ...(tried.length === 0
      ? []
      : [{ label: "other proofs", value: `${proved} of ${tried.length}`, good: proved === tried.length }]),
    count("resources", steps.length, true),
    ...(changed === 0 ? [] : [count("changed", changed, true)]),
    ...(differs === 0 ? [] : [count("not as declared", differs, false)]),
    ...(failed === 0 ? [] : [count("failed", failed, false)]),
    ...(findings.length === 0 ? [] : [count("findings", findings.length, false)]),
  ];
}
