import { at, list } from "../../core/json.ts";
import type { Finding, StepState } from "../report.ts";

/** What the engine's events say about a run. */
export interface RunEvents {
  readonly steps: ReadonlyMap<string, StepEvents>;
  readonly findings: readonly Finding[];
  /** How long the engine ran; `undefined` if it was interrupted. */
  readonly seconds: number | undefined;
  /** Whether the engine says that it failed. */
  readonly failed: boolean;
  /** Whether it only planned: a preview, or an `up` that somebody declined. */
  readonly planned: boolean;
}

export interface StepEvents {
  readonly state: StepState;
  readonly seconds?: number;
  readonly difference?: string;
}

/** States of steps that change something, by the engine's operation. In a preview, each is a difference. */
const CHANGED: Readonly<Record<string, StepState>> = {
  create: "created",
  import: "created",
  update: "updated",
  replace: "replaced",
  "create-replacement": "replaced",
  "delete-replaced": "replaced",
  delete: "deleted",
};

/** Reads the file of `pulumi … --event-log`: one JSON object per line. It stops at a truncated line, as a kill leaves one. */
export function readEvents(text: string): RunEvents {
  const steps = new Map<string, StepEvents>();
  const begun = new Map<string, number>();
  const drift = new Map<string, string>();
  const findings: Finding[] = [];
  let seconds: number | undefined;
  let planned = false;
  let hasFailed = false;
  for (const event of eventsIn(text)) {
    const when = Number(at(event, "timestamp"));
    const metadata = at(event, "resourcePreEvent", "metadata");
    const outputs = at(event, "resOutputsEvent", "metadata");
    const failed = at(event, "resOpFailedEvent", "metadata");
    const diagnostic = at(event, "diagnosticEvent");
    const summary = at(event, "summaryEvent");
    if (metadata !== undefined) begun.set(urnOf(metadata), when);
    if (outputs !== undefined) {
      const urn = urnOf(outputs);
      const state = stateOf(outputs, at(event, "resOutputsEvent", "planning") === true);
      const found = at(outputs, "new", "outputs", "drift");
      if (at(outputs, "op") === "refresh" && typeof found === "string" && found !== "") drift.set(urn, found);
      if (state !== undefined)
        steps.set(urn, { state, ...timing(begun.get(urn), when), ...differenceOf(outputs, drift.get(urn), state) });
    }
    if (failed !== undefined) {
      const urn = urnOf(failed);
      steps.set(urn, { state: "failed", ...timing(begun.get(urn), when) });
    }
    if (diagnostic !== undefined) findings.push(...findingOf(diagnostic));
    if (summary !== undefined) {
      seconds = Number(at(summary, "durationSeconds"));
      planned = at(summary, "isPreview") === true;
      hasFailed = at(summary, "result") === "failed";
    }
  }
  return { steps, findings, seconds, failed: hasFailed, planned };
}

/** Two runs in a row as one. */
export function inSequence(first: RunEvents, second: RunEvents | undefined): RunEvents {
  if (second === undefined) return first;
  const both = first.seconds !== undefined && second.seconds !== undefined;
  return {
    steps: new Map([...first.steps, ...second.steps]),
    findings: [...first.findings, ...second.findings],
    seconds: both ? first.seconds + second.seconds : undefined,
    failed: first.failed || second.failed,
    planned: second.planned,
  };
}

function eventsIn(text: string): readonly unknown[] {
  const events: unknown[] = [];
  for (const line of text.split("\n")) {
    if (line === "") continue;
    try {
      events.push(JSON.parse(line));
    } catch (error) {
      if (error instanceof SyntaxError) return events;
      throw error;
    }
  }
  return events;
}

function urnOf(metadata: unknown): string {
  return String(at(metadata, "urn"));
}

/** `undefined` for reads and refreshes, after which the step itself follows. */
function stateOf(metadata: unknown, planning: boolean): StepState | undefined {
  const operation = String(at(metadata, "op"));
  if (operation === "same") return "unchanged";
  const changed = CHANGED[operation];
  return changed !== undefined && planning ? "differs" : changed;
}

function timing(begun: number | undefined, ended: number): { readonly seconds?: number } {
  return begun === undefined ? {} : { seconds: ended - begun };
}

function differenceOf(
  metadata: unknown,
  drift: string | undefined,
  state: StepState,
): { readonly difference?: string } {
  if (state !== "differs") return {};
  const operation = String(at(metadata, "op"));
  const keys = list(at(metadata, "diffs")).map(String);
  const changes = keys.length === 0 || operation !== "update" ? operation : `${operation}: ${keys.join(", ")}`;
  return { difference: drift ?? changes };
}

/** Warnings and errors. Debug output, and progress, which replaces itself on the screen, are none. */
function findingOf(diagnostic: unknown): readonly Finding[] {
  const severity = at(diagnostic, "severity");
  if ((severity !== "warning" && severity !== "error") || at(diagnostic, "ephemeral") === true) return [];
  const urn = at(diagnostic, "urn");
  const text = plain(String(at(diagnostic, "message")));
  const name = typeof urn === "string" ? urn.split("::").at(-1) : undefined;
  return text === "" ? [] : [{ severity, ...(name === undefined ? {} : { step: name }), text }];
}

/** Without the engine's words around the reason of a resource that was made only in part, and without its colours: `<{%fg 1%}>`, and those of a terminal. */
function plain(message: string): string {
  // eslint-disable-next-line no-control-regex
  const text = message.replace(/<\{%.*?%\}>|\u001b\[[0-9;]*m/g, "");
  return text.replace(/^\s*1 error occurred:\s*\* /, "").trim();
}
