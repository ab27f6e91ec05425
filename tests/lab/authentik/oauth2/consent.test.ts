// A provider whose authorization flow asks for consent.
import assert from "node:assert/strict";
import test from "node:test";
import type { Lab } from "../support.ts";
import { Browser, callback, measured, startLab } from "../support.ts";

const slug = "default-provider-authorization-explicit-consent";
const explicit = measured.replace("default-provider-authorization-implicit-consent", slug);
const query = new URLSearchParams({
  client_id: "zot",
  redirect_uri: callback,
  response_type: "code",
  scope: "openid email profile",
  state: "s",
}).toString();

async function asking(lab: Lab): Promise<Browser> {
  const browser = new Browser(lab);
  await browser.machineLogin("zot-ci", await lab.appPassword());
  const { status, headers } = await browser.request("GET", `/application/o/authorize/?${query}`);
  assert.deepEqual([status, headers.get("location")], [302, `/if/flow/${slug}/?${query}`]);
  return browser;
}

test("the flow names the application and the scopes, and redirects to the application with a code", async (t) => {
  const lab = await startLab(t);
  await lab.apply("zot.yaml", explicit);
  const browser = await asking(lab);
  const asked = await browser.flow(slug, undefined, query);
  assert.equal(asked.component, "ak-stage-consent");
  assert.equal(asked["header_text"], "You're about to sign into Zot.");
  assert.deepEqual(
    (asked["permissions"] as { id: string }[]).map(({ id }) => id),
    ["email", "profile"],
  );
  const again = await browser.flow(slug, { component: asked.component, token: "another" }, query);
  assert.equal(again.component, "ak-stage-consent", "a token from another challenge does not give consent");
  const end = await browser.flow(slug, { component: asked.component, token: again["token"] }, query);
  assert.equal(end.component, "xak-flow-redirect");
  const to = new URL(String(end["to"]));
  assert.equal(`${to.origin}${to.pathname}`, callback);
  assert.deepEqual([...to.searchParams.keys()], ["code", "state"]);
});

test("asks for consent each time or once, as the stage is configured", async (t) => {
  for (const [mode, next] of [
    ["always_require", "ak-stage-consent"],
    ["permanent", "xak-flow-redirect"],
    ["expiring", "xak-flow-redirect"],
  ] as const) {
    const lab = await startLab(t);
    await lab.apply("zot.yaml", explicit);
    const stage = await lab.one("/stages/consent/?name=default-provider-authorization-consent");
    assert.equal((await lab.api("PATCH", `/stages/consent/${String(stage["pk"])}/`, { mode })).status, 200);
    const first = await asking(lab);
    const { component, token } = await first.flow(slug, undefined, query);
    await first.flow(slug, { component, token }, query);
    const second = await (await asking(lab)).flow(slug, undefined, query);
    assert.equal(second.component, next, mode);
  }
});
