/** By what they are about, the last work in each queue. */
const queues = new Map<string, Promise<unknown>>();

/**
 * Does one work after another that is about the same thing, in this process.
 *
 * @param about an Authentik's address: its worker has several processes, and two runs of a blueprint at the same time can both try to create what is
 * missing, and one fails; a removal is also a blueprint, which the sweep of another work would delete. Or a secret of Forgejo, which two accounts may
 * write and delete in one `up`
 */
export async function oneAtATime<T>(about: string, work: () => Promise<T>): Promise<T> {
  const before = queues.get(about) ?? Promise.resolve();
  // What became of the work before is its own caller's concern.
  const result = before.then(work, work);
  queues.set(about, result);
  try {
    return await result;
  } finally {
    if (queues.get(about) === result) queues.delete(about);
  }
}
