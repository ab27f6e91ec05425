/** A duration: `90 days`, `1 hour`, `30 seconds`. */
export type Duration = `${number} ${"second" | "minute" | "hour" | "day"}${"" | "s"}`;

const SECONDS = { second: 1, minute: 60, hour: 3600, day: 86_400 } as const;
const PATTERN = /^(\d+) (second|minute|hour|day)s?$/;

/** Whether the text is a duration that {@link toSeconds} understands. */
export function isDuration(text: string): text is Duration {
  return PATTERN.test(text);
}

/** The duration in seconds. */
export function toSeconds(duration: Duration): number {
  const [, count, unit] = PATTERN.exec(duration) ?? [];
  if (count === undefined || unit === undefined)
    throw new TypeError(`"${duration}" is not a duration such as "90 days"`);
  return Number(count) * SECONDS[unit as keyof typeof SECONDS];
}

/** The largest whole unit: 5184000 is `60 days`. */
export function fromSeconds(seconds: number): Duration {
  const whole = Math.max(0, Math.round(seconds));
  for (const unit of ["day", "hour", "minute"] as const) {
    const count = whole / SECONDS[unit];
    if (count >= 1 && Number.isInteger(count)) return `${count} ${unit}${count === 1 ? "" : "s"}`;
  }
  return `${whole} second${whole === 1 ? "" : "s"}`;
}
