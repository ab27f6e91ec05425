import { spawn } from "node:child_process";
import { realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";

/** Installs the program's packages. @param output receives npm's output */
export async function npmInstall(
  folder: string,
  options: { readonly production: boolean },
  output: (text: Uint8Array, stream: "stdout" | "stderr") => void,
): Promise<void> {
  const args = ["install", "--loglevel=error", ...(options.production ? ["--omit=dev"] : [])];
  const child = spawn("npm", args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.on("data", (text: Buffer) => output(text, "stdout"));
  child.stderr.on("data", (text: Buffer) => output(text, "stderr"));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", (cause) => reject(new Error("Cannot run npm. Install npm, which comes with Node.", { cause })));
    child.once("close", resolve);
  });
  if (code !== 0) throw new Error(`npm ${args.join(" ")} in ${folder} failed (exit code ${String(code)}).`);
}

/** The version of the npm on PATH, from its own manifest: npm itself would take a fifth of a second to print it. `undefined` if there is none. */
export function npmVersion(): string | undefined {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    try {
      return versionIn(createRequire(realpathSync(join(folder, "npm")))("../package.json"));
    } catch {
      // Not in this folder, or no manifest beside it: a version manager's shim.
    }
  }
  return undefined;
}

/** The version of the package that the program would load. */
export function packageVersion(folder: string, name: string): string | undefined {
  try {
    return versionIn(createRequire(join(folder, "package.json"))(`${name}/package.json`));
  } catch {
    return undefined;
  }
}

function versionIn(manifest: unknown): string | undefined {
  return (manifest as { readonly version?: string }).version;
}
