// Runs one of the project's commands with a played CLI in the toolchain's place, and a server that is the registry and the webhook.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { TestContext } from "node:test";

const ROOT = join(import.meta.dirname, "../../..");

export interface Played {
  /** `check`. */
  readonly command: string;
  /** Of several in one program: what comes before the stack. */
  readonly which?: readonly string[];
  readonly args?: readonly string[];
  /** The toolchain's main.js. */
  readonly cli: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Sent once the command has printed `hangs`. */
  readonly signal?: NodeJS.Signals | undefined;
}

export interface Ended {
  readonly code: number;
  readonly said: string;
  /** The bodies that the webhook got. */
  readonly told: readonly string[];
  /** What the command wrote, besides the settings. */
  readonly files: readonly string[];
}

/** What the commands write. */
const WRITTEN = ["reports", "check.prom"];

/** One for all tests of a process: by its name, Node finds what it has compiled of the files in it. */
let made: string | undefined;

function folderOnce(): string {
  if (made !== undefined) return made;
  const folder = mkdtempSync(join(tmpdir(), "zot-auth-played-"));
  process.once("exit", () => rmSync(folder, { recursive: true }));
  for (const name of ["commands", "core", "node_modules", "report", "settings", "systems"])
    symlinkSync(join(ROOT, name), join(folder, name));
  mkdirSync(join(folder, "toolchain"));
  symlinkSync(join(ROOT, "toolchain/system"), join(folder, "toolchain/system"));
  writeFileSync(join(folder, "package.json"), `{ "type": "module" }`);
  made = folder;
  return folder;
}

export class Stage {
  readonly folder = folderOnce();
  #url = "";
  #told: string[] = [];

  /** Only one is open at a time. */
  static async open(t: TestContext): Promise<Stage> {
    const stage = new Stage();
    t.after(() => {
      for (const name of WRITTEN) rmSync(join(stage.folder, name), { recursive: true, force: true });
    });
    const server = createServer((request, response) => {
      void text(request).then((body) => {
        if (request.method === "POST") stage.#told.push(body);
        response.end();
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    t.after(() => server.close());
    stage.#url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return stage;
  }

  /** The environment has `SERVER`, and `T_HOOK` with the webhook's address. */
  async play({ command, which = [], args = [], cli, env = {}, signal }: Played): Promise<Ended> {
    writeFileSync(join(this.folder, "toolchain/main.js"), cli);
    this.#told = [];
    const program = [
      "--preserve-symlinks",
      "--preserve-symlinks-main",
      join(this.folder, `commands/${command}/main.ts`),
    ];
    const child = spawn(process.execPath, [...program, ...which, "prod", ...args], {
      cwd: this.folder,
      env: {
        PATH: process.env["PATH"],
        NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"],
        SERVER: this.#url,
        T_HOOK: `${this.#url}/hook`,
        ...env,
      },
      stdio: ["ignore", "pipe", "pipe"],
      // Rather than for ever.
      timeout: 60_000,
    });
    let said = "";
    let sent = false;
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => {
        said += chunk.toString();
        if (sent || signal === undefined || !said.includes("hangs")) return;
        sent = true;
        child.kill(signal);
      });
    const [code] = (await once(child, "close")) as [number];
    return { code, said, told: this.#told, files: this.#files() };
  }

  #files(): readonly string[] {
    const reports = join(this.folder, "reports");
    const files = existsSync(reports) ? readdirSync(reports, { recursive: true, encoding: "utf8" }) : [];
    return existsSync(join(this.folder, "check.prom")) ? [...files, "check.prom"] : files;
  }
}
