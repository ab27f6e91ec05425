// npm run lab:stop: stops the lab. What its servers and Pulumi know stays, unless `-- --delete` is given.
import { rmSync } from "node:fs";
import { stopLab } from "./background.ts";
import { readLayout } from "./layout.ts";

const layout = readLayout("Pulumi.lab.yaml", ".lab");
const stopped = await stopLab(layout);
console.log(stopped ? "The lab is stopped. `npm start` starts it again as it was." : "The lab does not run.");
if (process.argv.includes("--delete")) {
  for (const folder of [".lab", ".state/.pulumi/stacks/zot-auth/lab.json"])
    rmSync(folder, { recursive: true, force: true });
  console.log("All that it kept is deleted.");
}
