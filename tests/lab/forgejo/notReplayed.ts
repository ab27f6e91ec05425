/** How many exchanges and measurements the recording of Forgejo 14.0.2 holds, numbered from 0. */
export const RECORDED = 484;

/** Those that no replay can send, by the reason. */
export const NOT_REPLAYED: Readonly<Record<string, readonly number[]>> = {
  "refs that somebody pushed with git, which the lab has not; a commit that the recording made unreadable": [
    370, 371, 372, 373, 377,
  ],
  "runs that a push made: the lab starts workflows by dispatch only": [364, 423],
  "runs that a runner has ended: runner.test.ts runs them": [354, 445, 446, 447, 448, 449, 456, 458],
  "pages and logs of a web session": [452, 453, 454, 455, 457],
  "a runner's registration: nothing of this program asks for it, and the lab's runner needs none": [439, 440],
  "measured times": [459, 460, 461, 462, 463, 464, 465, 466, 467, 468, 471, 474, 475, 476, 483],
  "many at the same moment: api.test.ts": [469, 470, 472, 473],
  "parts of run objects: api.test.ts": [477, 478, 479, 480, 482],
};
