// npm run check -- <stack>: for a timer or a monitor. It changes nothing, not even the state. Options after the stack go to `pulumi preview`.
//
// Exit code 0: everything is as declared. 1: it is not, or could not be checked. 2: wrong usage.
import { judgeKeyDates } from "../systems/zot/keys/rotation.ts";
import { PULUMI_EXIT, pulumi } from "./pulumi.ts";
import { requestOf, settingsFileOf } from "./request.ts";
import { unfinishedIn } from "./unfinished.ts";
import { zotIsDown } from "./zotAnswers.ts";

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const request = requestOf(args);
  if (request === undefined) {
    process.stderr.write("usage: npm run check -- <stack> [options of pulumi preview]\n");
    return 2;
  }
  const { stack, options, configFile } = request;
  const remedy = (up: string): string => `\`${["npm run pulumi --", up, "--stack", stack, ...configFile].join(" ")}\``;
  const fails = (why: string): 1 => {
    process.stderr.write(`✗ ${stack}: ${why}\n`);
    return 1;
  };

  const { code, kept } = await pulumi(["stack", "output", "--json", "--stack", stack], "stdout");
  if (code === PULUMI_EXIT.stackNotFound) return 2;
  if (code !== 0) return fails("could not read its outputs, see above.");
  const state = await pulumi(["stack", "export", "--stack", stack], "stdout");
  if (state.code !== 0) return fails("could not read its state, see above.");
  const unfinished = unfinishedIn(JSON.parse(state.kept) as unknown);
  if (unfinished.length > 0) {
    const recover = `\`${["npm run recover --", stack, ...configFile].join(" ")}\``;
    return fails(`an earlier run did not finish: ${unfinished.join(", ")}. ${recover} resumes it.`);
  }
  const outputs = JSON.parse(kept) as Readonly<Record<string, unknown>>;
  const key = judgeKeyDates(outputs, new Date());
  if (key.verdict === "unknown") return fails(`${key.says}. Run ${remedy("up")}.`);
  const line = `The key of ${String(outputs["ciUser"])} ${key.says}.`;
  if (key.verdict === "good") process.stdout.write(`${line}\n`);
  else process.stderr.write(`✗ ${line} ${remedy("up")} replaces it.\n`);

  const down = await zotIsDown(String(outputs["registryUrl"]), settingsFileOf(request));
  if (down !== undefined) return fails(down);

  // A preview takes no lock and writes no state, even with --refresh. With --diff it describes the drift.
  const preview = ["preview", "--refresh", "--expect-no-changes", "--diff", "--stack", stack, ...options];
  const look = await pulumi(preview);
  const repair = remedy("up --refresh");
  if (look.code === PULUMI_EXIT.changes)
    return fails(`not everything is as declared, see above. ${repair} repairs it.`);
  if (look.code !== 0) return fails("could not be checked, see above.");
  if (key.verdict !== "good") return fails(`the key is overdue, see above. ${repair} replaces it.`);
  process.stdout.write(`✓ ${stack}: everything is as declared.\n`);
  return 0;
}
