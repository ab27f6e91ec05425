// npm start: starts the lab, runs `pulumi up` on it, and shows what to try next.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { folderFor } from "../commands/report/reportFolder.ts";
import { runningLab, startInBackground } from "./homelab/background.ts";
import { ensureState, forgetStack, isNew } from "./homelab/forget.ts";
import { readLayout } from "./homelab/layout.ts";

const STACK = "lab";
const TOOLCHAIN = fileURLToPath(new URL("../toolchain/main.js", import.meta.url));

function pulumi(...args: readonly string[]): number {
  const command = [TOOLCHAIN, "run", "pulumi", ...args, "--stack", STACK];
  const { status, error } = spawnSync(process.execPath, command, { stdio: "inherit" });
  if (error !== undefined) throw error;
  return status ?? 1;
}

/** Selects the stack, for the commands to try next. Creates it if it does not exist. */
function selectStack(): number {
  const { status } = spawnSync("pulumi", ["stack", "select", STACK, "--create", "--non-interactive"], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  return status ?? 1;
}

/** Who may push, and how. */
function pushers({ settings }: ReturnType<typeof readLayout>): readonly string[] {
  return [
    ...Object.values(settings.accounts).map(
      ({ user, prefixes }) => `${user} pushes to ${prefixes.join(", ")} with its key`,
    ),
    ...Object.values(settings.jobAccounts).map(
      ({ user, prefixes, repositories }) =>
        `jobs of ${repositories.join(", ")} push to ${prefixes.join(", ")} as ${user}, each with its own token`,
    ),
  ];
}

async function main(): Promise<number> {
  const layout = readLayout("Pulumi.lab.yaml", ".lab");
  if (isNew(layout)) forgetStack();
  ensureState();
  const before = runningLab(layout);
  const started = Date.now();
  const { urls } = before ?? (await startInBackground(layout));
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  console.log(
    before === undefined
      ? `\nThe lab has started (${seconds} s) and runs in the background:\n`
      : "\nThe lab is already running:\n",
  );
  for (const [name, url] of Object.entries(urls)) console.log(`  ${name.padEnd(18)} ${url}`);
  console.log();

  process.env["PULUMI_CONFIG_PASSPHRASE_FILE"] ??= ".lab/passphrase";
  // Skip the preview, which would show the same rows twice.
  const failed = selectStack() || pulumi("up", "--yes", "--skip-preview");
  if (failed !== 0) {
    console.error("\nThe lab keeps running for inspection. `npm start` tries again; `npm run lab:stop` stops it.");
    return failed;
  }
  const next: readonly (readonly [string, string])[] = [
    [`curl ${layout.settings.registry.url}/v2/_catalog`, "reads from the registry without signing in"],
    ["npm run pulumi -- preview", "shows what would change: nothing"],
    ["npm run pulumi -- stack output", "shows what CI consumes"],
    ["npm run check -- lab", "checks the key and the servers; changes nothing"],
    ["npm run rotate -- lab", "replaces CI's key"],
    ["npm run pulumi -- destroy", "undoes everything that `up` did"],
    ["npm run lab:stop", "stops the lab; with `-- --delete` it also deletes the lab's data"],
  ];
  const width = Math.max(...next.map(([command]) => command.length));
  console.log("The registry is set up, and every check has passed.\n");
  for (const line of pushers(layout)) console.log(`  ${line}`);
  console.log("\nTry next:\n");
  for (const [command, does] of next) console.log(`  ${command.padEnd(width)}  ${does}`);
  console.log(`\nThe report of this run: ${folderFor(STACK, process.env)}/up.html`);
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
