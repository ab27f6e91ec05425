import type { Computed } from "../../../../provider/resource.ts";
import type { AccessProofInputs, AccessProofState } from "./accessProof.ts";

export const accessProofOutputs: Computed<AccessProofInputs, AccessProofState> = {
  measured: true,
  result: true,
  checked: true,
};
