// One lab for what happens to our objects in Authentik after the first up. The tests run in the order of these imports and depend on it.
import { after, before } from "node:test";
import { start, stop } from "./stack.ts";
import "./drift.ts";
import "./blueprint.ts";
import "./deliveries.ts";
import "./destroy.ts";

before(start);
after(stop);
