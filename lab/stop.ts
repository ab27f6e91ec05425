// npm run lab:stop: stops the lab. What its servers and Pulumi know stays, unless `-- --delete` is given.
import { stopLab } from "./homelab/background.ts";
import { forgetLab } from "./homelab/forget.ts";
import { readLayout } from "./homelab/layout.ts";

const layout = readLayout("Pulumi.lab.yaml", ".lab");
const stopped = await stopLab(layout);
if (process.argv.includes("--delete")) {
  forgetLab(layout);
  console.log("The lab is stopped, and all that it kept is deleted.");
} else {
  console.log(stopped ? "The lab is stopped. `npm start` starts it again as it was." : "The lab does not run.");
}
