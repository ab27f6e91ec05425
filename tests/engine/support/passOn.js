// Loaded into the processes of a command whose CLI attaches to plugins of the test. Their program has the harness's environment: what the command adds to its
// CLI's environment for the program goes into this file.
import { writeFileSync } from "node:fs";

const { ZOT_AUTH_PASSED_ON: file, ZOT_AUTH_PROVE_AGAIN } = process.env;
if (file !== undefined && ZOT_AUTH_PROVE_AGAIN !== undefined)
  writeFileSync(file, JSON.stringify({ ZOT_AUTH_PROVE_AGAIN }));
