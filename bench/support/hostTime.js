// Node loads this into every process of a measured command (NODE_OPTIONS). The process that serves the stand-ins outlives the one that started it, so that no
// clock of a command's children has its time: it writes when it begins, and how much CPU time it took when it ends.
import { appendFileSync } from "node:fs";

const file = process.env["BENCH_HOSTS"];
if (file !== undefined && process.argv[1]?.endsWith("shared-host/host.ts")) {
  appendFileSync(file, "begun\n");
  process.once("exit", () => {
    const { userCPUTime, systemCPUTime } = process.resourceUsage();
    appendFileSync(file, `${(userCPUTime + systemCPUTime) / 1e6}\n`);
  });
}
