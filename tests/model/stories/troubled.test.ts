import { test } from "node:test";
import { storiesPass } from "./ownProcess.ts";

// Runs of every kind, interrupted or disturbed at any request, one after another. The same ones each time: `npm run model -- --cases 20000` plays others.

test("100 stories of failing runs", (t) => storiesPass(t, "troubled", 1 / 2));
