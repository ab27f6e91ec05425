// npm run rotate -- <stack>, npm run revoke -- <stack>: one command for a key that has to be replaced today. What follows goes to `pulumi up`.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

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

process.exitCode = main(process.argv.slice(2));

function main([command = "", stack, ...options]: readonly string[]): number {
  const trigger = TRIGGERS[command];
  if (trigger === undefined || stack === undefined || stack.startsWith("-")) {
    const names = Object.keys(TRIGGERS).map((name) => `npm run ${name} -- <stack>`);
    process.stderr.write(`Which stack? ${names.join(", ")}. Options after it go to pulumi up, such as --yes.\n`);
    return 2;
  }
  process.stdout.write(`${trigger.says}\n`);
  const at = options.findIndex((option) => option === "--config-file");
  const file = at < 0 ? [] : options.slice(at, at + 2);
  const value = new Date().toISOString();
  const set = pulumi(["config", "set", "--stack", stack, ...file, "--path", `zot-auth:ci.${trigger.setting}`, value]);
  return set === 0 ? pulumi(["up", "--stack", stack, ...options]) : set;
}

/** The toolchain knows the CLI and its environment. */
function pulumi(args: readonly string[]): number {
  const toolchain = fileURLToPath(new URL("../toolchain/main.js", import.meta.url));
  const { status, error } = spawnSync(process.execPath, [toolchain, "run", "pulumi", ...args], { stdio: "inherit" });
  if (error !== undefined) throw error;
  return status ?? 1;
}
