// The language host as a process with a real gRPC client: how it handles interruptions and installs packages.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import test from "node:test";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { credentials } from "@grpc/grpc-js";
import { LanguageRuntimeClient } from "@pulumi/pulumi/proto/language_grpc_pb.js";
import languagepb from "@pulumi/pulumi/proto/language_pb.js";
import type { InstallDependenciesResponse, RunResponse } from "@pulumi/pulumi/proto/language_pb.js";
import emptypb from "google-protobuf/google/protobuf/empty_pb.js";
import structpb from "google-protobuf/google/protobuf/struct_pb.js";
import { messageOf } from "./support/plugin.ts";

const ROOT = join(import.meta.dirname, "../..");
const HOST = join(ROOT, "toolchain/language-host/pulumi-language-nodejs");

async function start(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "zot-auth-host-"));
  // Replaces the SDK's launcher: records its arguments and keeps running.
  const launcher = join(folder, "node_modules/@pulumi/pulumi/cmd/run");
  mkdirSync(launcher, { recursive: true });
  writeFileSync(
    join(launcher, "index.js"),
    `const { PULUMI_CONFIG, PULUMI_CONFIG_SECRET_KEYS, PULUMI_NODEJS_TYPESCRIPT, PULUMI_NODEJS_TSCONFIG_PATH } = process.env;
    const received = { PULUMI_CONFIG, PULUMI_CONFIG_SECRET_KEYS, PULUMI_NODEJS_TYPESCRIPT, PULUMI_NODEJS_TSCONFIG_PATH };
    require("fs").writeFileSync(${JSON.stringify(folder)} + "/called.part", JSON.stringify({ pid: process.pid, args: process.argv.slice(2), received }));
    require("fs").renameSync(${JSON.stringify(folder)} + "/called.part", ${JSON.stringify(folder)} + "/called");
    setInterval(() => 0, 1000);`,
  );
  const bin = join(folder, "bin");
  mkdirSync(bin);
  const child = spawn(HOST, ["127.0.0.1:1"], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, PATH: [bin, process.env["PATH"] ?? ""].join(delimiter) },
  });
  const [port] = (await once(createInterface(child.stdout), "line")) as [string];
  const client = new LanguageRuntimeClient(`127.0.0.1:${port}`, credentials.createInsecure());
  const exited = once(child, "exit");
  t.after(async () => {
    client.close();
    child.stdin.end();
    await exited;
    rmSync(folder, { recursive: true });
  });
  const info = new languagepb.ProgramInfo();
  info.setProgramDirectory(folder);
  info.setRootDirectory(folder);
  info.setEntryPoint("index.ts");
  info.setOptions(structpb.Struct.fromJavaScript({ tsconfig: "other.json", production: true }));
  return { folder, bin, child, client, info };
}

interface Called {
  readonly pid: number;
  readonly args: readonly string[];
  readonly received: unknown;
}

/** Starts the program and waits until it is running. */
async function running({ folder, client, info }: Awaited<ReturnType<typeof start>>) {
  const request = new languagepb.RunRequest();
  request.setMonitorAddress("127.0.0.1:2");
  request.setInfo(info);
  request.setProject("project");
  request.setStack("dev");
  request.setOrganization("us");
  request.setDryrun(true);
  request.setParallel(4);
  request.setArgsList(["more"]);
  request.getConfigMap().set("project:a", "1").set("other:config:b", "2");
  request.setConfigsecretkeysList(["project:a"]);
  const ended = new Promise<RunResponse | Error>((resolve) => {
    client.run(request, (error, response) => resolve(error ?? response));
  });
  const file = join(folder, "called");
  while (!existsSync(file)) await sleep(10);
  return { ended, ...(JSON.parse(readFileSync(file, "utf8")) as Called) };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

await test("starts the program like the official host, but without the proxies", async (t) => {
  const host = await start(t);
  const { args, received: environment } = await running(host);
  const flags = {
    monitor: "127.0.0.1:2",
    engine: "127.0.0.1:1",
    organization: "us",
    project: "project",
    "root-directory": host.folder,
    stack: "dev",
    pwd: host.folder,
  };
  assert.deepEqual(args, [
    ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]),
    "--dry-run",
    ...["--parallel", "4", "index.ts", "more"],
  ]);
  assert.deepEqual(environment, {
    PULUMI_CONFIG: '{"other:config:b":"2","project:config:a":"1"}',
    PULUMI_CONFIG_SECRET_KEYS: '["project:a"]',
    PULUMI_NODEJS_TYPESCRIPT: "true",
    PULUMI_NODEJS_TSCONFIG_PATH: "other.json",
  });
});

await test("cancel stops the program, and the response names the signal", async (t) => {
  const host = await start(t);
  const { ended, pid } = await running(host);
  await new Promise((resolve) => host.client.cancel(new emptypb.Empty(), resolve));
  const response = await ended;
  assert.ok(response instanceof languagepb.RunResponse);
  assert.equal(response.getError(), "Program was terminated by SIGINT");
  assert.equal(isAlive(pid), false);
});

await test("host and program exit when the engine dies", async (t) => {
  const host = await start(t);
  const { pid } = await running(host);
  const exited = once(host.child, "exit");
  host.child.stdin.end();
  assert.deepEqual(await exited, [0, null]);
  assert.equal(isAlive(pid), false);
});

await test("installs packages with npm, streams its output and reports its failure", async (t) => {
  const { bin, folder, client, info } = await start(t);
  const npm = join(bin, "npm");
  writeFileSync(npm, '#!/bin/sh\necho "$@ in $(pwd -P)"\necho warned >&2\nexit "$(cat exit)"\n');
  chmodSync(npm, 0o700);
  for (const code of [0, 7]) {
    writeFileSync(join(folder, "exit"), String(code));
    const request = new languagepb.InstallDependenciesRequest();
    request.setInfo(info);
    const stream = client.installDependencies(request);
    const said = { stdout: "", stderr: "" };
    stream.on("data", (message: InstallDependenciesResponse) => {
      said.stdout += Buffer.from(message.getStdout_asU8()).toString();
      said.stderr += Buffer.from(message.getStderr_asU8()).toString();
    });
    const outcome = await new Promise((resolve) => {
      stream.once("end", () => resolve("done")).once("error", (error) => resolve(messageOf(error)));
    });
    assert.match(said.stdout, /^install --loglevel=error --omit=dev in \/.*zot-auth-host-/);
    assert.equal(said.stderr, "warned\n");
    assert.equal(
      outcome,
      code === 0 ? "done" : `npm install --loglevel=error --omit=dev in ${folder} failed (exit code 7).`,
    );
  }
});
