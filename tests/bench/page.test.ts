import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import type { Result } from "../../bench/measurement.ts";
import { MEASUREMENTS } from "../../bench/measurements/all.ts";
import { barChart } from "../../bench/page/bars.ts";
import { lineChart } from "../../bench/page/lines.ts";
import { withResults } from "../../bench/page/page.ts";
import { traceChart } from "../../bench/page/trace.ts";

const page = readFileSync(new URL("../../docs/background/performance.md", import.meta.url), "utf8");

test("docs/background/performance.md has a place for each measurement, and new results replace old ones there", () => {
  const result = (measured: string): Result => ({
    rows: [
      { what: "one", measured, goal: { text: "at most 3", met: false } },
      { what: "two", measured: "2" },
    ],
    chart: { description: "a picture", svg: "" },
  });
  const all = (measured: string) => MEASUREMENTS.map((measurement) => ({ measurement, result: result(measured) }));
  const first = withResults(page, all("first"), "Measured today");
  const second = withResults(first, all("second"), "Measured today");
  assert.equal(second.match(/\| one \| second \| at most 3: \*\*missed\*\* \|/g)?.length, MEASUREMENTS.length);
  assert.ok(!second.includes("| first |"));
  assert.equal(withResults(second, all("second"), "Measured today"), second);
  for (const { name } of MEASUREMENTS) assert.ok(second.includes(`](../images/performance-${name}.svg)`), name);
});

/** The attribute of each element of that kind, as numbers. */
function numbers(svg: string, element: string, attribute: string): readonly number[] {
  return [...svg.matchAll(new RegExp(`<${element} [^>]*\\b${attribute}="([^"]*)"`, "g"))].map(([, value]) =>
    Number(value),
  );
}

test("bars are as long as their values, and text is escaped", () => {
  const svg = barChart([
    { name: "a < b", value: 2, shown: "2 s", strong: true },
    { name: "c", value: 1, shown: "1 s", points: [1.5], strong: false },
  ]);
  const [, first = 0, second = 0] = numbers(svg, "rect", "width");
  assert.ok(Math.abs(first - 2 * second) < 1, `${first} and ${second}`);
  assert.ok(svg.includes("a &#x3C; b") || svg.includes("a &lt; b"), svg.slice(0, 3000));
  assert.match(svg, /prefers-color-scheme: dark/);
});

test("on the lines' axes, time in proportion to the work is parallel to the dashed line", () => {
  const svg = lineChart({ x: "recipients", y: "seconds" }, [
    {
      name: "in proportion",
      points: [
        [1, 1],
        [10, 10],
        [100, 100],
      ],
    },
  ]);
  const slope = (of: string): number => {
    const points = new RegExp(`class="${of}" points="([^"]*)"`).exec(svg)?.[1]?.split(" ") ?? [];
    const [[x1 = 0, y1 = 0] = [], [x2 = 0, y2 = 0] = []] = [points[0], points.at(-1)].map((pair) =>
      pair?.split(",").map(Number),
    );
    return (y2 - y1) / (x2 - x1);
  };
  assert.ok(Math.abs(slope("one line") - slope("quiet guide")) < 0.01);
});

test("in a trace, each step has a bar, and another for each answer of a server", () => {
  const steps = [
    { name: "first", begun: 0, ended: 1, critical: true, answering: [[0.2, 0.4] as const] },
    { name: "second", begun: 1, ended: 2, critical: false, answering: [] },
  ];
  const svg = traceChart(steps, 2);
  // Background and the three of the legend besides.
  assert.equal(numbers(svg, "rect", "width").length, 7);
  assert.equal(svg.match(/ s<\/text>/g)?.length, 3);
});
