// One lab from the first preview to the destroy, by the real CLI. The tests follow one another, in the order of these imports.
import { after, before } from "node:test";
import { start, stop } from "./stack.ts";
import "./firstUp.ts";
import "./hostDrift.ts";
import "./keyCommands.ts";
import "./noGap.ts";
import "./destroy.ts";

before(start);
after(stop);
