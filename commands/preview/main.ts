// npm run preview -- <stack>: what `up` would change, as Markdown on standard output. Options after the stack go to `pulumi preview`.
import { PULUMI_EXIT, pulumi } from "../pulumi/pulumi.ts";
import { failureOf, markdownOf } from "./markdown.ts";
import { requestOf } from "../commandLine/request.ts";
import { USAGE, asksForHelp, synopsisOf } from "../commandLine/usage.ts";

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  if (asksForHelp(args)) {
    process.stdout.write(USAGE.preview);
    return 0;
  }
  const request = requestOf(args);
  if (request === undefined) {
    process.stderr.write(synopsisOf("preview"));
    return 2;
  }
  const { stack, options } = request;
  const { code, kept } = await pulumi(["preview", "--json", "--stack", stack, ...options], "stdout");
  process.stdout.write(kept.trim() === "" ? failureOf(stack) : markdownOf(stack, JSON.parse(kept), code === 0));
  if (code === PULUMI_EXIT.stackNotFound) return 2;
  return code === 0 ? 0 : 1;
}
