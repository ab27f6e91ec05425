// Stands in for Forgejo's Actions runner: runs the steps of a job in a temporary folder.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { makeCommandFiles, readCommandFiles } from "./commandFiles.ts";
import { conditionHolds, ExpressionError, interpolate } from "./expressions.ts";
import type { Scope, Value } from "./expressions.ts";
import { baseEnvironment, jobInputs } from "./jobContext.ts";
import type { JobInputs, RunnerOptions } from "./jobContext.ts";
import { JobLog, logFile } from "./jobLog.ts";
import { runProcess } from "./shellProcess.ts";
import type { Instance, Job, Run } from "../state.ts";
import { parseWorkflow } from "./workflow.ts";
import type { Step, Workflow, WorkflowJob } from "./workflow.ts";

const DEFAULT_SHELL = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail"];
const SHELLS: Readonly<Record<string, readonly string[]>> = { bash: DEFAULT_SHELL, sh: ["sh", "-e"] };

/** A job that this runner does not support. The message goes into the job's log. */
class JobError extends Error {}

type Outcome = "success" | "failure" | "skipped";

/** Runs the job and writes its log. Returns the result and the declared outputs. */
export async function runJob(
  instance: Instance,
  run: Run,
  job: Job,
  options: RunnerOptions,
  signal: AbortSignal,
): Promise<{ readonly outcome: Outcome; readonly outputs: Record<string, string> }> {
  const root = mkdtempSync(join(tmpdir(), "forgejo-job-"));
  try {
    const path = `${run.workflowFolder}/${run.workflowFile}`;
    const workflow = parseWorkflow(run.files[path] ?? "");
    const definition = workflow?.jobs.find((candidate) => candidate.key === job.key);
    if (workflow === undefined || definition === undefined)
      throw new Error(`Run ${run.id} has no job ${job.key} in ${path}.`);
    const workspace = join(root, "workspace");
    const inputs = await jobInputs(instance, run, job, workspace, definition.enableOpenIdConnect === true);
    const execution = new Execution(instance, run, job, workflow, definition, inputs, options, root);
    return await execution.run(signal);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

class Execution {
  readonly #run: Run;
  readonly #workflow: Workflow;
  readonly #job: WorkflowJob;
  readonly #taskId: number;
  readonly #runner: string;
  readonly #options: RunnerOptions;
  readonly #inputs: JobInputs;
  readonly #log: JobLog;
  readonly #root: string;
  readonly #workspace: string;
  readonly #steps: Record<string, Value> = {};
  #environment: Record<string, string>;
  #status: "success" | "failure" = "success";

  constructor(
    instance: Instance,
    run: Run,
    job: Job,
    workflow: Workflow,
    definition: WorkflowJob,
    inputs: JobInputs,
    options: RunnerOptions,
    root: string,
  ) {
    this.#runner = instance.version.runner;
    this.#run = run;
    this.#taskId = job.taskId;
    this.#workflow = workflow;
    this.#job = definition;
    this.#options = options;
    this.#root = root;
    this.#workspace = join(root, "workspace");
    const folders = { workspace: this.#workspace, home: join(root, "home"), temporary: join(root, "temporary") };
    for (const folder of Object.values(folders)) mkdirSync(folder);
    this.#inputs = inputs;
    this.#environment = baseEnvironment(this.#inputs, options, folders);
    const { secrets, tokenRequest } = inputs;
    const masked = [...Object.values(secrets), ...(tokenRequest === undefined ? [] : [tokenRequest.token])];
    this.#log = new JobLog(logFile(instance, job), masked);
  }

  async run(signal: AbortSignal): Promise<{ outcome: Outcome; outputs: Record<string, string> }> {
    this.#log.write(
      `lab(version:${this.#runner}) received task ${this.#taskId} of job ${this.#job.key}, ` +
        `be triggered by event: ${this.#run.triggerEvent}`,
    );
    try {
      if (!conditionHolds(this.#job.condition, this.#scope({}))) return { outcome: "skipped", outputs: {} };
      const [unsupported] = this.#job.unsupported;
      if (unsupported !== undefined) throw new JobError(`The lab's runner does not support "${unsupported}" in a job`);
      this.#addEnvironment(this.#workflow.env);
      this.#addEnvironment(this.#job.env);
      this.#log.write("workflow prepared");
      for (const step of this.#job.steps) await this.#step(step, signal);
    } catch (error) {
      if (!(error instanceof ExpressionError) && !(error instanceof JobError)) throw error;
      this.#fail(error.message);
    }
    this.#log.write(this.#status === "success" ? "🏁  Job succeeded" : "🏁  Job failed");
    return { outcome: this.#status, outputs: this.#outputs() };
  }

  async #step(step: Step, signal: AbortSignal): Promise<void> {
    const scope = this.#scope(this.#environment);
    if (!conditionHolds(step.condition, scope)) {
      this.#record(step, "skipped", {});
      return;
    }
    const title = `Main ${interpolate(step.name, scope).trimEnd().replaceAll("\n", "\\n")}`;
    this.#log.write(`⭐ Run ${title}`);
    const succeeded = step.uses === null ? await this.#shell(step, signal) : this.#action(step, step.uses, scope);
    this.#log.write(succeeded ? `  ✅  Success - ${title}` : `  ❌  Failure - ${title}`);
    if (!succeeded && !step.continueOnError) this.#status = "failure";
  }

  async #shell(step: Step, signal: AbortSignal): Promise<boolean> {
    const environment = { ...this.#environment };
    for (const [name, value] of Object.entries(step.env)) {
      environment[name] = interpolate(value, this.#scope(environment));
    }
    const scope = this.#scope(environment);
    const shell = this.#shellOf(step);
    if (shell === undefined) {
      this.#log.write(
        `The lab's runner does not support the shell "${step.shell ?? this.#job.shell ?? ""}", only bash and sh.`,
      );
      this.#record(step, "failure", {});
      return false;
    }
    const files = mkdtempSync(join(this.#root, "step-"));
    const script = join(files, "script.sh");
    writeFileSync(script, `${interpolate(step.run ?? "", scope)}\n`);
    const folder = resolve(
      this.#workspace,
      interpolate(step.workingDirectory ?? this.#job.workingDirectory ?? ".", scope),
    );
    if (!existsSync(folder)) throw new JobError(`The step's working-directory does not exist: ${folder}`);
    const { exitCode, lines } = await runProcess([...shell, script], {
      folder,
      environment: { ...environment, ...makeCommandFiles(files) },
      signal,
    });
    for (const { line } of lines) {
      const masked = /^::add-mask::(.*)$/.exec(line)?.[1];
      if (masked !== undefined) this.#log.mask(masked);
    }
    this.#log.writeStamped(lines.filter(({ line }) => !line.startsWith("::add-mask::")));
    const given = readCommandFiles(files);
    Object.assign(this.#environment, given.environment);
    if (given.paths.length > 0) {
      this.#environment["PATH"] = [...given.paths.toReversed(), this.#environment["PATH"] ?? ""].join(":");
    }
    if (exitCode !== 0) this.#log.write(`exitcode '${exitCode ?? "killed"}': failure`);
    this.#record(step, exitCode === 0 ? "success" : "failure", given.outputs);
    return exitCode === 0;
  }

  /** Supports only `actions/checkout`, which copies the repository's files: other actions require network access. */
  #action(step: Step, uses: string, scope: Scope): boolean {
    const known = /(?:^|\/)actions\/checkout(?:@|$)/.test(uses);
    if (known) {
      const target = resolve(this.#workspace, interpolate(step.with["path"] ?? ".", scope));
      for (const [path, content] of Object.entries(this.#run.files)) writeTracked(join(target, path), content);
      this.#log.write(`Checked out ${this.#run.sha}`);
    } else {
      this.#log.write(
        `The lab's runner cannot fetch the action "${uses}"; it supports only actions/checkout. Use a "run" step.`,
      );
    }
    this.#record(step, known ? "success" : "failure", {});
    return known;
  }

  #shellOf(step: Step): readonly string[] | undefined {
    const named = step.shell ?? this.#job.shell;
    return named === null ? (this.#options.shell ?? DEFAULT_SHELL) : SHELLS[named];
  }

  #scope(environment: Readonly<Record<string, string>>): Scope {
    const { github, inputs, needs, secrets, variables } = this.#inputs;
    return {
      status: this.#status,
      contexts: {
        github,
        forgejo: github,
        gitea: github,
        env: environment,
        secrets,
        vars: variables,
        inputs,
        needs,
        steps: this.#steps,
        job: { status: this.#status },
        runner: { os: "Linux", temp: join(this.#root, "temporary") },
      },
    };
  }

  #addEnvironment(values: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(values)) {
      this.#environment[name] = interpolate(value, this.#scope(this.#environment));
    }
  }

  #record(step: Step, outcome: Outcome, outputs: Readonly<Record<string, string>>): void {
    if (step.id === null) return;
    const conclusion = outcome === "failure" && step.continueOnError ? "success" : outcome;
    this.#steps[step.id] = { outcome, conclusion, outputs };
  }

  #outputs(): Record<string, string> {
    return Object.fromEntries(
      Object.entries(this.#job.outputs).map(([name, value]) => [name, interpolate(value, this.#scope({}))]),
    );
  }

  #fail(reason: string): void {
    this.#log.write(reason);
    this.#status = "failure";
  }
}

/** Git records whether a file is executable. Here a file that starts with `#!` is. */
function writeTracked(file: string, content: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  if (content.startsWith("#!")) chmodSync(file, 0o755);
}
