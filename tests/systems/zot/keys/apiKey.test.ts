import assert from "node:assert/strict";
import { test } from "node:test";
import { adapt } from "../../../../provider/adapter.ts";
import type { Values } from "../../../../provider/grpc/types.ts";
import { testContext } from "../../../support/provider.ts";
import { apiKey } from "../../../../systems/zot/keys/resources/apiKey.ts";
import type { ApiKeyInputs, ApiKeyState } from "../../../../systems/zot/keys/resources/apiKey.ts";

const DAY = 86_400;
const CREATED = "2026-01-01T00:00:00Z";

function inputs(rotateAfterDays: number): ApiKeyInputs {
  return {
    registryUrl: "https://registry.example.net",
    issuer: "https://auth.example.net/application/o/zot/",
    authentikUrl: "https://auth.example.net",
    authentikToken: "env:TOKEN",
    username: "zot-ci",
    appPassword: "zot-ci-app-password",
    machineFlow: "machine",
    clientSecret: "env:SECRET",
    ciGroup: "artifact-workloads",
    groupsClaim: "groups",
    configPlace: { host: "local", configFile: "/etc/zot/config.json" },
    owner: "zot-auth/prod",
    store: "op://homelab/zot/key",
    lifetime: 90 * DAY,
    rotateAfter: rotateAfterDays * DAY,
    rotationTrigger: "",
    revocationTrigger: "",
    proofRepository: "zot-auth/acceptance",
    onDestroy: "blank",
  };
}

function state(rotateAfterDays: number): ApiKeyState {
  return {
    ...inputs(rotateAfterDays),
    uuid: "u",
    label: "zot-auth/prod/1",
    generation: 1,
    fingerprint: "0",
    created: CREATED,
    expires: "2026-04-01T00:00:00Z",
    rotates: new Date(Date.parse(CREATED) + rotateAfterDays * DAY * 1000).toISOString(),
    superseded: [],
    drift: "",
  };
}

/** Whether preview and `up` rotate the key on that day of its life. */
function rotates(change: { readonly from: number; readonly to: number; readonly onDay: number }): boolean {
  const now = new Date(Date.parse(CREATED) + change.onDay * DAY * 1000);
  const question = { inputs: inputs(change.to), oldInputs: inputs(change.from), state: state(change.from), now };
  const due = apiKey.diff?.(question).due?.length === 1;
  assert.equal(apiKey.keeps?.(question), !due, "preview and up agree");
  return due;
}

test("a changed ci.rotateAfter counts from the key's creation: a shorter one rotates at once if it is over", () => {
  assert.equal(rotates({ from: 60, to: 60, onDay: 40 }), false);
  assert.equal(rotates({ from: 60, to: 60, onDay: 60 }), true);
  assert.equal(rotates({ from: 60, to: 30, onDay: 40 }), true);
  assert.equal(rotates({ from: 60, to: 50, onDay: 40 }), false);
  assert.equal(rotates({ from: 30, to: 60, onDay: 40 }), false, "the user gave an overdue key more time");
});

test("a preview of a changed ci.user names what changes for CI, and any other preview is silent", async () => {
  const previewed = async (username: string): Promise<string> => {
    const context = testContext();
    const values = (given: object): Values => given as unknown as Values;
    await adapt(apiKey).preview(values({ ...inputs(60), username }), values(state(60)), context);
    return context.warned.join();
  };
  assert.equal(await previewed("zot-ci"), "");
  assert.match(
    await previewed("robot"),
    /^ci\.user changes from zot-ci to robot: .* A workflow that names zot-ci must name robot from the moment/,
  );
});
