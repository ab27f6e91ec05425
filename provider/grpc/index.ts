export { compareInputs, diffByInputs } from "./methods/diff.ts";
export { engineAddressFrom } from "./lifetime.ts";
export { serve, serveAttachable } from "./serve.ts";
export type { Attachable } from "./serve.ts";
export type { DetailedError } from "./grpc.ts";
export { PartialFailure } from "./partialFailure.ts";
export { UNKNOWN } from "./types.ts";
export type * from "./types.ts";
export { equal, pack } from "./values.ts";
