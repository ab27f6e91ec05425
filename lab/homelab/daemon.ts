// Part of the lab: the background process, `daemon.ts <settings file> <folder>`. It tells its parent when the lab is ready.
import { writeFileSync } from "node:fs";
import { startLab } from "./homelab.ts";
import { pathsOf, readLayout } from "./layout.ts";
import { standIns } from "./standIns.ts";

/** The only message that the daemon sends to its parent. */
export type DaemonMessage = { readonly urls: Readonly<Record<string, string>> } | { readonly error: string };

const [, , settingsFile = "", directory = ""] = process.argv;
const tell = (message: DaemonMessage): void => {
  process.send?.(message);
};

try {
  const layout = readLayout(settingsFile, directory);
  const lab = await startLab(layout);
  const stop = (): void => {
    lab.close().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  writeFileSync(pathsOf(layout).state, JSON.stringify({ pid: process.pid, urls: lab.urls }), { mode: 0o600 });
  writeFileSync(
    pathsOf(layout).standIns,
    standIns(Object.keys(lab.urls), layout.settings.registry.binary, process.env["PATH"] ?? "").join("\n"),
  );
  tell({ urls: lab.urls });
  if (process.connected) process.disconnect();
} catch (error) {
  console.error(error);
  tell({ error: error instanceof Error ? error.message : String(error) });
  process.exitCode = 1;
  if (process.connected) process.disconnect();
}
