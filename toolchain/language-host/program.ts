// Stand-in for Pulumi's language host for Node.js: one run of a program, as the official host starts it.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import languagepb from "@pulumi/pulumi/proto/language_pb.js";

type RunRequest = InstanceType<typeof languagepb.RunRequest>;
type RunResponse = InstanceType<typeof languagepb.RunResponse>;

/** The exit code by which `cmd/run` says that the person has been told already what is wrong. */
const ALREADY_TOLD = 32;

export class Program {
  readonly #request: RunRequest;
  readonly #engine: string;
  #child: ChildProcess | undefined;

  constructor(request: RunRequest, engine: string) {
    this.#request = request;
    this.#engine = engine;
  }

  async run(): Promise<RunResponse> {
    const response = new languagepb.RunResponse();
    const code = await this.#spawn();
    if (code === ALREADY_TOLD) response.setBail(true);
    else if (code !== 0)
      response.setError(`Program exited with ${typeof code === "number" ? "non-zero exit code: " : ""}${code}`);
    return response;
  }

  stop(): void {
    this.#child?.kill("SIGTERM");
  }

  async #spawn(): Promise<number | NodeJS.Signals> {
    const request = this.#request;
    const info = request.getInfo();
    const options = (info?.getOptions()?.toJavaScript() ?? {}) as Readonly<Record<string, unknown>>;
    const directory = info?.getProgramDirectory() ?? request.getPwd();
    const nodeArguments =
      typeof options["nodeargs"] === "string" ? options["nodeargs"].split(/\s+/).filter((part) => part !== "") : [];
    const child = spawn(
      process.execPath,
      [
        ...nodeArguments,
        runner(directory),
        ...this.#arguments(),
        info?.getEntryPoint() ?? request.getProgram(),
        ...request.getArgsList(),
      ],
      {
        cwd: request.getPwd(),
        stdio: ["ignore", "inherit", "inherit"],
        env: {
          ...process.env,
          PULUMI_CONFIG: JSON.stringify(Object.fromEntries(request.getConfigMap().toObject())),
          PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
          PULUMI_NODEJS_TYPESCRIPT: String(options["typescript"] !== false),
        },
      },
    );
    this.#child = child;
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code, signal) => resolve(code ?? signal ?? 1));
    });
  }

  #arguments(): readonly string[] {
    const request = this.#request;
    const named: readonly (readonly [string, string])[] = [
      ["monitor", request.getMonitorAddress()],
      ["engine", this.#engine],
      ["organization", request.getOrganization()],
      ["project", request.getProject()],
      ["root-directory", request.getInfo()?.getRootDirectory() ?? ""],
      ["stack", request.getStack()],
      ["pwd", request.getPwd()],
      ["parallel", String(request.getParallel())],
    ];
    return [
      ...named.filter(([, value]) => value !== "").flatMap(([name, value]) => [`--${name}`, value]),
      ...(request.getDryrun() ? ["--dry-run"] : []),
      ...(request.getQuerymode() ? ["--query-mode"] : []),
    ];
  }
}

/** The SDK's own runner, as the program's folder resolves it. */
function runner(directory: string): string {
  return createRequire(join(directory, "package.json")).resolve("@pulumi/pulumi/cmd/run");
}
