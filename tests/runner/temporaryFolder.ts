import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { endOnSignals } from "../../toolchain/system/atExit.js";
import { temporaryPlace } from "../support/temporaryPlace.ts";

/**
 * Gives this process, and all that it starts, its own folder for temporary files. It goes with the process, also on Ctrl-C. Its path is short: a socket's may have
 * 108 bytes.
 */
export function useTemporaryFolder(): void {
  const folder = mkdtempSync(join(temporaryPlace(), "zot-auth-"));
  // As through the machine's: some tests run a script as another user.
  chmodSync(folder, 0o711);
  process.env["TMPDIR"] = folder;
  endOnSignals();
  // After the duties of `atExit`, which kill what writes to it; that may take a moment.
  process.once("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));
}
