export { compareInputs, diffByInputs } from "./diff.ts";
export { serve } from "./serve.ts";
export { PartialFailure, UNKNOWN } from "./types.ts";
export type * from "./types.ts";
export { equal } from "./values.ts";
