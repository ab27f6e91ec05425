// npm run rotate -- <stack>, npm run revoke -- <stack>: replaces the key now. Options after the stack go to `pulumi up`.
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parse } from "yaml";
import { at, isObject } from "../../core/json.ts";
import { agrees, agreesInAdvance, canAsk } from "../commandLine/consent.ts";
import { pulumi } from "../pulumi/pulumi.ts";
import { requestOf, settingsFileOf, takeOption } from "../commandLine/request.ts";
import type { Request } from "../commandLine/request.ts";
import { USAGE, asksForHelp, synopsisOf } from "../commandLine/usage.ts";

/** Each command writes the time into a setting; the change makes the next `up` act, and the stack's file records when. */
const TRIGGERS: Readonly<
  Record<
    "rotate" | "revoke",
    { readonly setting: string; readonly says: string; readonly asks: string; readonly again: string }
  >
> = {
  rotate: {
    setting: "rotationTrigger",
    says: "Replacing the key. The current one stays valid for ci.gracePeriod.",
    asks: "Replace the key now?",
    again: "replaces the key once more",
  },
  revoke: {
    setting: "revocationTrigger",
    says: "Revoking every key of the account now. CI cannot push until this run has distributed the new key.",
    asks: "Revoke every key of the account now?",
    again: "revokes every key once more",
  },
};

process.exitCode = await main(process.argv.slice(2));

async function main([first, ...args]: readonly string[]): Promise<number> {
  const command = first === "revoke" ? "revoke" : "rotate";
  if (asksForHelp(args)) {
    process.stdout.write(USAGE[command]);
    return 0;
  }
  const trigger = TRIGGERS[command];
  const [account, others] = takeOption("--account", args);
  const request = requestOf(others);
  if (request === undefined || account === "") {
    process.stderr.write(synopsisOf(command));
    return 2;
  }
  const { stack, options, configFile } = request;
  const unknown = account === undefined ? undefined : unknownAccount(account, settingsFileOf(request));
  if (unknown !== undefined) {
    process.stderr.write(`Nothing was changed: ${unknown}\n`);
    return 2;
  }
  const group = account === undefined ? "zot-auth:ci" : `zot-auth:ci.accounts.${account}`;
  const set = async (file: readonly string[]): Promise<number> => {
    const setting = ["--path", `${group}.${trigger.setting}`, new Date().toISOString()];
    return (await pulumi(["config", "set", "--stack", stack, ...file, ...setting])).code;
  };
  const advance = agreesInAdvance(options, process.env);
  // The setting is written only with consent: the next `up` of a timer would act on it.
  if (!advance) {
    if (!canAsk(options, process.stdin)) {
      process.stderr.write(
        `Nothing was changed: without a terminal, ${command} cannot ask. To agree in advance, add --yes.\n`,
      );
      return 2;
    }
    const file = settingsFileOf(request);
    if (!existsSync(file)) {
      process.stderr.write(
        `Nothing was changed: the settings file ${file} does not exist. Name a stack that has one.\n`,
      );
      return 2;
    }
    const previewed = await previewOf(request, file, set);
    if (previewed !== 0) return previewed;
    if (!(await agrees(trigger.asks, process.stdin, process.stdout))) {
      process.stdout.write("Nothing was changed.\n");
      return 1;
    }
  }
  process.stdout.write(`${account === undefined ? "" : `Account ${account}: `}${trigger.says}\n`);
  const code = await set(configFile);
  if (code !== 0) return code;
  const agreed = advance ? [] : ["--yes", "--skip-preview"];
  const ended = await pulumi(["up", "--stack", stack, ...options, ...agreed]);
  // Also after a failure: the file has the setting by now.
  process.stdout.write(
    `${basename(settingsFileOf(request))} has a new ${trigger.setting}. If CI or another machine runs this stack too, commit and push the file now: an \`up\` without that line ${trigger.again}.\n`,
  );
  return ended.code;
}

/** Why there is no such account in `ci.accounts` of the stack's file; `undefined` if there is. */
function unknownAccount(account: string, file: string): string | undefined {
  if (!existsSync(file)) return `the settings file ${file} does not exist. Name a stack that has one.`;
  const accounts = at(parse(readFileSync(file, "utf8")), "config", "zot-auth:ci", "accounts");
  if (!isObject(accounts)) return `${file} has no ci.accounts. Omit --account: the stack has one account.`;
  if (Object.hasOwn(accounts, account)) return undefined;
  return `${file} has no account "${account}" in ci.accounts; it has ${Object.keys(accounts).join(", ")}.`;
}

/** Previews the run with a copy of the settings in which the setting is written. */
async function previewOf(
  { stack, others }: Request,
  file: string,
  set: (file: readonly string[]) => Promise<number>,
): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "zot-auth-preview-"));
  try {
    const copy = ["--config-file", join(folder, basename(file))];
    copyFileSync(file, copy[1] ?? "");
    const code = await set(copy);
    return code === 0 ? (await pulumi(["preview", "--stack", stack, ...others, ...copy])).code : code;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
