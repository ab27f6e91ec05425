import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import languagepb from "@pulumi/pulumi/proto/language_pb.js";
import type { RunRequest, RunResponse } from "@pulumi/pulumi/proto/language_pb.js";
import { runtimeOptions } from "./runtimeOptions.ts";

/** The SDK's exit code for an error that it has already shown. */
const ERROR_ALREADY_SHOWN = 32;
/** How long a program may take to exit after SIGINT. */
const GRACE_MILLISECONDS = 5000;

export interface Surroundings {
  readonly environment: NodeJS.ProcessEnv;
  /** Gets what the program writes. */
  readonly output: (chunk: Buffer, stream: "stdout" | "stderr") => void;
  /** Default: a process for each program. */
  readonly launch?: Launch;
}

/** A program with the SDK's launcher. */
export interface Program {
  /** Node's own arguments. */
  readonly nodeArgs: readonly string[];
  readonly launcher: string;
  /** The launcher's arguments. */
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  /** Gets what the program writes; default: it writes where this process does. */
  readonly output: Surroundings["output"] | undefined;
  /** Aborted when the user cancels or the engine ends the call. */
  readonly signal: AbortSignal;
}

/** Runs a program to its end: its exit code, or the signal that killed it. */
export type Launch = (program: Program) => Promise<readonly [code: number | null, killedBy: NodeJS.Signals | null]>;

/**
 * Runs the program in a separate Node process with the SDK's launcher and waits until it exits. Its output goes directly to the engine.
 * The official host puts a proxy between program and engine for the synchronous invokes of SDKs before 3.0; this one does not.
 *
 * @param signal aborted when the user cancels or the engine ends the call
 */
export async function run(
  request: RunRequest,
  engineAddress: string,
  signal: AbortSignal,
  surroundings?: Surroundings,
): Promise<RunResponse> {
  const info = request.getInfo();
  const program = info?.getProgramDirectory() ?? request.getPwd();
  const options = runtimeOptions(info);
  const args: string[] = [];
  const flag = (name: string, value: string) => value !== "" && args.push(`--${name}`, value);
  flag("monitor", request.getMonitorAddress());
  flag("engine", engineAddress);
  flag("organization", request.getOrganization());
  flag("project", request.getProject());
  flag("root-directory", info?.getRootDirectory() ?? "");
  flag("stack", request.getStack());
  flag("pwd", program);
  if (request.getDryrun()) args.push("--dry-run");
  flag("parallel", String(request.getParallel()));
  args.push(info?.getEntryPoint() ?? ".", ...request.getArgsList());

  const launch = surroundings?.launch ?? inOwnProcess;
  return responseFor(
    ...(await launch({
      nodeArgs: options.nodeArgs,
      launcher: launcherOf(program),
      args,
      environment: {
        ...(surroundings?.environment ?? process.env),
        PULUMI_CONFIG: JSON.stringify(configOf(request)),
        PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
        ...(options.typescript ? { PULUMI_NODEJS_TYPESCRIPT: "true" } : {}),
        ...(options.tsconfig === undefined ? {} : { PULUMI_NODEJS_TSCONFIG_PATH: options.tsconfig }),
      },
      output: surroundings?.output,
      signal,
    })),
  );
}

/** The program in a process of its own, as a user's. */
export async function inOwnProcess({
  nodeArgs,
  launcher,
  args,
  environment,
  output,
  signal,
}: Program): ReturnType<Launch> {
  const outputs = output === undefined ? "inherit" : "pipe";
  const child = spawn("node", [...nodeArgs, launcher, ...args], {
    stdio: ["ignore", outputs, outputs],
    env: environment,
  });
  for (const stream of ["stdout", "stderr"] as const)
    child[stream]?.on("data", (chunk: Buffer) => output?.(chunk, stream));
  return endOf(child, signal);
}

/** Waits until the process has exited, and interrupts it when the signal is aborted. */
async function endOf(child: ChildProcess, signal: AbortSignal): ReturnType<Launch> {
  let lastResort: NodeJS.Timeout | undefined;
  const interrupt = () => {
    child.kill("SIGINT");
    lastResort = setTimeout(() => child.kill("SIGKILL"), GRACE_MILLISECONDS);
  };
  if (signal.aborted) interrupt();
  signal.addEventListener("abort", interrupt);
  try {
    return await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (...end) => resolve(end));
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(`Cannot start the program: running node failed (${code ?? "unknown error"}).`, {
      cause: error,
    });
  } finally {
    signal.removeEventListener("abort", interrupt);
    clearTimeout(lastResort);
  }
}

function responseFor(code: number | null, killedBy: NodeJS.Signals | null): RunResponse {
  const response = new languagepb.RunResponse();
  if (code === ERROR_ALREADY_SHOWN) response.setBail(true);
  else if (killedBy === "SIGABRT" || code === 134) {
    response.setError(
      "Node aborted the program, most likely because it ran out of memory. To raise the limit, set the runtime option `nodeargs: --max-old-space-size=<MB>` in Pulumi.yaml.",
    );
  } else if (killedBy !== null) response.setError(`Program was terminated by ${killedBy}`);
  else if (code !== 0) response.setError(`Program exited with non-zero exit code: ${String(code)}`);
  return response;
}

/** The launcher of the program's SDK, which may be another version than this language host's. */
function launcherOf(program: string): string {
  try {
    return createRequire(join(program, "package.json")).resolve("@pulumi/pulumi/cmd/run");
  } catch {
    throw new Error(
      `It looks like the Pulumi SDK has not been installed: cannot find @pulumi/pulumi from ${program}. Run \`npm ci\` there.`,
    );
  }
}

/** The stack's config in the form that the SDK reads: keys are `<namespace>:config:<name>`. */
function configOf(request: RunRequest): Record<string, string> {
  return Object.fromEntries(
    request
      .getConfigMap()
      .toArray()
      .map(([key, value]) => {
        const [namespace = "", ...rest] = key.split(":");
        const name = rest[0] === "config" && rest.length > 1 ? rest.slice(1) : rest;
        return [`${namespace}:config:${name.join(":")}`, value];
      }),
  );
}
