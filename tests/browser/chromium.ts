// The browser of these tests: the machine's Chromium, headless. Nothing is downloaded.
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";
import type { Browser } from "playwright-core";

const names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

const executable = (process.env["PATH"] ?? "")
  .split(delimiter)
  .flatMap((folder) => names.map((name) => join(folder, name)))
  .find(isExecutable);

/** Why the browser tests are skipped; `false` if they run. */
export const skip: string | false =
  executable === undefined ? `no ${names.join(", ")} on PATH (Debian: apt-get install chromium)` : false;

export async function launch(): Promise<Browser> {
  if (executable === undefined) throw new Error(`Chromium is missing: ${skip}.`);
  // Chromium's sandbox does not work for root, as which a container runs the tests.
  return chromium.launch({ executablePath: executable, chromiumSandbox: process.getuid?.() !== 0 });
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
