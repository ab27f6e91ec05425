// Stands in for skopeo: what ends a command with exit code 1 and one line.

/** Its message is printed as skopeo would print it. */
export class Fatal extends Error {}

/** Puts what was being done before the reason, as Go's wrapped errors read. */
export async function during<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Fatal)) throw error;
    throw new Fatal(`${what}: ${error.message}`, { cause: error });
  }
}
