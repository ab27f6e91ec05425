import { execFile, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";

/** Installs the program's packages. @param output gets what npm says */
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
    child.once("error", (cause) =>
      reject(new Error("npm cannot be run. Install npm, which comes with Node.", { cause })),
    );
    child.once("close", resolve);
  });
  if (code !== 0) throw new Error(`npm ${args.join(" ")} in ${folder} failed (exit code ${String(code)}).`);
}

/** A version as the tool prints it; `undefined` if the tool is missing. */
export async function versionBy(command: string): Promise<string | undefined> {
  try {
    return (await promisify(execFile)(command, ["--version"])).stdout.trim();
  } catch {
    return undefined;
  }
}

/** The version of a package as the program would load it. */
export function packageVersion(folder: string, name: string): string | undefined {
  try {
    const manifest: unknown = createRequire(join(folder, "package.json"))(`${name}/package.json`);
    return (manifest as { readonly version?: string }).version;
  } catch {
    return undefined;
  }
}
