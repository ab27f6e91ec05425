/** The value in the middle; between two of them, the lower one. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}

export const seconds = (value: number): string => `${value < 10 ? value.toFixed(2) : value.toFixed(1)} s`;

export const times = (value: number): string => `${value.toFixed(2)} times`;

/**
 * By how much a time grows when the work doubles: the mean over the doublings between two sizes.
 *
 * @param from size and time
 */
export function perDoubling(
  [fromSize, fromTime]: readonly [number, number],
  [toSize, toTime]: readonly [number, number],
): number {
  return (toTime / fromTime) ** (1 / Math.log2(toSize / fromSize));
}
