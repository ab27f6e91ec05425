const UNITS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };
const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/y;

/** The keys of zot's config that hold a duration. */
export const DURATION_KEY = /^(gcDelay|gcInterval|delay|\w+Within|\w*Interval|\w*Timeout|\w*RetryDelay)$/i;

/** A duration of zot's config in nanoseconds: a text such as `1h30m`, or a number, which zot reads as nanoseconds. `undefined` if it is none. */
export function nanoseconds(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value !== "string" || value === "") return undefined;
  if (value === "0") return 0;
  let sum = 0;
  PART.lastIndex = 0;
  while (PART.lastIndex < value.length) {
    const part = PART.exec(value);
    if (part === null) return undefined;
    sum += Number(part[1]) * (UNITS[part[2] ?? ""] ?? 0);
  }
  return Math.round(sum);
}
