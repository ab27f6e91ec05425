// One lab whose zot is upgraded, from a zot that up rejects. The tests run in the order of these imports and depend on it.
import { after, before } from "node:test";
import { start, stop } from "./stack.ts";
import "./oldRelease.ts";
import "./firstSignIn.ts";
import "./upgrade.ts";
import "./signIn.ts";
import "./settings.ts";
import "./moved.ts";

before(start);
after(stop);
