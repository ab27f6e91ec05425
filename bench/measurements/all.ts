import type { Measurement } from "../measurement.ts";
import { ansible } from "./ansible.ts";
import { firstUp } from "./firstUp.ts";
import { growth } from "./growth.ts";
import { noChange } from "./noChange.ts";
import { rotation } from "./rotation.ts";
import { start } from "./start.ts";

/** In the order of docs/background/performance.md. */
export const MEASUREMENTS: readonly Measurement[] = [noChange, firstUp, ansible, growth, rotation, start];
