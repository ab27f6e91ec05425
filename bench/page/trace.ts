import { label, line, picture, rect } from "./svg.ts";

/** A step of a run, in seconds since its begin. */
export interface TracedStep {
  readonly name: string;
  readonly begun: number;
  readonly ended: number;
  /** Whether the run would have ended later if this step had. */
  readonly critical: boolean;
  /** When servers were answering it. */
  readonly answering: readonly (readonly [begun: number, ended: number])[];
}

const [WIDTH, LEFT, RIGHT, ROW] = [900, 260, 60, 18];

/** Who waited for what: a bar for each step, the critical path in colour, and in each the time in which a server was answering. */
export function traceChart(steps: readonly TracedStep[], end: number): string {
  const at = (seconds: number): number => LEFT + (seconds / end) * (WIDTH - LEFT - RIGHT);
  const bottom = 20 + steps.length * ROW;
  const grid = Array.from({ length: Math.floor(end) + 1 }, (_, second) => second);
  return picture(WIDTH, bottom + 50, [
    ...grid.flatMap((second) => [
      line("grid", [
        [at(second), 10],
        [at(second), bottom],
      ]),
      label(`${second} s`, { x: at(second), y: bottom + 16 }, "middle", "soft"),
    ]),
    ...steps.flatMap(({ name, begun, ended, critical, answering }, index) => {
      const y = 14 + index * ROW;
      const bar = (className: string, from: number, to: number, [top, height]: readonly [number, number]) =>
        rect(className, { x: at(from), y: y + top, width: Math.max(1, at(to) - at(from)), height });
      return [
        label(name, { x: LEFT - 8, y: y + 12 }, "end", critical ? "" : "soft"),
        bar(critical ? "one" : "quiet", begun, ended, [3, 10]),
        ...answering.map(([from, to]) => bar("three", from, to, [6, 4])),
      ];
    }),
    rect("one", { x: LEFT, y: bottom + 30, width: 14, height: 8 }),
    label("critical path", { x: LEFT + 20, y: bottom + 38 }),
    rect("quiet", { x: LEFT + 130, y: bottom + 30, width: 14, height: 8 }),
    label("other steps", { x: LEFT + 150, y: bottom + 38 }),
    rect("three", { x: LEFT + 250, y: bottom + 32, width: 14, height: 4 }),
    label("a server is answering, or the host is at work", { x: LEFT + 270, y: bottom + 38 }),
  ]);
}
