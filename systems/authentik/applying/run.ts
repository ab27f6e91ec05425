import { setTimeout as delay } from "node:timers/promises";
import { ZotAuthError } from "../../../core/errors.ts";
import type { Authentik } from "../client.ts";
import type { BlueprintInstance } from "./blueprintInstance.ts";
import { waitFor } from "../../../core/time/wait.ts";
import type { Context } from "../../../provider/resource.ts";

/** What a run must leave behind. */
export interface WantedRun {
  /** SHA-512 (hex) of the text. */
  readonly hash: string;
  /** Seconds. */
  readonly timeout: number;
}

/** Failed runs after which the blueprint counts as rejected. */
const ATTEMPTS = 5;

/**
 * Applies a blueprint, and waits for a later run that records the hash: the hash alone may be from an earlier run, after which a person
 * deleted what the blueprint created, or changed a variable that it reads. A failed run may be an older one, or have raced the blueprint
 * that creates what ours refers to: so it is retried a few times, with growing pauses, before it counts as rejected.
 *
 * @param why finds the reason for a rejection
 * @throws ZotAuthError `BLUEPRINT_DISABLED`, `BLUEPRINT_NOT_APPLIED`, and what `why` gives (default `BLUEPRINT_REJECTED`)
 */
export async function runBlueprint(
  authentik: Authentik,
  before: BlueprintInstance,
  { hash, timeout }: WantedRun,
  context: Context,
  why: () => Promise<ZotAuthError> = async () => Promise.resolve(rejected(before, "Read the worker's log.")),
): Promise<void> {
  const { pk } = before;
  // Authentik accepts a request to apply a disabled blueprint, but does nothing.
  if (!before.enabled) throw disabled(before);
  await authentik.apply(pk);
  const end = Date.now() + timeout * 1000;
  let seenRun = before.lastApplied;
  let runs = 0;
  let failures = 0;
  await waitFor(
    async () => {
      const instance = await authentik.blueprintByPk(pk);
      if (instance.lastApplied === seenRun) return undefined;
      if (instance.lastAppliedHash === hash && instance.status === "successful") return instance;
      if (instance.status !== "error") {
        seenRun = instance.lastApplied;
        runs++;
        return undefined;
      }
      const pause = 250 * 2 ** ++failures;
      if (failures === ATTEMPTS || Date.now() + pause >= end) throw await why();
      await delay(pause, undefined, { signal: context.signal });
      await authentik.apply(pk);
      // Not before: in an outage the next look applies it again.
      seenRun = instance.lastApplied;
      runs++;
      return undefined;
    },
    {
      code: "BLUEPRINT_NOT_APPLIED",
      what: `Authentik to apply the blueprint ${titleOf(before)}`,
      timeoutSeconds: timeout,
      signal: context.signal,
      remedy: () =>
        runs === 0
          ? "No run of it has finished since: Authentik's worker is not running, or is busy. Check that it runs, or raise authentik.applyTimeout."
          : "It ran, but with different content, or the file is no longer readable. Check whether something else writes the file, and read the worker's log.",
    },
  );
}

/** How a person finds the blueprint in Authentik. */
export function titleOf({ path, name }: Pick<BlueprintInstance, "path" | "name">): string {
  return path === "" ? `"${name}"` : path;
}

export function rejected(instance: Pick<BlueprintInstance, "path" | "name">, reason: string): ZotAuthError {
  return new ZotAuthError(
    "BLUEPRINT_REJECTED",
    `Authentik cannot apply the blueprint ${titleOf(instance)}; existing objects are unchanged. ${reason}`,
  );
}

function disabled(instance: BlueprintInstance): ZotAuthError {
  return new ZotAuthError(
    "BLUEPRINT_DISABLED",
    `The blueprint ${titleOf(instance)} is disabled in Authentik, so it is never applied. Enable it there (Customization, Blueprints), and run again.`,
  );
}
