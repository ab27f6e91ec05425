// Replays what zot v2.1.20 answers with the same configuration: it calls it valid, and takes nothing but tokens.
import test from "node:test";
import { basic } from "../support/registry.ts";
import { startKeyless } from "./support/registry.ts";
import { Script } from "./replay/script.ts";

await test("zot v2.1.20, same plain config", async (t) => {
  const keyless = await startKeyless("plain", () => undefined, "v2.1.20");
  t.after(() => keyless.close());
  const script = new Script("zot v2.1.20, same plain config");
  const token = await keyless.jobs.token();
  await script.play(keyless, "v2.1.20: anonymous ping");
  await script.play(keyless, "v2.1.20: anonymous pull");
  await script.playWith(keyless, "v2.1.20: token ping", token);
  await script.play(keyless, "v2.1.20: login");
  await script.play(keyless, "v2.1.20: Basic", { authorization: basic("ci", `zak_${"0".repeat(32)}`) });
  await script.play(keyless, "v2.1.20: token exchange", { authorization: basic("any", token) });
  await script.play(keyless, "v2.1.20: mgmt");
  await script.play(keyless, "v2.1.20: metrics");
  script.end();
});
