// npm start: the lab and, on it, the program; then what there is to look at.
import { spawnSync } from "node:child_process";
import { runningLab, startInBackground } from "./homelab/background.ts";
import { forgetStack, isNew } from "./homelab/forget.ts";
import { readLayout } from "./homelab/layout.ts";

const STACK = "lab";

function pulumi(...args: readonly string[]): number {
  const { status, error } = spawnSync("pulumi", [...args, "--stack", STACK], { stdio: "inherit" });
  if (error !== undefined) throw error;
  return status ?? 1;
}

/** Without `--stack`: it is what makes it. */
function selectStack(): number {
  const { status } = spawnSync("pulumi", ["stack", "select", STACK, "--create", "--non-interactive"], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  return status ?? 1;
}

async function main(): Promise<number> {
  const layout = readLayout("Pulumi.lab.yaml", ".lab");
  if (isNew(layout)) forgetStack();
  const before = runningLab(layout);
  const started = Date.now();
  const { urls } = before ?? (await startInBackground(layout));
  console.log(
    before === undefined
      ? `\nThe lab runs (${((Date.now() - started) / 1000).toFixed(1)} s):`
      : "\nThe lab runs already:",
  );
  for (const [name, url] of Object.entries(urls)) console.log(`  ${name.padEnd(18)} ${url}`);
  console.log();

  process.env["PULUMI_CONFIG_PASSPHRASE_FILE"] ??= ".lab/passphrase";
  const failed = selectStack() || pulumi("up", "--yes");
  if (failed !== 0) {
    console.error(
      "\nThe lab goes on running, so that you can look. `npm start` tries again; `npm run lab:stop` stops it.",
    );
    return failed;
  }
  console.log(`
The registry is hardened, and the checks have passed. Try:
  npm run pulumi -- preview           what would change: nothing
  npm run pulumi -- stack output      what CI consumes
  curl ${layout.settings.registry.url}/v2/_catalog
  npm run pulumi -- destroy           takes everything back
  npm run lab:stop                    stops the lab (-- --delete forgets it, too)`);
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
