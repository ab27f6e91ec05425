import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { parse } from "yaml";
import { blueprintDelivery } from "../../stack/arguments.ts";
import { parseSettings } from "../../settings/parse.ts";
import { zotConfigArgs } from "../../settings/zotConfigArgs.ts";
import { objectAt } from "../../systems/zot/config/syntax/anyCase.ts";
import { renderZotConfig } from "../../systems/zot/config/config.ts";
import { REAL_CASE } from "../support/settings.ts";
import { mainAccount } from "../../settings/accounts/accounts.ts";

test("omitted settings get the safe default", () => {
  const settings = parseSettings(REAL_CASE);
  assert.equal(mainAccount(settings).keyLifetime, "90 days");
  assert.equal(mainAccount(settings).gracePeriod, "1 hour");
  assert.equal(settings.registry.acceptCiOverwrite, false);
  assert.equal(settings.kubernetes.key, "zot.yaml");
  assert.equal(settings.argocd, undefined);
});

for (const stack of ["lab", "prod"]) {
  test(`Pulumi.${stack}.yaml is valid`, () => {
    const text = readFileSync(new URL(`../../Pulumi.${stack}.yaml`, import.meta.url), "utf8");
    const { config } = parse(text) as { config: Record<string, unknown> };
    const groups = Object.entries(config).filter(([key]) => key.startsWith("zot-auth:"));
    assert.ok(groups.length >= 6);
    parseSettings(Object.fromEntries(groups.map(([key, value]) => [key.slice("zot-auth:".length), value])));
  });
}

test("rendering the stack of the real case gives the config of the real case", () => {
  const text = readFileSync(new URL("../../Pulumi.prod.yaml", import.meta.url), "utf8");
  const { config } = parse(text) as { config: Record<string, unknown> };
  const settings = parseSettings(
    Object.fromEntries(Object.entries(config).map(([key, value]) => [key.slice("zot-auth:".length), value])),
  );
  const expected = JSON.parse(
    readFileSync(new URL("../data/zot/config.expected.json", import.meta.url), "utf8"),
  ) as unknown;
  // Its author keeps zot's own limit of 60 seconds for a request.
  Object.assign(settings.zot.http, { readTimeout: "default", writeTimeout: "default" });
  const rendered = renderZotConfig(zotConfigArgs(settings), { major: 2, minor: 1, patch: 17 }, settings.registry);
  // The one thing that its author left out: cookies for https only.
  const { secureSession, ...auth } = objectAt(rendered, "http", "auth");
  assert.equal(secureSession, true);
  assert.deepEqual({ ...rendered, http: { ...objectAt(rendered, "http"), auth } }, expected);
});

test("the blueprint's path follows the name of its file or key, unless it is set", () => {
  const pathWith = (change: Readonly<Record<string, unknown>>, kubernetes = {}): unknown => {
    const settings = parseSettings({ ...REAL_CASE, authentik: { ...REAL_CASE.authentik, ...change }, kubernetes });
    const delivery = blueprintDelivery(settings);
    return delivery.kind === "api" ? undefined : delivery.blueprintPath;
  };
  assert.equal(pathWith({}), "custom/zot.yaml");
  assert.equal(pathWith({}, { key: "registry.yaml" }), "custom/registry.yaml");
  assert.equal(pathWith({ delivery: "file:../gitops/authentik/registry.yaml" }), "custom/registry.yaml");
  assert.equal(pathWith({ delivery: "file:zot.yaml", blueprintPath: "mine/a.yaml" }), "mine/a.yaml");
});

test("addresses are normalized: capitals, default ports, trailing slashes; a path stays where a server may have one", () => {
  const settings = parseSettings({
    ...REAL_CASE,
    registry: { ...REAL_CASE.registry, url: "HTTPS://Registry.Ops.Eblu.me:443/" },
    authentik: { ...REAL_CASE.authentik, url: "https://Example.net/auth/" },
    forgejo: { ...REAL_CASE.forgejo, url: "http://example.net:80/Git" },
    argocd: { url: "https://example.net:8443/argocd", token: "env:T" },
  });
  assert.equal(settings.registry.url, "https://registry.ops.eblu.me");
  assert.equal(settings.authentik.url, "https://example.net/auth");
  assert.equal(settings.forgejo.url, "http://example.net/Git");
  assert.equal(settings.argocd?.url, "https://example.net:8443/argocd");
});
