// npm run recover -- <stack>: resumes after an interrupted run. Options after the stack go to `pulumi up`; without --yes it asks first.
// With --notify it notifies a webhook of a failure, for a timer or a workflow.
import type { RunEvents } from "../../report/sources/events.ts";
import { keysIn } from "../../report/sources/keys.ts";
import { withEventLog } from "../pulumi/eventLog.ts";
import { judgeKeys } from "../key/keyDates.ts";
import { described, holderOf, isUnreadable, locksIn } from "./locks.ts";
import type { Webhook } from "../notify/notify.ts";
import { webhookIn } from "../notify/options.ts";
import { PULUMI_EXIT, pulumi } from "../pulumi/pulumi.ts";
import { requestOf, settingsFileOf } from "../commandLine/request.ts";
import type { Request } from "../commandLine/request.ts";
import { USAGE, asksForHelp, synopsisOf } from "../commandLine/usage.ts";

process.exitCode = await main(process.argv.slice(2));

/** How a run ended. */
interface Ended {
  readonly code: number;
  /** Why it failed, in sentences; absent if it did not, or if there is nothing to tell. */
  readonly says?: readonly string[];
  readonly events?: RunEvents | undefined;
}

interface Refreshed extends Ended {
  /** What it printed on standard error. */
  readonly kept: string;
}

async function main(args: readonly string[]): Promise<number> {
  if (asksForHelp(args)) {
    process.stdout.write(USAGE.recover);
    return 0;
  }
  const notified = webhookIn(args, process.env);
  const request = typeof notified === "string" ? undefined : requestOf(notified.rest);
  if (typeof notified === "string" || request === undefined) {
    process.stderr.write(`${typeof notified === "string" ? `${notified}.\n` : ""}${synopsisOf("recover")}`);
    return 2;
  }
  const interrupted = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => interrupted.abort());
  const { signal } = interrupted;
  const ended = await recover(request, signal);
  if (notified.webhook !== undefined && !signal.aborted && !isDeliberate(ended))
    await tell(notified.webhook, request, ended, signal);
  return ended.code;
}

/** A stack that does not exist is wrong usage, and a plan that was declined no failure. */
function isDeliberate({ code, says, events }: Ended): boolean {
  return code !== 0 && (says === undefined || (events?.planned === true && !events.failed));
}

async function recover(request: Request, signal: AbortSignal): Promise<Ended> {
  const { stack, options } = request;
  const stopped = (): boolean => signal.aborted;
  let refreshed = await refresh(request);
  // The CLI takes the lock before anything else, and its error names the holder.
  const locks = refreshed.code === 0 ? [] : locksIn(refreshed.kept);
  const refusal = refreshed.code === 0 ? undefined : refusalOf(refreshed.kept, stack);
  if (refusal !== undefined) {
    process.stderr.write(`✗ ${refusal} Nothing was changed.\n`);
    return { code: 1, says: [refusal] };
  }
  if (locks.length > 0 && !stopped()) {
    announce("cancel", `the run that holds the lock has ended (${locks.map(described).join("; ")}); removing its lock`);
    const { code } = await pulumi(["cancel", "--yes", "--stack", stack]);
    if (code !== 0) return { code, says: ["The lock of a run that has ended could not be removed."] };
    if (!stopped()) refreshed = await refresh(request);
  }
  process.stderr.write(refreshed.kept);
  if (refreshed.code === PULUMI_EXIT.stackNotFound) return { code: 2 };
  if (refreshed.code !== 0) {
    process.stderr.write(`✗ ${stack} could not be refreshed, see above. Correct that, then run this command again.\n`);
    return { ...refreshed, says: ["The servers could not be read, so nothing was changed."] };
  }
  if (stopped()) {
    process.stderr.write(`✗ ${stack}: interrupted before the update.\n`);
    return { code: 1 };
  }
  announce("up", "resumes from what the servers show");
  const [{ code }, events] = await withEventLog(async (log) =>
    pulumi(["up", "--stack", stack, ...options, ...log.options], undefined, log.env),
  );
  return code === 0 ? { code } : { code, events, says: ["The update failed."] };
}

/** Notifies of a run that failed, and of keys that the stack does not manage. */
async function tell(webhook: Webhook, request: Request, ended: Ended, signal: AbortSignal): Promise<void> {
  const { stack } = request;
  const { code, kept } = await pulumi(["stack", "export", "--stack", stack], "stdout");
  const state = code === 0 ? (JSON.parse(kept) as unknown) : undefined;
  const success = ended.code === 0;
  const { overdue, verdict } = judgeKeys(success ? [] : keysIn(undefined, state), new Date());
  const [{ notify }, { memoryFor }] = await Promise.all([import("../notify/notify.ts"), import("../notify/memory.ts")]);
  await notify(
    webhook,
    {
      stack,
      command: "update",
      success,
      says: [...overdue.map(({ sentence }) => sentence), ...(ended.says ?? [])],
      state,
      events: ended.events,
      key: verdict,
    },
    { memory: memoryFor(stack, process.env), settingsFile: settingsFileOf(request), signal },
  );
}

/**
 * Non-interactive: on a terminal the CLI asks about each pending create, whatever the options say. There is nothing to ask, since every
 * resource of ours finds what an earlier run created.
 */
async function refresh({ stack, configFile }: Request): Promise<Refreshed> {
  announce("refresh", "reads the servers and clears pending operations");
  const asked = ["--yes", "--skip-preview", "--non-interactive", "--clear-pending-creates"];
  const [ended, events] = await withEventLog(async (log) =>
    pulumi(["refresh", ...asked, "--diff", "--stack", stack, ...configFile, ...log.options], "stderr", log.env),
  );
  return { ...ended, events };
}

/** Why the lock must stay; `undefined` if it can be removed. */
function refusalOf(error: string, stack: string): string | undefined {
  if (isUnreadable(error)) return `the lock of ${stack} is unreadable, so its owner is unknown. ${whenSure(stack)}`;
  for (const lock of locksIn(error)) {
    const holder = holderOf(lock);
    const who = `${stack} is locked by ${described(lock)}`;
    if (holder === "runs")
      return `${who}, which is still running on this machine. Wait until it ends, then run this command again.`;
    if (holder === "elsewhere") return `${who}, on another machine, where it may still be running. ${whenSure(stack)}`;
  }
  return undefined;
}

function whenSure(stack: string): string {
  return `If you are sure that no run is active, remove the lock with \`npm run pulumi -- cancel --stack ${stack}\`, then run this command again.`;
}

function announce(phase: string, what: string): void {
  process.stdout.write(`▸ ${phase}: ${what}\n`);
}
