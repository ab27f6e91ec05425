// Stands in for skopeo: errors that end a command with exit code 1.

/** The command prints the message in skopeo's format. */
export class Fatal extends Error {}

/** Prefixes errors with what was being done, like Go's wrapped errors. */
export async function during<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Fatal)) throw error;
    throw new Fatal(`${what}: ${error.message}`, { cause: error });
  }
}
