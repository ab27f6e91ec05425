// Stands in for Authentik: its duration format.

const seconds: Readonly<Record<string, number>> = {
  seconds: 1,
  minutes: 60,
  hours: 3600,
  days: 86_400,
  weeks: 604_800,
};

/** The seconds in `hours=1;minutes=30`; invalid parts count as 0. */
export function durationSeconds(duration: string): number {
  return duration
    .split(/[;,]/)
    .map((part) => part.split("="))
    .reduce((sum, [unit = "", count = ""]) => sum + (seconds[unit.trim()] ?? 0) * (Number(count) || 0), 0);
}
