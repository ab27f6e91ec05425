/** @type {Set<() => void>} */
const duties = new Set();

process.on("exit", () => {
  for (const duty of duties) duty();
});

/**
 * Runs a function when the process exits early, including on Ctrl-C (see `endOnSignals`).
 * @param {() => void} duty
 * @returns {() => void} cancels it
 */
export function atExit(duty) {
  duties.add(duty);
  return () => {
    duties.delete(duty);
  };
}

/** Exits on signals that would kill the process, so that the `atExit` functions stop child processes and remove unfinished folders. */
export function endOnSignals() {
  for (const [signal, number] of /** @type {const} */ ([
    ["SIGHUP", 1],
    ["SIGINT", 2],
    ["SIGTERM", 15],
  ])) {
    process.once(signal, () => {
      process.exit(128 + number);
    });
  }
}
