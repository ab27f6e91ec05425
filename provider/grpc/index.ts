export { compareInputs, diffByInputs } from "./diff.ts";
export { serve } from "./serve.ts";
export type { DetailedError } from "./grpc.ts";
export { UNKNOWN } from "./types.ts";
export type * from "./types.ts";
export { equal, pack } from "./values.ts";
