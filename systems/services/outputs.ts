import type { Computed } from "../../provider/resource.ts";
import type { ServicesInputs, ServicesState } from "./services.ts";

export const servicesOutputs: Computed<ServicesInputs, ServicesState> = {
  rows: true,
  versions: true,
  result: true,
  checked: true,
};
