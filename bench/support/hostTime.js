// Node loads this into every process of a measured command (NODE_OPTIONS). The process that serves the stand-ins outlives the one that started it, so that no
// clock of a command's children has its time, nor that of the program and the commands that it starts: it writes when it begins, and how much CPU time they all
// took when it ends.
import { appendFileSync, existsSync, readFileSync } from "node:fs";

/** Linux: its times, and those of the children that it waited for, in hundredths of a second (proc(5), fields 14 to 17). */
const TIMES = "/proc/self/stat";

const file = process.env["BENCH_HOSTS"];
if (file !== undefined && process.argv[1]?.endsWith("shared-host/host.ts")) {
  appendFileSync(file, "begun\n");
  process.once("exit", () => appendFileSync(file, `${seconds()}\n`));
}

/** Elsewhere than on Linux, those of the children are missing. */
function seconds() {
  if (existsSync(TIMES)) {
    // The name, field 2, is in parentheses and may hold anything.
    const fields = readFileSync(TIMES, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return fields.slice(11, 15).reduce((sum, hundredths) => sum + Number(hundredths) / 100, 0);
  }
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  return (userCPUTime + systemCPUTime) / 1e6;
}
