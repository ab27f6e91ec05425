import { execFile, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";

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

/** The version that the tool prints; `undefined` if the tool is missing. */
export async function versionBy(command: string): Promise<string | undefined> {
  try {
    return (await promisify(execFile)(command, ["--version"])).stdout.trim();
  } catch {
    return undefined;
  }
}

/** The version of the package that the program would load. */
export function packageVersion(folder: string, name: string): string | undefined {
  try {
    const manifest: unknown = createRequire(join(folder, "package.json"))(`${name}/package.json`);
    return (manifest as { readonly version?: string }).version;
  } catch {
    return undefined;
  }
}
