// One lab from the first preview to destroy, with the real CLI. The tests run in the order of these imports and depend on it.
import { after, before } from "node:test";
import { start, stop } from "./stack.ts";
import "./firstUp.ts";
import "./hostDrift.ts";
import "./keyCommands.ts";
import "./noGap.ts";
import "./destroy.ts";

before(start);
after(stop);
