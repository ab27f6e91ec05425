// npm run --silent preview -- <stack>: what `up` would change, as Markdown on standard output. It changes nothing. Options after the stack go to `pulumi preview`.
//
// Exit code 0: the preview succeeded, whether or not there are changes. 1: it failed, and the Markdown says why. 2: wrong usage.
import { PULUMI_EXIT, pulumi } from "./pulumi.ts";
import { failureOf, markdownOf } from "./preview/markdown.ts";
import { requestOf } from "./request.ts";

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const request = requestOf(args);
  if (request === undefined) {
    process.stderr.write("usage: npm run --silent preview -- <stack> [options of pulumi preview, such as --refresh]\n");
    return 2;
  }
  const { stack, options } = request;
  const { code, kept } = await pulumi(["preview", "--json", "--stack", stack, ...options], "stdout");
  process.stdout.write(kept.trim() === "" ? failureOf(stack) : markdownOf(stack, JSON.parse(kept), code === 0));
  if (code === PULUMI_EXIT.stackNotFound) return 2;
  return code === 0 ? 0 : 1;
}
