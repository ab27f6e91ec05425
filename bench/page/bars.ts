import { dot, label, picture, rect } from "./svg.ts";

export interface Bar {
  readonly name: string;
  readonly value: number;
  /** How the value is written. */
  readonly shown: string;
  /** The single measurements. */
  readonly points?: readonly number[];
  readonly strong: boolean;
}

const [WIDTH, LEFT, RIGHT, ROW] = [760, 250, 80, 30];

/** Horizontal bars from zero, with the single measurements as circles. */
export function barChart(bars: readonly Bar[]): string {
  const most = Math.max(...bars.flatMap(({ value, points = [] }) => [value, ...points]));
  const scale = (value: number): number => (value / most) * (WIDTH - LEFT - RIGHT);
  return picture(
    WIDTH,
    bars.length * ROW + 20,
    bars.flatMap(({ name, value, shown, points = [], strong }, index) => {
      const y = 10 + index * ROW;
      return [
        label(name, { x: LEFT - 10, y: y + 19 }, "end"),
        rect(strong ? "one" : "quiet", { x: LEFT, y: y + 4, width: scale(value), height: ROW - 10 }),
        ...points.map((point) => dot("point", [LEFT + scale(point), y + ROW / 2 - 1])),
        label(shown, { x: LEFT + scale(Math.max(value, ...points)) + 10, y: y + 19 }),
      ];
    }),
  );
}
