// Runs the step of ci/forgejo/zot-auth-proof.yaml: its script, taken out of the workflow, with the variables that the workflow gives it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { interpolate } from "../../../lab/forgejo/runner/expressions.ts";
import { masked } from "../pushing.ts";

/** A variable that the script and all that it starts have. */
export const MARK = "JOB_PROOF_TEST=1";

const FILE = resolve(import.meta.dirname, "../../../ci/forgejo/zot-auth-proof.yaml");

interface Step {
  readonly shell: string;
  readonly run: string;
  readonly env: Readonly<Record<string, string>>;
}
interface Proof {
  readonly on: {
    readonly workflow_dispatch: { readonly inputs: Readonly<Record<string, { readonly default?: string }>> };
  };
  readonly jobs: { readonly proof: { readonly steps: readonly [Step] } };
}

const { on, jobs } = parse(readFileSync(FILE, "utf8")) as Proof;
const [step, ...others] = jobs.proof.steps;
assert.deepEqual(others, []);
const declared = on.workflow_dispatch.inputs;

/** Names of the workflow's inputs. */
export const INPUTS = Object.keys(declared);

export interface Proved {
  readonly code: number | null;
  /** As the job's log shows it, with what is masked. */
  readonly log: string;
  /** `ok 403 403`, by what the row is about. */
  readonly rows: ReadonlyMap<string, string>;
}

export interface ProofOptions {
  /** For the job's folders. */
  readonly folder: string;
  readonly inputs: Readonly<Record<string, string>>;
  /** Variables of the job besides, and in the place of the workflow's. */
  readonly variables: NodeJS.ProcessEnv;
}

export async function runProof({ folder, inputs, variables }: ProofOptions): Promise<Proved> {
  const job = mkdtempSync(join(folder, "proof-"));
  const temporary = join(job, "temporary");
  mkdirSync(temporary);
  writeFileSync(join(job, "script.sh"), step.run);
  const defaults = Object.fromEntries(Object.entries(declared).map(([name, { default: text = "" }]) => [name, text]));
  const scope = { status: "success", contexts: { inputs: { ...defaults, ...inputs }, vars: {} } } as const;
  const child = spawn(step.shell, ["-e", join(job, "script.sh")], {
    env: {
      PATH: process.env["PATH"],
      RUNNER_TEMP: temporary,
      GITHUB_REPOSITORY: "own/app",
      GITHUB_REF: "refs/heads/main",
      GITHUB_EVENT_NAME: "workflow_dispatch",
      GITHUB_RUN_ID: "78",
      [MARK.split("=")[0] ?? ""]: "1",
      ...Object.fromEntries(Object.entries(step.env).map(([name, value]) => [name, interpolate(value, scope)])),
      ...variables,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  const code = await new Promise<number | null>((done) => child.once("close", done));
  assert.deepEqual(readdirSync(temporary), [], "nothing stays");
  const log = masked(Buffer.concat(chunks).toString());
  const rows = [...log.matchAll(/^(ok|FAILED) +expected (.*), measured (\d+): (.*)$/gm)];
  return {
    code,
    log,
    rows: new Map(
      rows.map(([, result, expected, measured, what]) => [what ?? "", `${result} ${expected} ${measured}`]),
    ),
  };
}
