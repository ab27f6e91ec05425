// npm run check and npm run recover in one lab, through the commands that they run. The tests run in the order of these imports and depend on it.
import { after, before } from "node:test";
import { start, stop } from "./stack.ts";
import "./checkBeforeUp.ts";
import "./recover.ts";
import "./check.ts";
import "./activeRun.ts";
import "./checkOverdue.ts";

before(start);
after(stop);
