/** What `npm run bench` measures. */
export interface Measurement {
  /** As on the command line: `npm run bench -- growth`. */
  readonly name: string;
  readonly title: string;
  /** @param size `smallest` only shows that it works: its numbers mean nothing */
  run(size: Size): Promise<Result>;
}

export type Size = "full" | "smallest";

export interface Result {
  readonly rows: readonly Row[];
  /** Text under the table, in Markdown: what the numbers are made of. */
  readonly details?: string;
  /** Picture of the measured data. */
  readonly chart?: Chart;
}

export interface Row {
  readonly what: string;
  readonly measured: string;
  readonly goal?: Goal | undefined;
}

export interface Goal {
  readonly text: string;
  readonly met: boolean;
}

export interface Chart {
  /** Read out instead of the picture. */
  readonly description: string;
  readonly svg: string;
}

/** A goal that a number must not exceed. */
export function atMost(limit: number, measured: number, unit = ""): Goal {
  return { text: `at most ${limit}${unit}`, met: measured <= limit };
}
