import { chmodSync, renameSync, writeFileSync } from "node:fs";
import { Gauge, Registry } from "prom-client";
import type { RunEvents } from "../../report/sources/events.ts";
import { keysIn, unmanagedKeysIn } from "../../report/sources/keys.ts";
import { accessProofsIn } from "../../report/sources/proofs.ts";
import { passed as isPassed } from "../../report/report.ts";

/** What a check found, as far as it came. */
export interface CheckFound {
  readonly stack: string;
  /** When the check ended. */
  readonly ended: Date;
  /** Whether everything is as declared. */
  readonly success: boolean;
  /** The outputs of the stack. */
  readonly outputs: unknown;
  /** What `pulumi stack export` prints. */
  readonly state: unknown;
  /** How many operations an earlier run left unfinished. */
  readonly unfinished: number;
  /** What the engine's preview found; `undefined` if the check did not come to it. */
  readonly events: RunEvents | undefined;
}

/** The metrics of a check, in the text format of Prometheus (docs/reference/metrics.md). What is unknown is left out: an alert on its absence fires. */
export async function metricsOf(found: CheckFound): Promise<string> {
  const { stack, ended, outputs, state } = found;
  const registry = new Registry();
  const gauge = (name: string, help: string, value: number | undefined, labels: Record<string, string> = {}): void => {
    if (value === undefined) return;
    const all = { stack, ...labels };
    const labelNames = Object.keys(all);
    const metric = registry.getSingleMetric(name) ?? new Gauge({ name, help, labelNames, registers: [registry] });
    (metric as Gauge).set(all, value);
  };
  const keys = keysIn(outputs, state);
  const { passed, failed, checked } = accessIn(state);

  gauge("zot_auth_check_success", "Whether the last check found everything as declared.", found.success ? 1 : 0);
  gauge("zot_auth_check_timestamp_seconds", "When the last check ended.", ended.getTime() / 1000);
  gauge("zot_auth_unfinished_operations", "Operations that an earlier run left unfinished.", found.unfinished);
  // Of a preview that did not come to its end, the number would be too small.
  const { events } = found;
  const steps = events?.seconds === undefined || events.failed ? undefined : [...events.steps.values()];
  const drift = steps?.filter(({ state }) => state === "differs").length;
  gauge("zot_auth_differing_resources", "Resources that are not as declared.", drift);
  for (const [name, output, help] of [
    ["created", "keyCreated", "When the account's key was created."],
    ["rotation", "keyRotates", "When the account's key is due for rotation."],
    ["expiry", "keyExpires", "When the account's key expires."],
  ] as const)
    for (const key of keys)
      gauge(`zot_auth_key_${name}_timestamp_seconds`, help, secondsOf(key[output]), { account: String(key["ciUser"]) });
  for (const { account, labels } of unmanagedKeysIn(state))
    gauge(
      "zot_auth_unmanaged_keys",
      "API keys of the account that this stack does not manage, as of the last update.",
      labels.length,
      { account: account === "" ? String(keys[0]["ciUser"]) : account },
    );
  const checks = "Checks of the access matrix by result, as of the last update that ran them.";
  gauge("zot_auth_access_checks", checks, passed, { result: "passed" });
  gauge("zot_auth_access_checks", checks, failed, { result: "failed" });
  gauge("zot_auth_access_checks_timestamp_seconds", "When the checks of the access matrix ran.", secondsOf(checked));
  return registry.metrics();
}

/** Replaces the file at once: node_exporter may read it at any moment, as another user. */
export function writeTextfile(file: string, text: string): void {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text);
  chmodSync(draft, 0o644);
  renameSync(draft, file);
}

function secondsOf(date: unknown): number | undefined {
  const milliseconds = typeof date === "string" ? Date.parse(date) : Number.NaN;
  return Number.isNaN(milliseconds) ? undefined : milliseconds / 1000;
}

/**
 * From the proofs themselves: after an `up` that failed in one, the stack's outputs are still those of the one before. Of several accounts, it is the sum,
 * as of the proof that ran first.
 */
function accessIn(state: unknown): {
  readonly passed?: number;
  readonly failed?: number;
  readonly checked?: unknown;
} {
  const proofs = accessProofsIn(state).filter(({ rows }) => rows.length > 0);
  if (proofs.length === 0) return {};
  const rows = proofs.flatMap((proof) => proof.rows);
  const passed = rows.filter(isPassed).length;
  const [checked] = proofs.flatMap((proof) => proof.checked ?? []).sort();
  return { passed, failed: rows.length - passed, checked };
}
