// One lab on which wrong settings change nothing, and which the corrected settings then set up. The tests run in the order of these imports and
// depend on it.
import { after, before } from "node:test";
import { start, stop } from "./stack.ts";
import "./badInput.ts";
import "./actionsSecrets.ts";
import "./argocd.ts";

before(start);
after(stop);
