import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

const ROOT = resolve(import.meta.dirname, "../..");

/** Packages that the SDK loads when it starts as the language host starts it. */
async function loadedBy(
  ...more: readonly string[]
): Promise<{ readonly packages: readonly string[]; readonly error: string }> {
  const program = `
    require("@pulumi/pulumi/cmd/run/tracing").newSpan("as the SDK's runner does").end();
    const { runtime } = require("@pulumi/pulumi");
    const loaded = Object.values(require.cache).filter(({ exports }) => typeof exports === "function" || Object.keys(exports).length > 0);
    const packages = loaded.map(({ filename }) => filename).map((file) => /.*node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(file)?.[1]);
    Promise.resolve().then(() => runtime.serializeFunction(() => 1)).then(() => "", ({ message }) => message)
      .then((error) => console.log(JSON.stringify({ packages: [...new Set(packages)], error })));`;
  const args = ["--import", "./stack/sdk/preload.ts", "--input-type=commonjs", "--eval", program, "--", ...more];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT });
  return JSON.parse(stdout) as Awaited<ReturnType<typeof loadedBy>>;
}

test("the program starts without npm's Arborist, the TypeScript compiler, the Automation API and OpenTelemetry", async () => {
  const { packages, error } = await loadedBy();
  assert.ok(packages.includes("@pulumi/pulumi") && packages.includes("@grpc/grpc-js"));
  for (const part of [
    "@npmcli/arborist",
    "typescript",
    "source-map",
    "execa",
    "js-yaml",
    "@opentelemetry/sdk-trace-node",
  ])
    assert.ok(!packages.includes(part), part);
  assert.match(error, /^This program does not serialize functions: stack\/sdk\/preload\.ts/);
});

test("with --tracing, OpenTelemetry's exporters are loaded", async () => {
  const { packages } = await loadedBy("--tracing");
  assert.ok(packages.includes("@opentelemetry/sdk-trace-node"));
});
