// npm run bench [-- <name> …]: measures, prints the results, and writes them into docs/background/performance.md with their pictures. Without names, all.
// With --smallest it only shows that everything works: its numbers mean nothing, and nothing is written.
import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg } from "node:os";
import { formatted } from "../docs/generate/format.ts";
import type { Measurement, Result } from "./measurement.ts";
import { MEASUREMENTS } from "./measurements/all.ts";
import { pictureOf, withResults } from "./page/page.ts";

const docs = (name: string): URL => new URL(`../docs/background/${name}`, import.meta.url);

function chosen(names: readonly string[]): readonly Measurement[] {
  const unknown = names.filter((name) => !MEASUREMENTS.some((one) => one.name === name));
  if (unknown.length > 0) {
    console.error(
      `There is no measurement "${unknown.join('", "')}". There are: ${MEASUREMENTS.map(({ name }) => name).join(", ")}.`,
    );
    process.exit(2);
  }
  return MEASUREMENTS.filter(({ name }) => names.length === 0 || names.includes(name));
}

function print({ title }: Measurement, { rows, details }: Result): void {
  console.log(`\n${title}`);
  const width = Math.max(0, ...rows.map(({ what }) => what.length));
  for (const { what, measured, goal } of rows)
    console.log(
      `  ${what.padEnd(width)}  ${measured}${goal === undefined ? "" : ` (${goal.text}: ${goal.met ? "met" : "MISSED"})`}`,
    );
  if (details !== undefined) console.log(`  ${details}`);
}

/** After each measurement, so that one that fails does not take the others' results with it. */
async function write(measurement: Measurement, result: Result): Promise<void> {
  if (result.chart !== undefined) writeFileSync(docs(pictureOf(measurement.name)), result.chart.svg);
  const page = withResults(readFileSync(docs("performance.md"), "utf8"), [{ measurement, result }], about);
  writeFileSync(docs("performance.md"), await formatted("performance.md", page));
}

// Others at work change every number, and less the ratios.
const [load = 0] = loadavg();
const about = `Measured on ${new Date().toISOString().slice(0, 10)} on ${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? "unknown"}) with Node ${process.versions.node}, at a load of ${load.toFixed(1)} before`;
console.log(about);
const args = process.argv.slice(2);
const size = args.includes("--smallest") ? "smallest" : "full";
for (const measurement of chosen(args.filter((arg) => arg !== "--smallest"))) {
  const result = await measurement.run(size);
  print(measurement, result);
  if (size === "full") await write(measurement, result);
}
