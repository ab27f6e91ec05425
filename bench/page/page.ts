import type { Measurement, Result } from "../measurement.ts";

/** Where the picture of a measurement is, from the page. */
export const pictureOf = (name: string): string => `../images/performance-${name}.svg`;

/** The page with new results in the places of the old ones; the rest is written by hand. */
export function withResults(
  page: string,
  measured: readonly { readonly measurement: Measurement; readonly result: Result }[],
  about: string,
): string {
  const parts = measured.map(
    ({ measurement, result }) => [measurement.name, render(measurement.name, result, about)] as const,
  );
  let text = page;
  for (const [name, part] of parts) {
    const [begin, end] = [`<!-- bench: ${name} -->`, `<!-- end: ${name} -->`];
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from < 0 || to < from)
      throw new Error(`docs/background/performance.md has no place for "${name}": ${begin} … ${end}`);
    text = `${text.slice(0, from + begin.length)}\n\n${part}\n\n${text.slice(to)}`;
  }
  return text;
}

function render(name: string, { rows, details, chart }: Result, about: string): string {
  const table = [
    "| what | measured | goal |",
    "| --- | --- | --- |",
    ...rows.map(
      ({ what, measured, goal }) =>
        `| ${what} | ${measured} | ${goal === undefined ? "" : `${goal.text}: ${goal.met ? "met" : "**missed**"}`} |`,
    ),
  ];
  return [
    ...(rows.length === 0 ? [] : [table.join("\n")]),
    ...(chart === undefined ? [] : [`![${chart.description}](${pictureOf(name)})`]),
    ...(details === undefined ? [] : [details]),
    `${about}.`,
  ].join("\n\n");
}
