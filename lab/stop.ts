// npm run lab:stop: stops the lab. `-- --delete` also deletes its data and Pulumi state.
import { stopLab } from "./homelab/background.ts";
import { forgetLab } from "./homelab/forget.ts";
import { readLayout } from "./homelab/layout.ts";

const layout = readLayout("Pulumi.lab.yaml", ".lab");
const stopped = await stopLab(layout);
if (process.argv.includes("--delete")) {
  forgetLab(layout);
  console.log("The lab is stopped, and its data and state are deleted.");
} else {
  console.log(
    stopped ? "The lab is stopped. `npm start` starts it again with the same data." : "The lab is not running.",
  );
}
