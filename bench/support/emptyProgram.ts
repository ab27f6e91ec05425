import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { timed } from "./command.ts";
import type { Timed } from "./command.ts";

/** `asOurs`: as in this project's Pulumi.yaml. `asNew`: as `pulumi new typescript` leaves it, compiled anew, and without Node's compile cache. */
export type Kind = "asOurs" | "asNew";

const FILES: Readonly<Record<Kind, Readonly<Record<string, string>>>> = {
  asOurs: {
    "Pulumi.yaml": "name: empty\nruntime: { name: nodejs, options: { typescript: false } }\nmain: index.ts\n",
    "package.json": JSON.stringify({ name: "empty", type: "module", main: "index.ts" }),
    "index.ts": 'import "@pulumi/pulumi";\n',
  },
  // pulumi/templates, folder typescript.
  asNew: {
    "Pulumi.yaml": "name: empty\nruntime:\n  name: nodejs\n  options:\n    packagemanager: npm\n",
    "package.json": JSON.stringify({
      name: "empty",
      main: "index.ts",
      devDependencies: { "@types/node": "^18", typescript: "^5.0.0" },
      dependencies: { "@pulumi/pulumi": "^3.113.0" },
    }),
    "tsconfig.json": JSON.stringify({
      compilerOptions: {
        strict: true,
        outDir: "bin",
        target: "es2020",
        module: "commonjs",
        moduleResolution: "node",
        // Otherwise the TypeScript of this project, which is newer than the template, says that the line above is old.
        ignoreDeprecations: "6.0",
        types: ["node"],
        sourceMap: true,
        experimentalDecorators: true,
        pretty: true,
        noFallthroughCasesInSwitch: true,
        noImplicitReturns: true,
        forceConsistentCasingInFileNames: true,
      },
      files: ["index.ts"],
    }),
    "index.ts": 'import * as pulumi from "@pulumi/pulumi";\n',
  },
};

/** A program without a resource, with its own state. */
export class EmptyProgram {
  readonly #folder = mkdtempSync(join(tmpdir(), "zot-auth-empty-"));
  readonly #env: NodeJS.ProcessEnv;

  private constructor(kind: Kind) {
    for (const [name, content] of Object.entries(FILES[kind])) writeFileSync(join(this.#folder, name), content);
    symlinkSync(resolve("node_modules"), join(this.#folder, "node_modules"));
    mkdirSync(join(this.#folder, "state"));
    this.#env = {
      ...process.env,
      PULUMI_BACKEND_URL: `file://${join(this.#folder, "state")}?metadata=skip`,
      PULUMI_CONFIG_PASSPHRASE: "empty",
    };
    if (kind === "asOurs") return;
    delete this.#env["NODE_COMPILE_CACHE"];
    // ts-node keeps what it has compiled and checked; a program that changes is compiled and checked anew.
    this.#env["TS_NODE_CACHE"] = "false";
  }

  static async create(kind: Kind): Promise<EmptyProgram> {
    const program = new EmptyProgram(kind);
    await program.run("stack", "init", "empty");
    await program.run("up", "--yes", "--skip-preview");
    return program;
  }

  async run(...args: readonly string[]): Promise<Timed> {
    return timed("pulumi", [...args, "--non-interactive"], { cwd: this.#folder, env: this.#env });
  }

  delete(): void {
    rmSync(this.#folder, { recursive: true });
  }
}
