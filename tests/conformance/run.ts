// npm run conformance: runs the public conformance suites of the OCI distribution specification, and writes docs/background/conformance.md.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SetupError } from "../../toolchain/setup/errors.js";
import { placeOf } from "../../toolchain/system/place.js";
import { Reporter } from "../../toolchain/setup/progress.js";
import { startRegistry } from "../lab/zot/support/registry.ts";
import { metricsAccess } from "../lab/zot/support/releaseDifferences.ts";
import { findRealZot, standIn } from "../lab/zot/support/zotPrograms.ts";
import type { ZotProgram } from "../lab/zot/support/zotPrograms.ts";
import { findSuite } from "./build.ts";
import { accounts, data, page, readMeasured, renderPage } from "./document.ts";
import { parseJunit } from "./junit.ts";
import type { Measured, Result } from "./results.ts";
import { resultOf, shownTally, totalOf, unexplained } from "./results.ts";
import type { Suite } from "./suites.ts";
import { reportsFolder, suites } from "./suites.ts";

const place = placeOf(fileURLToPath(new URL("../..", import.meta.url)), process.env);
const reporter = new Reporter(process.stdout, false);

async function measure(program: ZotProgram, reports: string): Promise<Measured[string]> {
  const bySuite: Record<string, Record<string, Result>> = {};
  for (const suite of suites) {
    const { file } = await reporter.step(suite.id, (progress) => findSuite(place, suite, progress));
    const byAccount: Record<string, Result> = {};
    for (const account of accounts) {
      const result = await runSuite(
        suite,
        file,
        program,
        account,
        reportsFolder(reports, program.name, suite.id, account),
      );
      console.log(
        `${program.name}, ${suite.id}, ${account}: ${shownTally(totalOf(result))} (passed / failed / skipped)`,
      );
      for (const [reason, count] of Object.entries(result.reasons)) console.log(`    ${count} × ${reason}`);
      byAccount[account] = result;
    }
    bySuite[suite.id] = byAccount;
  }
  return bySuite;
}

async function runSuite(
  suite: Suite,
  file: string,
  program: ZotProgram,
  user: string,
  reports: string,
): Promise<Result> {
  const registry = await startRegistry((config) => {
    if (config.http.accessControl !== undefined) config.http.accessControl.metrics = metricsAccess(program.release);
  }, program);
  try {
    const authorization = await registry.mint(user);
    const [, key = ""] = Buffer.from(authorization.slice("Basic ".length), "base64").toString().split(":");
    const env = { PATH: process.env["PATH"], ...suite.environment({ url: registry.url, user, key, reports }) };
    const child = spawn(file, [], { cwd: reports, env, stdio: ["ignore", "pipe", "pipe"] });
    const output: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => output.push(chunk));
    await new Promise<void>((resolve, reject) => child.once("error", reject).once("close", () => resolve()));
    const report = join(reports, "junit.xml");
    // The exit code only shows whether a case failed. Without a report, the suite did not run.
    if (!existsSync(report))
      throw new Error(`The suite ${suite.id} wrote no report.\n${Buffer.concat(output).toString()}`);
    return resultOf(suite, parseJunit(readFileSync(report, "utf8")));
  } finally {
    await registry.close();
  }
}

/** Whether every failure has a known reason. */
function areExplained(measured: Measured): boolean {
  const results = Object.values(measured).flatMap((bySuite) => Object.values(bySuite).flatMap(Object.values<Result>));
  return results.every(({ reasons }) => reasons[unexplained] === undefined);
}

const reports = mkdtempSync(join(tmpdir(), "zot-conformance-"));
try {
  const real = findRealZot();
  if (real === undefined) console.log("No real zot is on PATH, so its numbers on the page are unchanged.");
  let measured: Measured = existsSync(data) ? readMeasured() : {};
  for (const program of [standIn(), ...(real === undefined ? [] : [real])]) {
    measured = { ...measured, [program.name]: await measure(program, reports) };
  }
  writeFileSync(data, `${JSON.stringify(measured, undefined, 2)}\n`);
  writeFileSync(page, await renderPage(measured));
  console.log("Wrote docs/background/conformance.md.");
  if (areExplained(measured)) rmSync(reports, { recursive: true });
  else {
    console.log(`Some failures are not explained. The suites' reports are in ${reports}.`);
    process.exitCode = 1;
  }
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`✗ ${error.message}`);
  process.exitCode = 1;
}
