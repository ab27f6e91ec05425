import { toSeconds } from "../../../../core/time/duration.ts";
import type { Duration } from "../../../../core/time/duration.ts";

/** A duration in Go's format, as in zot's config: `24h`, `90s`. Go has no unit for days. */
export function goDuration(duration: Duration): string {
  const seconds = toSeconds(duration);
  if (seconds > 0 && seconds % 3600 === 0) return `${seconds / 3600}h`;
  if (seconds > 0 && seconds % 60 === 0) return `${seconds / 60}m`;
  return `${seconds}s`;
}

export function optionalGoDuration(duration: Duration | undefined): string | undefined {
  return duration === undefined ? undefined : goDuration(duration);
}
