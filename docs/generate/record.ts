// npm run record: runs the preview and the first `up` of README.md on a new lab, and writes there what the terminal shows, and the picture of the report.
// It deletes this folder's lab first. It needs `script` of util-linux.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { startInBackground, stopLab } from "../../lab/homelab/background.ts";
import { forgetLab } from "../../lab/homelab/forget.ts";
import { readLayout } from "../../lab/homelab/layout.ts";
import { skip } from "../../tests/browser/chromium.ts";
import { recordedIn } from "./recorded.ts";
import { shownBy } from "./terminal.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const README = new URL("../../README.md", import.meta.url);

if (skip !== false) {
  console.error(`npm run record takes a picture of the report, for which Chromium is missing: ${skip}.`);
  process.exit(1);
}
const layout = readLayout("Pulumi.lab.yaml", ".lab");
await stopLab(layout);
forgetLab(layout);
await startInBackground(layout);
const env = { ...process.env, PULUMI_CONFIG_PASSPHRASE_FILE: ".lab/passphrase" };
const pulumi = (args: string): string =>
  shownBy(`node toolchain/main.js run pulumi ${args} --color never`, env).replaceAll(ROOT, "/home/me/zot-auth/");
pulumi("stack select lab --create");
const preview = pulumi("preview --stack lab");
const update = pulumi("up --yes --skip-preview --stack lab");
let text = readFileSync(README, "utf8");
for (const [shown, title] of [
  [preview, "Previewing update (lab):"],
  [update, "Updating (lab):"],
] as const)
  text = text.replace(recordedIn(text, title), () => recordedIn(shown, title));
writeFileSync(README, text);
await import("./screenshot.ts");
