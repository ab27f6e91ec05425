/** Why nothing was written, for the person at the terminal. */
export class Stop extends Error {
  /** 1: something is in the way. 2: wrong usage, or an answer is missing. */
  readonly exitCode: 1 | 2;

  constructor(message: string, exitCode: 1 | 2 = 1) {
    super(message);
    this.name = "Stop";
    this.exitCode = exitCode;
  }
}
