// Runs ci/push-image.sh as a job's step does, and looks meanwhile at what it keeps.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

const ROOT = resolve(import.meta.dirname, "../..");
/** A variable that the script and all that it starts have. */
export const MARK = "PUSH_IMAGE_TEST=1";

export interface Pushed {
  readonly code: number | null;
  /** What the job's log shows. */
  readonly said: string;
  /** What later steps of the job get. */
  readonly outputs: string;
}

export interface PushOptions {
  /** For the job's folders. */
  readonly folder: string;
  readonly variables: NodeJS.ProcessEnv;
  /** What the log must not have. */
  readonly secrets?: readonly string[];
  /** The script gets SIGTERM once this returns true. */
  readonly stopOnce?: (() => boolean) | undefined;
}

export async function pushImage(args: readonly string[], options: PushOptions): Promise<Pushed> {
  const { folder, variables, secrets = [], stopOnce = () => false } = options;
  const job = mkdtempSync(join(folder, "job-"));
  const temporary = join(job, "temporary");
  mkdirSync(temporary);
  const child = spawn(join(ROOT, "ci/push-image.sh"), args, {
    env: {
      PATH: `${join(ROOT, "lab/bin")}:${process.env["PATH"] ?? ""}`,
      HOME: job,
      RUNNER_TEMP: temporary,
      GITHUB_OUTPUT: join(job, "outputs"),
      [MARK.split("=")[0] ?? ""]: "1",
      ...variables,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise<number | null>((done) => child.once("close", done));
  let stopping = false;
  while (child.exitCode === null && child.signalCode === null) {
    assertPrivate(temporary);
    if (!stopping && stopOnce()) stopping = child.kill("SIGTERM");
    await delay(5);
  }
  const code = await ended;
  assert.deepEqual(readdirSync(temporary), [], "nothing stays");
  const said = Buffer.concat(chunks).toString();
  for (const secret of secrets) assert.ok(!said.includes(secret));
  return { code, said, outputs: written(join(job, "outputs")) };
}

/** A log as the runner shows it: what a line asks to mask is masked from then on, and must not stand before it. */
export function masked(log: string): string {
  let shown = log;
  for (const [line, secret = ""] of log.matchAll(/^::add-mask::(.*)\n/gm)) {
    assert.ok(log.indexOf(secret) > log.indexOf(line), "a secret stands in the log before it is masked");
    shown = shown.replace(line, "").replaceAll(secret, "***");
  }
  return shown;
}

function assertPrivate(temporary: string): void {
  for (const place of readdirSync(temporary)) {
    const folder = join(temporary, place);
    for (const path of [folder, join(folder, "config.json"), join(folder, "auth.json")]) {
      const { mode = 0 } = statSync(path, { throwIfNoEntry: false }) ?? {};
      assert.equal(mode & 0o77, 0, "only this user can read what the script keeps");
    }
  }
}

/** Empty if there is none. */
function written(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}
