// npm run rotate -- <stack>, npm run revoke -- <stack>: one command for a key that has to be replaced today. What follows goes to `pulumi up`.
import { pulumi } from "./pulumi.ts";
import { requestOf } from "./request.ts";

/** Each sets a setting to another text, which makes the next `up` do it: so the stack's file says when it was asked for. */
const TRIGGERS: Readonly<Record<string, { readonly setting: string; readonly says: string }>> = {
  rotate: {
    setting: "rotationTrigger",
    says: "The key is replaced; the present one goes on working for ci.gracePeriod.",
  },
  revoke: {
    setting: "revocationTrigger",
    says: "Every key of the account is revoked at once. CI cannot push until it has the new one, which is handed out in the same run.",
  },
};

process.exitCode = await main(process.argv.slice(2));

async function main([command = "", ...args]: readonly string[]): Promise<number> {
  const trigger = TRIGGERS[command];
  const request = requestOf(args);
  if (trigger === undefined || request === undefined) {
    const names = Object.keys(TRIGGERS).map((name) => `npm run ${name} -- <stack>`);
    process.stderr.write(`Which stack? ${names.join(", ")}. Options after it go to pulumi up, such as --yes.\n`);
    return 2;
  }
  const { stack, options, configFile } = request;
  process.stdout.write(`${trigger.says}\n`);
  const setting = ["--path", `zot-auth:ci.${trigger.setting}`, new Date().toISOString()];
  const { code } = await pulumi(["config", "set", "--stack", stack, ...configFile, ...setting]);
  return code === 0 ? (await pulumi(["up", "--stack", stack, ...options])).code : code;
}
