import { toSeconds } from "../../../../core/duration.ts";
import type { Duration } from "../../../../core/duration.ts";

/** A duration as zot's config has it, which is Go's form: `24h`, `90s`. Days are hours there. */
export function goDuration(duration: Duration): string {
  const seconds = toSeconds(duration);
  if (seconds > 0 && seconds % 3600 === 0) return `${seconds / 3600}h`;
  if (seconds > 0 && seconds % 60 === 0) return `${seconds / 60}m`;
  return `${seconds}s`;
}

export function optionalGoDuration(duration: Duration | undefined): string | undefined {
  return duration === undefined ? undefined : goDuration(duration);
}
