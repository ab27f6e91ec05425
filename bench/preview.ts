// npm run bench: `pulumi preview` with no changes against that of an empty program, in turns, on a lab of its own. Only the ratio means anything.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { EngineLab } from "../tests/engine/support/harness.ts";

const ROUNDS = Number(process.argv[2] ?? 9);

/** A program without a resource, configured as ours is. */
class EmptyProgram {
  readonly #folder = mkdtempSync(join(tmpdir(), "zot-auth-empty-"));

  constructor() {
    const write = (name: string, text: string): void => writeFileSync(join(this.#folder, name), text);
    write("Pulumi.yaml", "name: empty\nruntime: { name: nodejs, options: { typescript: false } }\nmain: index.ts\n");
    write("package.json", JSON.stringify({ name: "empty", type: "module", main: "index.ts" }));
    write("index.ts", 'import "@pulumi/pulumi";\n');
    symlinkSync(resolve("node_modules"), join(this.#folder, "node_modules"));
    mkdirSync(join(this.#folder, "state"));
    this.run("stack", "init", "empty");
    this.run("up", "--yes", "--skip-preview");
  }

  run(...args: readonly string[]): void {
    const env = {
      ...process.env,
      PULUMI_BACKEND_URL: `file://${join(this.#folder, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: "empty",
    };
    const { status, stderr, stdout } = spawnSync("pulumi", [...args, "--non-interactive"], {
      cwd: this.#folder,
      env,
      encoding: "utf8",
    });
    assert.equal(status, 0, stdout + stderr);
  }

  delete(): void {
    rmSync(this.#folder, { recursive: true });
  }
}

async function milliseconds(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

const median = (values: readonly number[]): number =>
  values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? 0;

const empty = new EmptyProgram();
const lab = await EngineLab.start();
try {
  const { code, output } = await lab.up();
  assert.equal(code, 0, output);
  const times: { readonly empty: number[]; readonly ours: number[] } = { empty: [], ours: [] };
  const ours = async (): Promise<void> => {
    const result = await lab.pulumi("preview", "--non-interactive", "--expect-no-changes");
    assert.equal(result.code, 0, result.output);
  };
  await ours(); // fills the compile cache
  for (let round = 0; round < ROUNDS; round++) {
    times.empty.push(await milliseconds(() => empty.run("preview")));
    times.ours.push(await milliseconds(ours));
  }
  const [base, measured] = [median(times.empty), median(times.ours)];
  console.log(`preview of an empty program    ${base.toFixed(0)} ms`);
  console.log(`preview of the lab, no changes ${measured.toFixed(0)} ms`);
  console.log(`ratio                          ${(measured / base).toFixed(2)} (medians of ${ROUNDS}, in turns)`);
} finally {
  await lab.stop();
  empty.delete();
}
