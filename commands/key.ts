// npm run rotate -- <stack>, npm run revoke -- <stack>: replaces the key now. Options after the stack go to `pulumi up`.
import { pulumi } from "./pulumi.ts";
import { requestOf } from "./request.ts";

/** Each command writes the time into a setting; the change makes the next `up` act, and the stack's file records when. */
const TRIGGERS: Readonly<Record<string, { readonly setting: string; readonly says: string }>> = {
  rotate: {
    setting: "rotationTrigger",
    says: "Replacing the key. The current one stays valid for ci.gracePeriod.",
  },
  revoke: {
    setting: "revocationTrigger",
    says: "Revoking every key of the account now. CI cannot push until this run has distributed the new key.",
  },
};

process.exitCode = await main(process.argv.slice(2));

async function main([command = "", ...args]: readonly string[]): Promise<number> {
  const trigger = TRIGGERS[command];
  const request = requestOf(args);
  if (trigger === undefined || request === undefined) {
    const names = Object.keys(TRIGGERS).map(
      (name) => `npm run ${name} -- <stack> [options of pulumi up, such as --yes]`,
    );
    process.stderr.write(`usage: ${names.join("\n       ")}\n`);
    return 2;
  }
  const { stack, options, configFile } = request;
  process.stdout.write(`${trigger.says}\n`);
  const setting = ["--path", `zot-auth:ci.${trigger.setting}`, new Date().toISOString()];
  const { code } = await pulumi(["config", "set", "--stack", stack, ...configFile, ...setting]);
  return code === 0 ? (await pulumi(["up", "--stack", stack, ...options])).code : code;
}
