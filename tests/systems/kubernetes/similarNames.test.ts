import assert from "node:assert/strict";
import test from "node:test";
import { configMapMissing } from "../../../systems/kubernetes/configMap.ts";
import { hasHash, similarNames } from "../../../systems/kubernetes/similarNames.ts";

const OTHERS = ["kube-root-ca.crt", "postgres-5d7f9c8b6d", "media"];

test("a name with a part more or less, or with a slip", () => {
  const names = ["zot", "blueprints", "authentik-bluprints", "authentik", ...OTHERS];
  assert.deepEqual(similarNames("authentik-blueprints", names), ["blueprints", "authentik-bluprints", "authentik"]);
  assert.deepEqual(similarNames("blueprints", ["my-blueprints", ...OTHERS]), ["my-blueprints"]);
  assert.deepEqual(similarNames("zot", ["zots-and-more", ...OTHERS]), []);
});

test("with another hash, without one where one was expected, and with one where none was", () => {
  const [one, other, none] = ["sso-blueprints-7f8d9cmk2t", "sso-blueprints-h42kk5tg96", "sso-blueprints"];
  assert.deepEqual(similarNames(one, [other, ...OTHERS]), [other]);
  assert.deepEqual(similarNames(one, [none, ...OTHERS]), [none]);
  assert.deepEqual(similarNames(none, [one, other, ...OTHERS]), [one, other]);
  assert.deepEqual(similarNames(one, ["blueprints-m5bk7gt2ck", "ssl-blueprints-2c4d6f8gh9"]), [
    "blueprints-m5bk7gt2ck",
    "ssl-blueprints-2c4d6f8gh9",
  ]);
  assert.deepEqual(similarNames("a-7f8d9cmk2t", ["b-7f8d9cmk2t-more-than-a-slip"]), []);
});

test("a hash is kustomize's: ten characters out of its sixteen, and none of a name's own words", () => {
  for (const name of ["x-7f8d9cmk2t", "x-bcdfghkmtb", "sso-blueprints-h42kk5tg96"]) assert.ok(hasHash(name), name);
  for (const name of [
    "authentik-blueprints",
    "authentik-blueprints-prod1",
    "authentik-cluster2",
    "x-v2",
    "x-abc123",
    // A character more or less, one that kustomize replaces, and no hyphen.
    "x-7f8d9cmk2t2",
    "x-7f8d9cmk2",
    "x-7f8d9cmk20",
    "x7f8d9cmk2t",
    "kube-root-ca.crt",
    "blueprints",
  ])
    assert.ok(!hasHash(name), name);
});

test("the advice about hashes comes with a hash on either side, and only then", () => {
  const advised = (configMap: string, names: readonly string[]): boolean =>
    /disableNameSuffixHash/.test(configMapMissing({ namespace: "sso", configMap, key: "zot.yaml" }, names).message);
  assert.ok(advised("sso-blueprints-7f8d9cmk2t", ["sso-blueprints-h42kk5tg96"]));
  assert.ok(advised("sso-blueprints-7f8d9cmk2t", ["sso-blueprints"]));
  assert.ok(advised("sso-blueprints", ["sso-blueprints-7f8d9cmk2t"]));
  assert.ok(!advised("sso-blueprints", ["sso-blueprints-extra"]));
});
