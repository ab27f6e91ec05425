// The browser of these tests: the Chromium of the machine, without a window. Nothing is downloaded.
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";
import type { Browser } from "playwright-core";

const names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

const executable = (process.env["PATH"] ?? "")
  .split(delimiter)
  .flatMap((folder) => names.map((name) => join(folder, name)))
  .find(isExecutable);

/** Why there are no browser tests on this machine; `false` where there are. */
export const skip: string | false =
  executable === undefined ? `no ${names.join(", ")} on PATH (Debian: apt-get install chromium)` : false;

export async function launch(): Promise<Browser> {
  if (executable === undefined) throw new Error("There is no browser.");
  // Chromium refuses its own sandbox to root, who runs the tests in a container.
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
