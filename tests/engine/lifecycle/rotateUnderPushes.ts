import assert from "node:assert/strict";
import { join } from "node:path";
import type { PulumiResult } from "../support/harness.ts";
import { byApi, bySkopeo, pushAllTheTime } from "./pusher.ts";
import type { Push } from "./pusher.ts";
import { homelab, lab } from "./stack.ts";

// During a rotation, CI pushes continuously with the key that Forgejo has at that moment, and every push succeeds.
//
// A push may still be using the old key when Forgejo gets the new one. With a grace period, the old key stays valid. Without one, the run revokes
// it after the acceptance checks that follow the last write to Forgejo. They take 0.6 to 1.5 s on two cores, mostly for the test build, or 0.1 to
// 0.5 s without one. The pushes here take a tenth of that; a longer push would fail, which is why the grace period exists.

function makeSenders(): { readonly api: ReturnType<typeof byApi>; readonly skopeo: ReturnType<typeof bySkopeo> } {
  const { host } = new URL(lab.layout.settings.registry.url);
  return { api: byApi(homelab), skopeo: bySkopeo(homelab, host, join(lab.directory, "image")) };
}

let made: ReturnType<typeof makeSenders> | undefined;
export const senders = (): ReturnType<typeof makeSenders> => (made ??= makeSenders());

const keyOf = (): string => homelab.ciKey("homelab/apps") ?? "";
export const accepts = async (key: string): Promise<boolean> =>
  (await homelab.registry("/v2/", { key })).status === 200;

/**
 * Rotates while clients push, and asserts that no push fails. Returns the old and the new key, and the output.
 *
 * @param name part of the names of the pushed images
 * @param rotate runs the rotation
 */
export async function rotateUnderPushes(
  name: string,
  rotate: () => Promise<Pick<PulumiResult, "code" | "output">>,
): Promise<{ readonly old: string; readonly key: string; readonly output: string }> {
  const old = keyOf();
  const running = new AbortController();
  // Each client reads its first key before the run begins.
  const clients = [
    { repository: "homelab/apps", name: `${name}-apps`, send: senders().api },
    { repository: "homelab/site", name: `${name}-site`, send: senders().api },
    { repository: "homelab/apps", name: `${name}-skopeo`, send: senders().skopeo },
  ].map(async (client) => pushAllTheTime(homelab, client, running.signal));
  const began = Date.now();
  const { code, output } = await rotate().finally(() => running.abort());
  const ended = Date.now();
  const pushes = await Promise.all(clients);
  assert.equal(code, 0, output);
  const key = keyOf();
  assert.notEqual(key, old);
  assert.equal(homelab.ciKey("homelab/site"), key);
  const refused = pushes.flat().filter((push) => !isTaken(push));
  assert.deepEqual(
    refused.map((push) => ({
      key: push.key === old ? "old" : push.key === key ? "new" : "neither",
      began: `${push.began - began} ms after the start of the rotation, ${ended - push.began} ms before its end`,
      took: `${push.ended - push.began} ms`,
      answers: push.answers,
    })),
    [],
  );
  for (const [index, client] of pushes.entries()) {
    const during = client.filter((push) => push.began >= began && push.ended <= ended);
    assert.ok(
      during.some((push) => push.key === old),
      `client ${index} pushed with the old key during the rotation`,
    );
    assert.ok(
      during.some((push) => push.key === key),
      `client ${index} pushed with the new key during the rotation`,
    );
    assert.equal(client.at(-1)?.key, key);
  }
  return { old, key, output };
}

function isTaken({ answers }: Push): boolean {
  const whole = answers.join(", ");
  return whole === "POST 202, PUT 201, POST 202, PUT 201, PUT 201" || whole === "skopeo 0";
}
