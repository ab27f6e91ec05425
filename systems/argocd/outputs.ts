import type { Computed } from "../../provider/resource.ts";
import type { ArgoCdSyncInputs, ArgoCdSyncState } from "./sync.ts";

export const argocdSyncOutputs: Computed<ArgoCdSyncInputs, ArgoCdSyncState> = { revision: true, keyInGit: true };
