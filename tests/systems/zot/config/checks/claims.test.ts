import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSettings } from "../../../../../settings/parse.ts";
import { zotConfigArgs } from "../../../../../settings/zotConfigArgs.ts";
import { claimFindings } from "../../../../../systems/zot/config/checks/claims.ts";
import { findings } from "../../../../../systems/zot/config/checks/findings.ts";
import { renderZotConfig } from "../../../../../systems/zot/config/config.ts";
import { REAL_CASE, version } from "../../../../support/settings.ts";

function said(auth: object): readonly string[] {
  return claimFindings(parseSettings({ ...REAL_CASE, zot: { auth } }).zot.auth);
}

test("claims that Authentik sends are nothing to tell", () => {
  for (const auth of [{}, { usernameClaim: "nickname" }, { groupsClaim: "groups", scopes: ["openid", "profile"] }])
    assert.deepEqual(said(auth), []);
});

test("a claim of the user's own: the preview says what zot does where it is missing", () => {
  const args = zotConfigArgs(parseSettings({ ...REAL_CASE, zot: { auth: { usernameClaim: "Preferred_Username" } } }));
  const all = findings(renderZotConfig(args, version("2.1.20"), REAL_CASE.registry), args);
  const [warning, ...more] = all.filter((finding) => finding.includes("claim"));
  assert.match(
    warning ?? "",
    /^zot\.auth\.usernameClaim: the claim Preferred_Username is in none .* e-mail address, and rejects the sign-in of CI's account, which has none/,
  );
  assert.deepEqual(more, []);
  assert.match(said({ groupsClaim: "roles" }).join(), /^zot\.auth\.groupsClaim: the claim roles .* nobody has a group/);
  assert.equal(said({ usernameClaim: "upn", groupsClaim: "roles" }).length, 2);
  assert.equal(said({ usernameClaim: "constructor" }).length, 1);
});

test("without the scope profile, Authentik sends neither name nor groups", () => {
  const warnings = said({ scopes: ["openid", "email"] });
  assert.equal(warnings.length, 2);
  for (const warning of warnings) assert.match(warning, /needs the scope profile, which zot\.auth\.scopes lacks/);
});

test("the claim with the groups is no name", () => {
  assert.throws(() => said({ usernameClaim: "groups" }), /got "groups", which is a list/);
});
