import type { Computed } from "../../../provider/resource.ts";
import type { SignInProofInputs, SignInProofState } from "./signInProof.ts";

export const signInProofOutputs: Computed<SignInProofInputs, SignInProofState> = {
  checks: true,
  result: true,
  checked: true,
};
