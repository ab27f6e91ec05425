import type { Computed } from "../../../provider/resource.ts";
import type { ActionsSecretInputs, ActionsSecretState } from "./actionsSecret.ts";
import type { CopiedSecretInputs, CopiedSecretState } from "./copiedSecret.ts";
import type { JobTokenVariableInputs, JobTokenVariableState } from "./jobTokenVariable.ts";
import type { SecretCleanupInputs, SecretCleanupState } from "./secretCleanup.ts";
import type { TestBuildInputs, TestBuildState } from "./testBuild.ts";

export const actionsSecretOutputs: Computed<ActionsSecretInputs, ActionsSecretState> = { targetId: true };

/** Of a row for many recipients. */
export const recipientsOutputs = { written: true, failed: true, drifted: true, former: true } as const;

export const copiedSecretOutputs: Computed<CopiedSecretInputs, CopiedSecretState> = {
  targetId: true,
  fingerprint: true,
};

export const jobTokenVariableOutputs: Computed<JobTokenVariableInputs, JobTokenVariableState> = { targetId: true };

export const secretCleanupOutputs: Computed<SecretCleanupInputs, SecretCleanupState> = {
  former: true,
  generation: true,
  generations: true,
};

export const testBuildOutputs: Computed<TestBuildInputs, TestBuildState> = { run: true, runUrl: true, result: true };
