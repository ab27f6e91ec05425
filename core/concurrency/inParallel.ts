/**
 * Does the same with many things, a few of them at a time: a thousand at once are a thousand requests that wait in memory.
 *
 * @param stop asked before each further one is begun
 * @throws what the first work threw; no further one is begun then, and those that were begun have ended
 */
export async function inParallel<T>(
  many: readonly T[],
  atOnce: number,
  work: (one: T) => Promise<void>,
  stop: () => boolean = () => false,
): Promise<void> {
  const left = many.values();
  let failed = false;
  const worker = async (): Promise<void> => {
    // The workers share the iterator.
    for (const one of left) {
      if (failed || stop()) return;
      try {
        await work(one);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: Math.min(atOnce, many.length) }, worker));
  const thrown = ended.find((one) => one.status === "rejected");
  if (thrown !== undefined) throw thrown.reason;
}
