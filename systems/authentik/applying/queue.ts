/** By Authentik's address, the last work in the queue. */
const queues = new Map<string, Promise<unknown>>();

/**
 * Does one work after another at an Authentik. Its worker has several processes: two runs of a blueprint at the same time can both try to
 * create what is missing, and one fails. A removal is also a blueprint, which the sweep of another work would delete.
 */
export async function oneAtATime<T>(authentikUrl: string, work: () => Promise<T>): Promise<T> {
  const before = queues.get(authentikUrl) ?? Promise.resolve();
  // What became of the work before is its own caller's concern.
  const result = before.then(work, work);
  queues.set(authentikUrl, result);
  try {
    return await result;
  } finally {
    if (queues.get(authentikUrl) === result) queues.delete(authentikUrl);
  }
}
