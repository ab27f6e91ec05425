// npm run lab:stop: stops the lab. `-- --delete` also deletes its data and Pulumi state.
import { stopLab } from "./homelab/background.ts";
import { forgetLab } from "./homelab/forget.ts";
import { readLayout } from "./homelab/layout.ts";

const USAGE = `usage: npm run lab:stop [-- --delete]

Stops the lab that \`npm start\` started. With --delete, its data and its stack's state are deleted, too.
`;

const args = process.argv.slice(2);
const unknown = args.some((arg) => arg !== "--delete");
if (unknown) {
  const asked = args.every((arg) => arg === "--help" || arg === "-h");
  (asked ? process.stdout : process.stderr).write(USAGE);
  process.exit(asked ? 0 : 2);
}

const layout = readLayout("Pulumi.lab.yaml", ".lab");
const stopped = await stopLab(layout);
if (args.includes("--delete")) {
  forgetLab(layout);
  console.log("The lab is stopped, and its data and state are deleted.");
} else {
  console.log(
    stopped ? "The lab is stopped. `npm start` starts it again with the same data." : "The lab is not running.",
  );
}
