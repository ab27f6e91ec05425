// npm run recover -- <stack>: resumes after an interrupted run. Options after the stack go to `pulumi up`; without --yes it asks first.
import { described, holderOf, isUnreadable, locksIn } from "./locks.ts";
import { PULUMI_EXIT, pulumi } from "./pulumi.ts";
import { requestOf } from "./request.ts";
import type { Request } from "./request.ts";
import { USAGE, asksForHelp, synopsisOf } from "./usage.ts";

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  if (asksForHelp(args)) {
    process.stdout.write(USAGE.recover);
    return 0;
  }
  const request = requestOf(args);
  if (request === undefined) {
    process.stderr.write(synopsisOf("recover"));
    return 2;
  }
  const { stack, options } = request;
  let refreshed = await refresh(request);
  // The CLI takes the lock before anything else, and its error names the holder.
  const locks = refreshed.code === 0 ? [] : locksIn(refreshed.kept);
  const refusal = refreshed.code === 0 ? undefined : refusalOf(refreshed.kept, stack);
  if (refusal !== undefined) {
    process.stderr.write(`✗ ${refusal} Nothing was changed.\n`);
    return 1;
  }
  if (locks.length > 0) {
    announce("cancel", `the run that holds the lock has ended (${locks.map(described).join("; ")}); removing its lock`);
    const { code } = await pulumi(["cancel", "--yes", "--stack", stack]);
    if (code !== 0) return code;
    refreshed = await refresh(request);
  }
  process.stderr.write(refreshed.kept);
  if (refreshed.code === PULUMI_EXIT.stackNotFound) return 2;
  if (refreshed.code !== 0) {
    process.stderr.write(`✗ ${stack} could not be refreshed, see above. Correct that, then run this command again.\n`);
    return refreshed.code;
  }
  announce("up", "resumes from what the servers show");
  return (await pulumi(["up", "--stack", stack, ...options])).code;
}

/**
 * Non-interactive: on a terminal the CLI asks about each pending create, whatever the options say. There is nothing to ask, since every
 * resource of ours finds what an earlier run created.
 */
async function refresh({ stack, configFile }: Request): ReturnType<typeof pulumi> {
  announce("refresh", "reads the servers and clears pending operations");
  const asked = ["--yes", "--skip-preview", "--non-interactive", "--clear-pending-creates"];
  return pulumi(["refresh", ...asked, "--diff", "--stack", stack, ...configFile], "stderr");
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
