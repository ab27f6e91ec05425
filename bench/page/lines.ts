import { SERIES, dot, label, line, picture, rect } from "./svg.ts";

export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [760, 420, 60, 170, 20, 50];

/** Lines on logarithmic axes, on which time in proportion to the work has the slope of the dashed line. */
export function lineChart(axes: { readonly x: string; readonly y: string }, series: readonly Series[]): string {
  const points = series.flatMap((one) => one.points);
  const [xs, ys] = [axis(points.map(([x]) => x)), axis(points.map(([, y]) => y))];
  const place = ([x, y]: readonly [number, number]): readonly [number, number] => [
    LEFT + part(xs, x) * (WIDTH - LEFT - RIGHT),
    HEIGHT - BOTTOM - part(ys, y) * (HEIGHT - TOP - BOTTOM),
  ];
  const [right, bottom] = [WIDTH - RIGHT, HEIGHT - BOTTOM];
  return picture(WIDTH, HEIGHT, [
    ...ticks(xs).flatMap((tick) => {
      const [x] = place([tick, ys.least]);
      return [
        line("grid", [
          [x, TOP],
          [x, bottom],
        ]),
        label(String(tick), { x, y: bottom + 18 }, "middle", "soft"),
      ];
    }),
    ...ticks(ys).flatMap((tick) => {
      const [, y] = place([xs.least, tick]);
      return [
        line("grid", [
          [LEFT, y],
          [right, y],
        ]),
        label(String(tick), { x: LEFT - 8, y: y + 4 }, "end", "soft"),
      ];
    }),
    label(axes.x, { x: right, y: bottom + 38 }, "end", "soft"),
    label(axes.y, { x: LEFT, y: TOP - 6 }, "start", "soft"),
    line("quiet guide", [place([xs.most / (ys.most / ys.least), ys.least]), place([xs.most, ys.most])]),
    ...series.flatMap(({ name, points: own }, index) => {
      const color = SERIES[index % SERIES.length] ?? "one";
      const y = TOP + 10 + index * 24;
      return [
        line(`${color} line`, own.map(place)),
        ...own.map((point) => dot(`${color} dot`, place(point))),
        rect(color, { x: right + 16, y: y - 5, width: 14, height: 4 }),
        label(name, { x: right + 36, y }),
      ];
    }),
    label("in proportion: dashed", { x: right + 16, y: TOP + 10 + series.length * 24 }, "start", "soft"),
  ]);
}

interface Axis {
  readonly least: number;
  readonly most: number;
}

/** Whole powers of ten around the values. */
function axis(values: readonly number[]): Axis {
  const least = 10 ** Math.floor(Math.log10(Math.min(...values)));
  return { least, most: Math.max(10 ** Math.ceil(Math.log10(Math.max(...values))), least * 10) };
}

function part({ least, most }: Axis, value: number): number {
  return Math.log10(value / least) / Math.log10(most / least);
}

function ticks({ least, most }: Axis): readonly number[] {
  const powers = Math.round(Math.log10(most / least));
  return Array.from({ length: powers + 1 }, (_, index) => Number((least * 10 ** index).toPrecision(1)));
}
