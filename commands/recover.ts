// npm run recover -- <stack>: what a person does after a run that was cut off. What follows goes to `pulumi up`: without --yes it asks.
import { described, holderOf, isUnreadable, locksIn } from "./locks.ts";
import { PULUMI_EXIT, pulumi } from "./pulumi.ts";
import { requestOf } from "./request.ts";
import type { Request } from "./request.ts";

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const request = requestOf(args);
  if (request === undefined) {
    process.stderr.write("Which stack? npm run recover -- <stack>. Options after it go to pulumi up, such as --yes.\n");
    return 2;
  }
  const { stack, options } = request;
  let refreshed = await refresh(request);
  // The CLI asks for the lock before it does anything: who holds it is in its error.
  const locks = refreshed.code === 0 ? [] : locksIn(refreshed.kept);
  const refusal = refreshed.code === 0 ? undefined : refusalOf(refreshed.kept, stack);
  if (refusal !== undefined) {
    process.stderr.write(`✗ ${refusal} Nothing was changed.\n`);
    return 1;
  }
  if (locks.length > 0) {
    announce("cancel", `the run that locked the stack has ended (${locks.map(described).join("; ")}): its lock goes`);
    const { code } = await pulumi(["cancel", "--yes", "--stack", stack]);
    if (code !== 0) return code;
    refreshed = await refresh(request);
  }
  process.stderr.write(refreshed.kept);
  if (refreshed.code === PULUMI_EXIT.stackNotFound) return 2;
  if (refreshed.code !== 0) {
    process.stderr.write(`✗ ${stack} could not be refreshed, see above. When that is put right, run this again.\n`);
    return refreshed.code;
  }
  announce("up", "goes on from what was found");
  return (await pulumi(["up", "--stack", stack, ...options])).code;
}

/**
 * Without a terminal: on one the CLI asks about each creation that is pending, whatever the options say. Every resource of ours finds what an
 * earlier run has made, so there is nothing to ask.
 */
async function refresh({ stack, configFile }: Request): ReturnType<typeof pulumi> {
  announce("refresh", "looks at the servers, and clears the operations that are pending");
  const asked = ["--yes", "--skip-preview", "--non-interactive", "--clear-pending-creates"];
  return pulumi(["refresh", ...asked, "--diff", "--stack", stack, ...configFile], "stderr");
}

/** Why the lock has to stay, where it has to. */
function refusalOf(error: string, stack: string): string | undefined {
  if (isUnreadable(error))
    return `The lock of ${stack} cannot be read, so nobody can see whose it is. ${whenSure(stack)}`;
  for (const lock of locksIn(error)) {
    const holder = holderOf(lock);
    const who = `${stack} is locked by ${described(lock)}`;
    if (holder === "runs") return `${who}, which still runs on this machine. Wait for its end, then run this again.`;
    if (holder === "elsewhere") return `${who}: from here nobody can see whether it still runs. ${whenSure(stack)}`;
  }
  return undefined;
}

function whenSure(stack: string): string {
  return `When you are sure that no run goes on, \`npm run pulumi -- cancel --stack ${stack}\` removes the lock; then run this again.`;
}

function announce(phase: string, what: string): void {
  process.stdout.write(`▸ ${phase}: ${what}\n`);
}
