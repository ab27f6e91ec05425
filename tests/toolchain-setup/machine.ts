// A separate machine for each test: a project folder with the real toolchain/*.js, an empty HOME, and small shell scripts as npm, go and
// pulumi on PATH. This does not prove that the real ones accept the same arguments.
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

const TOOLCHAIN = join(import.meta.dirname, "..", "..", "toolchain");
const UTILITIES = ["cat", "chmod", "cp", "ln", "mkdir", "rm", "sleep"];

/** A Pulumi CLI of that version. Every plugin download fails, as on a machine without internet access. */
export function pulumiScript(version: string): string {
  return `case "$1" in
  version) echo v${version} ;;
  plugin)
    echo 'warning: Error downloading plugin: Get "https://get.pulumi.com/x": dial tcp: lookup get.pulumi.com on 10.0.0.1:53: no such host' >&2
    sleep 20
    exit 1 ;;
esac`;
}

/** A Go that downloads two modules and "builds" a CLI of version 3.274.1. */
export const GO = `
[ "$1" = get ] && { echo "go: downloading example.com/a v1.0.0" >&2; echo "go: downloading example.com/b v1.0.0" >&2; }
[ "$1" = list ] && { echo fmt; echo example.com/a; }
if [ "$1" = build ]; then
  while [ -e "$MACHINE/hold-build" ]; do sleep 0.05; done
  while [ "$1" != -o ]; do shift; done
  cp "$MACHINE/built-pulumi" "$2"
fi
exit 0`;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Machine {
  /** A name as people give it, which is hard to quote. */
  readonly folder = mkdtempSync(join(tmpdir(), "zot-auth's toolchain – $1 "));
  readonly root = join(this.folder, "project");
  readonly home = join(this.folder, "home");
  readonly bin = join(this.folder, "bin");
  readonly cached = join(this.home, ".cache", "zot-auth", "pulumi-3.274.1", "bin", "pulumi");

  constructor(test: TestContext) {
    test.after(() => rmSync(this.folder, { recursive: true, force: true }));
    mkdirSync(this.home);
    mkdirSync(this.bin);
    for (const name of UTILITIES)
      symlinkSync(["/bin", "/usr/bin"].map((dir) => join(dir, name)).find(existsSync) ?? "", join(this.bin, name));
    symlinkSync(process.execPath, join(this.bin, "node"));
    const files = readdirSync(TOOLCHAIN, { recursive: true, encoding: "utf8" });
    for (const name of files.filter((file) => file.endsWith(".js"))) {
      this.write(`project/toolchain/${name}`, "");
      copyFileSync(join(TOOLCHAIN, name), join(this.root, "toolchain", name));
    }
    this.write("project/package.json", '{ "type": "module" }');
    this.write("project/package-lock.json", '{ "packages": { "": {} } }');
    this.script("project/toolchain/language-host/pulumi-language-nodejs", "exit 0");
    for (const name of ["command", "kubernetes", "onepassword"])
      this.script(`project/toolchain/plugins/${name}/pulumi-resource-${name}`, "exit 0");

    // What the fake `npm ci` installs.
    const command = { version: "1.2.1", pulumi: { name: "command", version: "1.2.1" } };
    const kubernetes = { version: "4.34.2", pulumi: { name: "kubernetes", version: "4.34.2" } };
    const onepassword = { version: "v1.1.3", pulumi: { name: "onepassword", server: "github://api.github.com/x/y" } };
    this.write("packages/@pulumi/command/package.json", JSON.stringify(command));
    this.write("packages/@pulumi/kubernetes/package.json", JSON.stringify(kubernetes));
    this.write("packages/@1password/pulumi-onepassword/package.json", JSON.stringify(onepassword));
    this.write("packages/semver/index.js", "exports.SemVer = class { constructor(v) { this.toString = () => v; } };");
    this.installer('throw new Error("Failed to download https://get.pulumi.com/install.sh: fetch failed");');
    this.tool("npm", 'rm -rf node_modules; mkdir node_modules; cp -R "$MACHINE/packages/." node_modules/');
    this.tool("go", GO);
    this.tool("pulumi", pulumiScript("3.274.1"));
    this.script("built-pulumi", pulumiScript("3.274.1"));
  }

  /** Writes a file below the machine's folder. */
  write(path: string, text: string): void {
    const file = join(this.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  /** Writes a shell script that records its calls. */
  script(path: string, body: string): void {
    const name = path.split("/").at(-1);
    this.write(path, `#!/bin/sh\necho "${name ?? ""} $*" >> "$MACHINE/calls"\n${body}\n`);
    chmodSync(join(this.folder, path), 0o755);
  }

  /** Puts a shell script on PATH. */
  tool(name: string, body: string): void {
    rmSync(join(this.bin, name), { force: true });
    this.script(`bin/${name}`, body);
  }

  without(name: string): void {
    rmSync(join(this.bin, name));
  }

  /** The plugins in the project's own PULUMI_HOME, each with its files' link targets. Empty if Pulumi uses the user's. */
  installedLinks(): Readonly<Record<string, readonly string[]>> {
    const folder = join(this.standInHome, "plugins");
    if (!existsSync(folder)) return {};
    const links = (name: string) =>
      readdirSync(join(folder, name)).map((file) => readlinkSync(join(folder, name, file)));
    return Object.fromEntries(readdirSync(folder).map((name) => [name, links(name)]));
  }

  /** The project's own PULUMI_HOME. */
  get standInHome(): string {
    const cache = join(this.home, ".cache", "zot-auth");
    const name = existsSync(cache) ? readdirSync(cache).find((entry) => entry.startsWith("home-")) : undefined;
    return join(cache, name ?? "home");
  }

  /** What `PulumiCommand.install` does; `root` and `version` are its options. */
  installer(body: string): void {
    const install = `async ({ root, version }) => { ${body} }`;
    this.write("packages/@pulumi/pulumi/automation/cmd.js", `exports.PulumiCommand = { install: ${install} };`);
  }

  /** The commands that ran since the last call. */
  calls(): string[] {
    const lines = this.callsSoFar();
    rmSync(join(this.folder, "calls"), { force: true });
    return lines;
  }

  /** The same, without clearing them. */
  callsSoFar(): string[] {
    const file = join(this.folder, "calls");
    return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
  }

  start(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const child = spawn(process.execPath, [join(this.root, "toolchain", "main.js"), ...args], {
      cwd: this.root,
      // Like npm, puts the project's own programs first on PATH.
      env: {
        PATH: [join(this.root, "node_modules", ".bin"), this.bin].join(delimiter),
        HOME: this.home,
        MACHINE: this.folder,
        ...env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const output = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output.stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
    const ended = once(child, "close").then(([code, signal]): Ended => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
      ...output,
    }));
    return { child, output, ended };
  }

  setUp(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    return this.start(["setup", ...args], env).ended;
  }

  run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    return this.start(["run", ...args], env).ended;
  }
}

/** Waits at most ten seconds until `state` is true. */
export async function until(state: () => boolean, what: string): Promise<void> {
  const end = Date.now() + 10_000;
  while (!state()) {
    if (Date.now() > end) throw new Error(`timed out after 10 s waiting until ${what}`);
    await sleep(20);
  }
}
