// The zots that recordings are replayed against: the lab's stand-in for any release, and a real one if PATH has it.
import { spawn, spawnSync } from "node:child_process";
import { accessSync, constants, readFileSync, realpathSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { RunningServer } from "../../../../lab/shared/listen.ts";
import { ConfigError } from "../../../../lab/zot/config/error.ts";
import { loadConfig } from "../../../../lab/zot/config/load.ts";
import { zotVersion } from "../../../../lab/zot/version.ts";
import { startZot } from "../../../../lab/zot/server/server.ts";

export interface ZotProgram {
  /** `stand-in for v2.1.20` or `real zot v2.1.20`, for test names. */
  readonly name: string;
  /** `v2.1.20` */
  readonly release: string;
  readonly real: boolean;
  /** Runs `zot verify`. Returns `undefined` if the file is valid, else the error. */
  verify(config: string): Promise<string | undefined>;
  /** Runs `zot serve`. `log` receives the log lines. */
  start(config: string, log: (line: string) => void): Promise<RunningServer>;
}

export function standIn(release = "v2.1.20"): ZotProgram {
  return {
    name: `stand-in for ${release}`,
    release,
    real: false,
    verify: async (config) => {
      try {
        await loadConfig(config, zotVersion(release), () => undefined);
        return undefined;
      } catch (error) {
        if (error instanceof ConfigError) return error.message;
        throw error;
      }
    },
    start: (config, log) => startZot({ config, version: release, log }),
  };
}

/** The first real zot on PATH. Ignores the lab's command of the same name, even via a symlink. */
export function findRealZot(path = process.env["PATH"] ?? ""): ZotProgram | undefined {
  for (const folder of path.split(delimiter)) {
    const file = join(folder === "" ? "." : folder, "zot");
    if (!isExecutable(file) || realpathSync(file) === ours) continue;
    const release = releaseOf(file);
    if (release === undefined) continue;
    return {
      name: `real zot ${release}`,
      release,
      real: true,
      verify: async (config) => {
        const { status, stderr } = spawnSync(file, ["verify", config], { encoding: "utf8" });
        return Promise.resolve(status === 0 ? undefined : stderr);
      },
      start: (config, log) => startProcess(file, config, log),
    };
  }
  return undefined;
}

const ours = realpathSync(fileURLToPath(new URL("../../../../lab/bin/zot", import.meta.url)));

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** The version that a real zot reports. Undefined for a stand-in, of this or another copy of the project, which has no Go version. */
function releaseOf(file: string): string | undefined {
  const { stdout } = spawnSync(file, ["--version"], { encoding: "utf8", timeout: 10_000 });
  const line = /^\{.*"commit".*\}$/m.exec(stdout)?.[0];
  if (line === undefined) return undefined;
  const said = JSON.parse(line) as Readonly<Record<string, unknown>>;
  const goVersion = said["go version"];
  if (typeof goVersion !== "string" || goVersion === "") return undefined;
  return /^v\d+\.\d+\.\d+/.exec(String(said["commit"]))?.[0];
}

async function startProcess(file: string, config: string, log: (line: string) => void): Promise<RunningServer> {
  const { http } = JSON.parse(readFileSync(config, "utf8")) as { readonly http: { readonly port: string } };
  const child = spawn(file, ["serve", config], { stdio: ["ignore", "pipe", "pipe"] });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    let rest = "";
    stream.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      output.push(...lines);
      lines.forEach(log);
    });
  }
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code) => resolve(`exit code ${String(code)}\n${output.slice(-5).join("\n")}`));
  });
  // A test that is interrupted must not leave the server running.
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  const close = async (): Promise<void> => {
    child.kill("SIGTERM");
    await ended;
    process.off("exit", kill);
  };
  const url = `http://127.0.0.1:${http.port}`;
  try {
    await ready(url, ended);
  } catch (error) {
    await close();
    throw error;
  }
  return { url, close };
}

async function ready(url: string, ended: Promise<string>): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!(await answers(url))) {
    const reason = await Promise.race([ended, delay(20)]);
    if (reason !== undefined) throw new Error(`zot ended before it was ready: ${reason}`);
    if (Date.now() > deadline) throw new Error(`zot did not become ready at ${url} within 15 seconds.`);
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/readyz`)).ok;
  } catch {
    // Not listening yet.
    return false;
  }
}
