import type { Computed } from "../../provider/resource.ts";
import type { ServicesInputs, ServicesState } from "./services.ts";

export const servicesOutputs: Computed<ServicesInputs, ServicesState> = { rows: true, result: true, checked: true };
