// npm run check -- <stack>: for a timer or a monitor. It changes nothing, not even the state, and writes a report; usage.ts has its options. Others go to
// `pulumi preview`.
//
// Exit code 0: everything is as declared. 1: it is not, or could not be checked. 2: wrong usage.
import { messageOf } from "../../core/errors.ts";
import type { CheckFound } from "./metrics.ts";
import { differenceIn } from "./difference.ts";
import { ownOptionsIn } from "./options.ts";
import type { OwnOptions } from "./options.ts";
import { hasProvedSince, proveAgain } from "./proveAgain.ts";
import { serversDown } from "./serversDown.ts";
import { inSequence } from "../../report/sources/events.ts";
import { keysIn } from "../../report/sources/keys.ts";
import { stackOutputsIn } from "../../report/sources/state.ts";
import { withEventLog } from "../pulumi/eventLog.ts";
import { judgeKeys } from "../key/keyDates.ts";
import { PULUMI_EXIT, pulumi } from "../pulumi/pulumi.ts";
import { folderFor, standInsIn } from "../report/reportFolder.ts";
import { requestOf, settingsFileOf } from "../commandLine/request.ts";
import type { Request } from "../commandLine/request.ts";
import { unfinishedIn } from "./unfinished.ts";
import { USAGE, asksForHelp, synopsisOf } from "../commandLine/usage.ts";

process.exitCode = await main(process.argv.slice(2));

/** What the check has found so far, for the metrics and the report. */
type Read = Pick<CheckFound, "outputs" | "state" | "unfinished" | "events"> & {
  readonly says: readonly string[];
  readonly key?: string;
};

async function main(args: readonly string[]): Promise<number> {
  if (asksForHelp(args)) {
    process.stdout.write(USAGE.check);
    return 0;
  }
  const own = ownOptionsIn(args);
  const request = typeof own === "string" ? undefined : requestOf(own.rest);
  if (typeof own === "string" || request === undefined) {
    process.stderr.write(`${typeof own === "string" ? `${own}.\n` : ""}${synopsisOf("check")}`);
    return 2;
  }
  const ended = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => ended.abort());
  if (own.listen === undefined) return (await checkOnce(request, own, ended.signal)).code;
  const { listen } = await import("./listen.ts");
  try {
    await listen({
      ...own.listen,
      every: own.every,
      check: async () => (await checkOnce(request, own, ended.signal)).metrics(),
      signal: ended.signal,
      onListening: (url) => process.stdout.write(`Serving metrics at ${url}\n`),
    });
    return 0;
  } catch (error) {
    process.stderr.write(`✗ ${request.stack}: cannot serve metrics (--listen): ${messageOf(error)}\n`);
    return 1;
  }
}

interface Checked {
  readonly code: number;
  readonly metrics: () => Promise<string>;
}

async function checkOnce(
  request: Request,
  { textfile, full, notify }: OwnOptions,
  signal: AbortSignal,
): Promise<Checked> {
  const { stack } = request;
  let read: Read = { outputs: undefined, state: undefined, unfinished: 0, events: undefined, says: [] };
  const onRead = ({ says = [], ...more }: Partial<Read>): void => {
    read = { ...read, ...more, says: [...read.says, ...says] };
  };
  const code = await check(request, { full, signal, onRead });
  const found = { ...read, stack, ended: new Date(), success: code === 0 };
  // Loaded only here: most checks need no metrics.
  const metrics = async (): Promise<string> => (await import("./metrics.ts")).metricsOf(found);
  if (code === 2) return { code, metrics };
  // What it found then is about the signal, and not about the stack.
  if (signal.aborted) {
    process.stderr.write(`✗ ${stack}: the check was interrupted: no report, no metrics and no notification of it.\n`);
    return { code: 1, metrics };
  }
  await report(stack, code === 0, read);
  if (notify !== undefined) {
    const [notifications, { memoryFor }] = await Promise.all([
      import("../notify/notify.ts"),
      import("../notify/memory.ts"),
    ]);
    const options = { memory: memoryFor(stack, process.env), settingsFile: settingsFileOf(request), signal };
    await notifications.notify(notify, { ...read, stack, command: "check", success: code === 0 }, options);
  }
  if (textfile === undefined) return { code, metrics };
  const { writeTextfile } = await import("./metrics.ts");
  try {
    writeTextfile(textfile, await metrics());
  } catch (error) {
    process.stderr.write(`✗ ${stack}: the metrics were not written (--textfile ${textfile}): ${messageOf(error)}\n`);
    return { code: 1, metrics };
  }
  return { code, metrics };
}

/** Nobody asked for the report: if it cannot be written, as in a folder that is read-only, the check has still succeeded. */
async function report(stack: string, succeeded: boolean, { says, state, events }: Read): Promise<void> {
  if (state === undefined || process.env["ZOT_AUTH_REPORTS"] === "") return;
  const folder = folderFor(stack, process.env);
  try {
    const [{ buildReport }, { writeReport }] = await Promise.all([
      import("../../report/build.ts"),
      import("../../report/write.ts"),
    ]);
    const standIns = standInsIn(process.env);
    const { page } = await writeReport(
      buildReport({ stack, command: "check", ended: new Date(), succeeded, says, state, events, standIns }),
      folder,
    );
    process.stdout.write(`Report: ${page}\n`);
  } catch (error) {
    process.stderr.write(`The report was not written to ${folder}: ${messageOf(error)}\n`);
  }
}

interface HowToCheck {
  readonly full: boolean;
  /** After it, no further step begins. */
  readonly signal: AbortSignal;
  readonly onRead: (read: Partial<Read>) => void;
}

async function check(request: Request, { full, signal, onRead }: HowToCheck): Promise<number> {
  const { stack, options, configFile } = request;
  const stopped = (): boolean => signal.aborted;
  const remedy = (up: string): string => `\`${["npm run pulumi --", up, "--stack", stack, ...configFile].join(" ")}\``;
  const fails = (why: string): 1 => {
    process.stderr.write(`✗ ${stack}: ${why}\n`);
    onRead({ says: [sentence(why.replace(", see above", ""))] });
    return 1;
  };

  const found = await readStack(stack);
  if (found === undefined) return 2;
  if (typeof found === "string") return fails(found);
  const { outputs, state: exported } = found;
  const unfinished = unfinishedIn(exported);
  onRead({ outputs, state: exported, unfinished: unfinished.length });
  if (unfinished.length > 0) {
    const recover = `\`${["npm run recover --", stack, ...configFile].join(" ")}\``;
    return fails(`an earlier run did not finish: ${unfinished.join(", ")}. ${recover} resumes it.`);
  }
  const { keys, overdue, verdict } = judgeKeys(keysIn(outputs, exported), new Date());
  const isOnly = keys.length === 1;
  const unknown = keys.find((key) => key.verdict === "unknown");
  if (unknown !== undefined)
    return fails(`${isOnly ? "" : `${unknown.account}: `}${unknown.says}. Run ${remedy("up")}.`);
  // Of several, those that are good are left out where the report has them anyway.
  onRead({ says: (isOnly ? keys : overdue).map(({ sentence: line }) => line), key: verdict });
  for (const key of keys) {
    if (key.verdict === "good") process.stdout.write(`${key.sentence}\n`);
    else process.stderr.write(`✗ ${key.sentence} ${remedy("up")} replaces it.\n`);
  }

  const { needed, former } = await serversDown(exported, String(outputs["registryUrl"]), settingsFileOf(request));
  if (needed.length > 0) return fails(needed.join(" "));
  for (const why of former) process.stderr.write(`${why} So the servers are not compared with the state.\n`);
  onRead({ says: former });
  if (stopped()) return 1;

  // A preview takes no lock and writes no state, even with --refresh. With --diff it describes the drift. A refresh fails at a server that is gone.
  const refresh = former.length === 0 ? ["--refresh"] : [];
  const preview = ["preview", ...refresh, "--expect-no-changes", "--diff", "--stack", stack, ...options];
  const [look, events] = await withEventLog(async (log) => pulumi([...preview, ...log.options], undefined, log.env));
  onRead({ events });
  const repair = remedy(["up", ...refresh].join(" "));
  const difference = look.code === PULUMI_EXIT.changes ? differenceIn(events, { state: exported, repair }) : undefined;
  if (difference !== undefined && !(full && difference.isUnproved)) return fails(difference.says);
  if (look.code !== 0 && difference === undefined) return fails("could not be checked, see above.");
  if (overdue.length > 0) {
    const of = isOnly ? "" : ` of ${overdue.map(({ account }) => account).join(", ")}`;
    return fails(
      overdue.length === 1
        ? `the key${of} is overdue, see above. ${repair} replaces it.`
        : `the keys${of} are overdue, see above. ${repair} replaces them.`,
    );
  }
  if (difference === undefined) process.stdout.write(`✓ ${stack}: everything is as declared.\n`);
  else process.stdout.write(`▸ ${difference.says}\n`);
  if (!full) return 0;
  if (stopped()) return 1;
  const asked = new Date().toISOString();
  const [ended, proving] = await withEventLog(async (log) =>
    proveAgain(stack, exported, [...configFile, ...log.options], asked, log.env),
  );
  if (events !== undefined) onRead({ events: inSequence(events, proving) });
  // Also what a proof measured that failed.
  const proved = await readStack(stack);
  if (typeof proved === "object") onRead(proved);
  if (ended !== 0) return fails("a proof failed, see above. Nothing was changed, so nothing was rolled back.");
  if (typeof proved !== "object" || !hasProvedSince(asked, proved.state))
    return fails("the proofs did not run. Run `up`, then this again.");
  process.stdout.write(`✓ ${stack}: every proof passed.\n`);
  return 0;
}

interface Stack {
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly state: unknown;
}

/** `undefined` if there is no such stack; why it cannot be read. */
async function readStack(stack: string): Promise<Stack | string | undefined> {
  const { code, kept } = await pulumi(["stack", "export", "--stack", stack], "stdout");
  if (code === PULUMI_EXIT.stackNotFound) return undefined;
  if (code !== 0) return "could not read its state, see above.";
  const state = JSON.parse(kept) as unknown;
  return { outputs: stackOutputsIn(state), state };
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
