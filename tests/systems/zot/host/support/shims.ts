// Kills a script at its n-th step: every external command that changes a file or asks a server goes through a shim, which counts, and at the
// n-th kills the script's whole process group before the command runs. The script's own shell has functions for that; the programs that it starts find the
// shims on their PATH. A shim on the PATH is one process more for each command.
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BEFORE } from "./sh.ts";
import { quote } from "../../../../../systems/zot/host/shell/shell.ts";

const COUNT = `read zot_auth_step < "$STEPS"; zot_auth_step=$((zot_auth_step + 1)); echo $zot_auth_step > "$STEPS"
if [ $zot_auth_step -ge "$KILL_AT" ]; then kill -9 0; fi`;

const TOOLS = ["mkdir", "cp", "mv", "dd", "rm", "chmod", "cat", "curl", "launchctl"];

export class Shims {
  readonly #folder = mkdtempSync(join(tmpdir(), "zot-auth-shims-"));
  readonly #bin = join(this.#folder, "bin");

  readonly #path: string;
  readonly #functions: string;

  /** @param path where the commands themselves are found; default: the PATH */
  constructor(path = process.env["PATH"] ?? "") {
    this.#path = path;
    mkdirSync(this.#bin);
    const functions: string[] = [];
    for (const [tool, found] of foundIn(path)) {
      writeFileSync(join(this.#bin, tool), `#!/bin/sh\n${COUNT}\nexec ${quote(found)} "$@"\n`);
      chmodSync(join(this.#bin, tool), 0o755);
      functions.push(`${tool}() {\n${COUNT}\n${quote(found)} "$@"\n}\n`);
    }
    this.#functions = functions.join("");
  }

  /** The environment of a script that is to be killed before its n-th command. */
  killingAt(step: number): NodeJS.ProcessEnv {
    const steps = join(this.#folder, "steps");
    writeFileSync(steps, "0\n");
    return { PATH: `${this.#bin}:${this.#path}`, STEPS: steps, KILL_AT: String(step), [BEFORE]: this.#functions };
  }

  /** How many commands the last script ran. */
  steps(): number {
    return Number(readFileSync(join(this.#folder, "steps"), "utf8"));
  }

  close(): void {
    rmSync(this.#folder, { recursive: true });
  }
}

/** The tools that are programs there, and where. */
function foundIn(path: string): readonly (readonly [tool: string, found: string])[] {
  const script = `for tool in ${TOOLS.join(" ")}; do command -v "$tool" || echo; done`;
  const env = { ...process.env, PATH: path };
  const found = execFileSync("/bin/sh", ["-c", script], { encoding: "utf8", env }).split("\n");
  return TOOLS.map((tool, at) => [tool, found[at] ?? ""] as const).filter(([, file]) => file.startsWith("/"));
}
