import type { Computed } from "../../provider/resource.ts";
import type { PreflightInputs, PreflightState } from "./preflight.ts";

export const preflightOutputs: Computed<PreflightInputs, PreflightState> = { generation: true, generations: true };
