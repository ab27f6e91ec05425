import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";

// The real `npm run check` with a CLI that does not end until it gets a signal. What it finds then is not about the stack.

const ROOT = join(import.meta.dirname, "../../..");

/** In place of the toolchain: the key is fine, and the command in HANGS waits for a signal, as the real CLI ends a preview. */
const CLI = `
const said = process.argv.slice(2).join(" ");
const later = (days) => new Date(Date.now() + days * 86_400_000).toISOString();
if (said.includes(process.env.HANGS)) {
  process.on("SIGTERM", () => process.exit(1));
  process.on("SIGINT", () => process.exit(1));
  if (process.env.FAILS) process.exit(1);
  setInterval(() => {}, 1000);
  console.error("hangs");
} else if (said.includes("stack output"))
  console.log(JSON.stringify({ ciUser: "zot-ci", registryUrl: process.env.SERVER, keyRotates: later(9), keyExpires: later(30) }));
else if (said.includes("stack export")) console.log(JSON.stringify({ deployment: { resources: [] } }));
`;

interface Checked {
  readonly code: number;
  readonly said: string;
  readonly told: number;
  readonly files: readonly string[];
}

/** @param signal undefined: the CLI fails at once */
async function check(
  t: TestContext,
  hangs: string,
  signal?: NodeJS.Signals,
  options: readonly string[] = [],
): Promise<Checked> {
  const folder = mkdtempSync(join(tmpdir(), "zot-auth-interrupted-"));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const name of ["commands", "core", "node_modules", "report", "settings", "systems"])
    symlinkSync(join(ROOT, name), join(folder, name));
  mkdirSync(join(folder, "toolchain"));
  writeFileSync(join(folder, "package.json"), `{ "type": "module" }`);
  writeFileSync(join(folder, "toolchain/main.js"), CLI);
  let told = 0;
  const server = createServer((request, response) => {
    if (request.method === "POST") told += 1;
    request.resume();
    response.end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const child = spawn(
    process.execPath,
    [
      ...["--preserve-symlinks", "--preserve-symlinks-main", join(folder, "commands/check.ts"), "prod"],
      ...["--notify", "env:T_HOOK", "--textfile", join(folder, "check.prom"), ...options],
    ],
    {
      cwd: folder,
      env: {
        PATH: process.env["PATH"],
        HANGS: hangs,
        SERVER: url,
        T_HOOK: `${url}/hook`,
        ...(signal === undefined ? { FAILS: "yes" } : {}),
      },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let said = "";
  let sent = false;
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (sent || signal === undefined || !said.includes("hangs")) return;
      sent = true;
      child.kill(signal);
    });
  const [code] = (await once(child, "close")) as [number];
  const reports = join(folder, "reports");
  const files = existsSync(reports) ? readdirSync(reports, { recursive: true, encoding: "utf8" }) : [];
  return { code, said, told, files: existsSync(join(folder, "check.prom")) ? [...files, "check.prom"] : files };
}

for (const [hangs, signal, options] of [
  ["stack export", "SIGTERM", []],
  ["preview", "SIGINT", []],
  ["preview", "SIGTERM", ["--listen", "127.0.0.1:0"]],
] as const) {
  test(`${signal} during \`${hangs}\` ${options.join(" ")}: nobody is told, and nothing is written`, async (t) => {
    const { code, said, told, files } = await check(t, hangs, signal, options);
    assert.match(said, /^✗ prod: the check was interrupted: /m);
    assert.equal(code, options.length > 0 ? 0 : 1, said);
    assert.equal(told, 0, said);
    assert.deepEqual(files, []);
  });
}

test("a preview that fails without a signal is told, with a report and metrics", async (t) => {
  const { code, said, told, files } = await check(t, "preview");
  assert.equal(code, 1, said);
  assert.equal(told, 1, said);
  assert.ok(files.includes("prod/check.html") && files.includes("check.prom"), files.join());
});
