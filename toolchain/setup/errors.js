/** A failed step of the setup: why it failed, and what to do. */
export class SetupError extends Error {
  /**
   * @param {string} step name of the step, such as `Pulumi CLI`
   * @param {string} why one sentence
   * @param {string} remedy what to install or change by hand
   */
  constructor(step, why, remedy) {
    super(`${step}: ${why}\n  ${remedy}`);
    this.name = "SetupError";
  }
}

/**
 * The lines of a failed command's output that give the reason, joined into one.
 * @param {string} output
 */
export function reasonIn(output) {
  const lines = output
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const telling = lines.filter((line) => /error|fail|cannot|no such|not found|requires|denied|refused/i.test(line));
  return (telling.length > 0 ? telling : lines).slice(-3).join("; ") || "no output";
}
