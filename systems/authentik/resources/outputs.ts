import type { Computed } from "../../../provider/resource.ts";
import type { AccountCleanupInputs, AccountCleanupState } from "./accountCleanup.ts";
import type { AppliedBlueprintInputs, AppliedBlueprintState } from "./appliedBlueprint.ts";
import type { InlineBlueprintInputs, InlineBlueprintState } from "./inlineBlueprint.ts";
import type { ObjectCleanupInputs, ObjectCleanupState } from "./objectCleanup.ts";

export const accountCleanupOutputs: Computed<AccountCleanupInputs, AccountCleanupState> = {
  former: true,
  generation: true,
};

export const appliedBlueprintOutputs: Computed<AppliedBlueprintInputs, AppliedBlueprintState> = { instance: true };

export const inlineBlueprintOutputs: Computed<InlineBlueprintInputs, InlineBlueprintState> = { instance: true };

export const objectCleanupOutputs: Computed<ObjectCleanupInputs, ObjectCleanupState> = {
  former: true,
  generation: true,
  others: true,
  formerPlaces: true,
  deliveries: true,
};
