/** Number of exchanges and measurements in the recording of Forgejo 14.0.2. They are numbered from 0. */
export const RECORDED = 484;

/** Exchanges that cannot be replayed, by reason. */
export const NOT_REPLAYED: Readonly<Record<string, readonly number[]>> = {
  "refs pushed with git, which the lab does not support; a commit that the recording redacted": [
    370, 371, 372, 373, 377,
  ],
  "runs triggered by a push: the lab starts workflows only by dispatch": [364, 423],
  "runs that a runner has finished: runner.test.ts covers them": [354, 445, 446, 447, 448, 449, 456, 458],
  "pages and logs of a web session": [452, 453, 454, 455, 457],
  "runner registration: this program does not use it, and the lab's runner does not need it": [439, 440],
  "measured times": [459, 460, 461, 462, 463, 464, 465, 466, 467, 468, 471, 474, 475, 476, 483],
  "concurrent requests: api.test.ts covers them": [469, 470, 472, 473],
  "parts of run objects: api.test.ts covers them": [477, 478, 479, 480, 482],
};
