// Kills a script at its n-th step: every external command that changes a file or asks a server goes through a shim, which counts, and at the
// n-th kills the script's whole process group before the command runs.
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { quote } from "../../../../../systems/zot/host/shell/shell.ts";

const TOOLS = ["mkdir", "cp", "mv", "dd", "rm", "chmod", "cat", "curl", "launchctl"];

export class Shims {
  readonly #folder = mkdtempSync(join(tmpdir(), "zot-auth-shims-"));
  readonly #bin = join(this.#folder, "bin");

  readonly #path: string;

  /** @param path where the commands themselves are found; default: the PATH */
  constructor(path = process.env["PATH"] ?? "") {
    this.#path = path;
    mkdirSync(this.#bin);
    for (const tool of TOOLS) {
      const found = find(tool, path);
      if (found === undefined) continue;
      const shim = `#!/bin/sh
read n < "$STEPS"; n=$((n + 1)); echo $n > "$STEPS"
if [ $n -ge "$KILL_AT" ]; then kill -9 0; fi
exec ${quote(found)} "$@"
`;
      writeFileSync(join(this.#bin, tool), shim);
      chmodSync(join(this.#bin, tool), 0o755);
    }
  }

  /** The environment of a script that is to be killed before its n-th command. */
  killingAt(step: number): NodeJS.ProcessEnv {
    const steps = join(this.#folder, "steps");
    writeFileSync(steps, "0\n");
    return { PATH: `${this.#bin}:${this.#path}`, STEPS: steps, KILL_AT: String(step) };
  }

  /** How many commands the last script ran. */
  steps(): number {
    return Number(readFileSync(join(this.#folder, "steps"), "utf8"));
  }

  close(): void {
    rmSync(this.#folder, { recursive: true });
  }
}

function find(tool: string, path: string): string | undefined {
  const script = `command -v ${tool} || :`;
  const found = execFileSync("/bin/sh", ["-c", script], {
    encoding: "utf8",
    env: { ...process.env, PATH: path },
  }).trim();
  return found.startsWith("/") ? found : undefined;
}
