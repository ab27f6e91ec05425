// npm run report -- <stack> [--output <folder>]: writes the report of the stack as its state records it. It changes nothing else.
//
// `npm run pulumi -- up` runs it with --events and --code, and the state on standard input, for the report of that run.
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { messageOf } from "../../core/errors.ts";
import { buildReport } from "../../report/build.ts";
import type { Run } from "../../report/build.ts";
import { readEvents } from "../../report/sources/events.ts";
import { writeReport } from "../../report/write.ts";
import { readFileSync } from "node:fs";
import { PULUMI_EXIT, pulumi } from "../pulumi/pulumi.ts";
import { folderFor, standInsIn } from "./reportFolder.ts";
import { USAGE, asksForHelp, synopsisOf } from "../commandLine/usage.ts";

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  if (asksForHelp(args)) {
    process.stdout.write(USAGE.report);
    return 0;
  }
  const options = optionsIn(args);
  if (options === undefined) {
    process.stderr.write(synopsisOf("report"));
    return 2;
  }
  const { stack, events: file, code } = options;
  const folder = options.output ?? folderFor(stack, process.env);
  const exported =
    file === undefined
      ? await pulumi(["stack", "export", "--stack", stack], "stdout")
      : { code: 0, kept: await text(process.stdin) };
  if (exported.code !== 0) {
    process.stderr.write(`✗ ${stack}: no report was written, because its state could not be read, see above.\n`);
    return exported.code === PULUMI_EXIT.stackNotFound ? 2 : 1;
  }
  try {
    const events = file === undefined ? undefined : readEvents(readFileSync(file, "utf8"));
    // Somebody looked at the plan and declined it.
    if (events?.planned === true) return 0;
    const run: Run = {
      stack,
      command: events === undefined ? "report" : "up",
      ended: new Date(),
      succeeded: code === "0",
      says: events !== undefined && events.seconds === undefined ? ["The engine did not come to its end."] : [],
      state: JSON.parse(exported.kept) as unknown,
      events,
      standIns: standInsIn(process.env),
    };
    const { page } = await writeReport(buildReport(run), folder);
    process.stdout.write(`Report: ${page}\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`✗ ${stack}: the report was not written to ${folder}: ${messageOf(error)}\n`);
    return 1;
  }
}

interface Options {
  readonly stack: string;
  readonly output?: string | undefined;
  readonly events?: string | undefined;
  readonly code: string;
}

function optionsIn(args: readonly string[]): Options | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { output: { type: "string" }, events: { type: "string" }, code: { type: "string", default: "0" } },
    });
    const [stack, ...more] = positionals;
    return stack === undefined || stack === "" || more.length > 0 || values.output === ""
      ? undefined
      : { stack, ...values };
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
