// Stands in for zot: parses the byte ranges of a blob request by zot's rules, which are stricter than HTTP's.

export interface ByteRange {
  readonly start: number;
  /** The last byte, inclusive. */
  readonly end: number;
}

const mostRanges = 16;

/** The ranges, sorted, with adjacent and overlapping ones merged. Undefined if any is malformed or out of bounds, or there are more than 16. */
export function parseByteRanges(header: string, size: number): readonly ByteRange[] | undefined {
  const list = /^bytes=(.+)$/.exec(header)?.[1];
  if (size === 0 || list === undefined) return undefined;
  const specifications = list.split(",").map((text) => text.trim());
  if (specifications.length > mostRanges) return undefined;
  const ranges = specifications.map((text) => parseByteRange(text, size));
  return ranges.every((range) => range !== undefined) ? joined(ranges) : undefined;
}

function parseByteRange(text: string, size: number): ByteRange | undefined {
  const [, first = "", last = ""] = /^(\d*)-(\d*)$/.exec(text) ?? [];
  if (first === "" && last === "") return undefined;
  if (first === "") return Number(last) === 0 ? undefined : { start: Math.max(size - Number(last), 0), end: size - 1 };
  const start = Number(first);
  if (start >= size || (last !== "" && Number(last) < start)) return undefined;
  return { start, end: last === "" ? size - 1 : Math.min(Number(last), size - 1) };
}

function joined(ranges: readonly ByteRange[]): readonly ByteRange[] {
  const result: ByteRange[] = [];
  for (const range of ranges.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    const before = result.at(-1);
    if (before === undefined || range.start > before.end + 1) result.push(range);
    else result[result.length - 1] = { start: before.start, end: Math.max(before.end, range.end) };
  }
  return result;
}
