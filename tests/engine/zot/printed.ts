import type { PulumiResult } from "../support/harness.ts";

/** What the runs of the sign-in tests printed. */
export let printed = "";

/** Waits for a run, records what it prints, and puts its output on one line. */
export async function run(command: Promise<PulumiResult>): Promise<PulumiResult> {
  const result = await command;
  printed += result.output + JSON.stringify(result.events);
  // Pulumi indents each line of a message.
  return { ...result, output: result.output.replaceAll(/\s+/g, " ") };
}
