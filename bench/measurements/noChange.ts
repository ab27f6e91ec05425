import { atMost } from "../measurement.ts";
import type { Measurement, Row } from "../measurement.ts";
import { barChart } from "../page/bars.ts";
import { observed, timed } from "../support/command.ts";
import type { Timed } from "../support/command.ts";
import { EmptyProgram } from "../support/emptyProgram.ts";
import { PREVIEW, UP, UP_UNCHANGED, pulumiOn, startLab } from "../support/lab.ts";
import { median, seconds, times } from "../support/numbers.ts";

/** How often each command is run, in turns: only ratios of one run mean anything. */
const ROUNDS = { full: 7, smallest: 1 } as const;

export const noChange: Measurement = {
  name: "no-change",
  title: "`preview` and `up` with no changes",

  async run(size) {
    const [asOurs, asNew] = [await EmptyProgram.create("asOurs"), await EmptyProgram.create("asNew")];
    const lab = await startLab();
    try {
      await timed(...pulumiOn(lab, ...UP));
      const commands = {
        "preview of an empty program (a)": async () => asOurs.run("preview"),
        "preview of an empty program (b)": async () => asNew.run("preview"),
        "preview of the lab": async () => timed(...pulumiOn(lab, ...PREVIEW)),
        "up of an empty program (a)": async () => asOurs.run(...UP),
        "up of an empty program (b)": async () => asNew.run(...UP),
        "up of the lab": async () => timed(...pulumiOn(lab, ...UP_UNCHANGED)),
      } as const;
      type Name = keyof typeof commands;
      const runs = Object.entries(commands).map(([name, run]) => ({ name: name as Name, run, all: [] as Timed[] }));
      // The first round fills the compile cache.
      for (let round = 0; round <= ROUNDS[size]; round += 1)
        for (const { run, all } of runs) {
          const result = await run();
          if (round > 0) all.push(result);
        }
      const wall = (name: Name): number =>
        median(runs.find((one) => one.name === name)?.all.map((one) => one.wall) ?? []);
      const cpu = (name: Name): number =>
        median(runs.find((one) => one.name === name)?.all.map((one) => one.cpu) ?? []);
      const row = (name: Name): Row => ({
        what: `\`${name.replace(" ", "` ")}`,
        measured: `${seconds(wall(name))}, ${seconds(cpu(name))} of CPU`,
      });
      const against = (of: "preview" | "up", kind: "a" | "b", limit: number): Row => {
        const [ours, theirs] = [`${of} of the lab`, `${of} of an empty program (${kind})`] as const;
        const ratio = wall(ours) / wall(theirs);
        return {
          what: `\`${of}\`, against (${kind})`,
          measured: `${times(ratio)} (CPU: ${(cpu(ours) / cpu(theirs)).toFixed(2)})`,
          goal: atMost(limit, ratio, " times"),
        };
      };
      const { processes, cpu: all } = await observed(...pulumiOn(lab, ...PREVIEW));
      const node = processes.reduce((sum, one) => sum + one.cpu, 0);
      const shares = [
        ...processes.map(({ name, cpu: of, memory }) => `${name} ${seconds(of)} (${memory.toFixed(0)} MB)`),
        `the CLI and what it starts besides ${seconds(all - node)}`,
      ];
      return {
        rows: [
          ...runs.map(({ name }) => row(name)),
          against("preview", "a", 1.5),
          against("up", "a", 1.5),
          against("preview", "b", 0.8),
          against("up", "b", 0.8),
        ],
        details: `Where a preview's CPU time goes, by process: ${shares.join(", ")}.`,
        chart: {
          description: `Medians of ${ROUNDS[size]} runs in turns: ${runs.map(({ name }) => `${name} ${seconds(wall(name))}`).join(", ")}.`,
          svg: barChart(
            runs.map(({ name, all: measured }) => ({
              name,
              value: wall(name),
              shown: seconds(wall(name)),
              points: measured.map((one) => one.wall),
              strong: name.endsWith("lab"),
            })),
          ),
        },
      };
    } finally {
      await lab.stop();
      for (const program of [asOurs, asNew]) program.delete();
    }
  },
};
