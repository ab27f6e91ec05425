import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import { unacceptedRemoval } from "../../core/acceptRemoved.ts";

const FROM = "/etc/zot/config.json on ssh:indri";
const SETTING = "registry.acceptRemoved";
const REMOVED = ["http.auth.htpasswd", 'read on team/** for group "a: b # c"', "create, update on ** for user *", "-"];

test("the lines to add are YAML, whatever names they contain, and accept what they name", () => {
  const text = unacceptedRemoval({ from: FROM, setting: SETTING, removed: REMOVED, accepted: [] }) ?? "";
  const [first = "", ...rest] = text.split("\n");
  assert.match(first, /^The first update takes away access that \/etc\/zot\/config\.json on ssh:indri gives now\./);
  assert.deepEqual(parse(rest.join("\n")), { "zot-auth:registry": { acceptRemoved: REMOVED } });
  assert.equal(unacceptedRemoval({ from: FROM, setting: SETTING, removed: REMOVED, accepted: REMOVED }), undefined);
});

test("only what is missing is to be added, and an entry that accepts nothing is named", () => {
  const text = unacceptedRemoval({
    from: FROM,
    setting: SETTING,
    removed: ["http.auth.htpasswd", "http.auth.ldap"],
    accepted: ["http.auth.ldap", "http.auth.htpaswd"],
  });
  assert.match(text ?? "", / - http\.auth\.htpasswd$/m);
  assert.doesNotMatch(text ?? "", / - http\.auth\.ldap$/m);
  assert.match(text ?? "", /^registry\.acceptRemoved also lists "http\.auth\.htpaswd", which is not taken away\./m);
});

test("entries that are spent are no error", () => {
  assert.equal(
    unacceptedRemoval({ from: FROM, setting: SETTING, removed: [], accepted: ["http.auth.ldap"] }),
    undefined,
  );
});

test("what is lost twice is one line, because the setting takes each line once", () => {
  const line = "redirect URI https://a.example of the OAuth2 provider Zot";
  const options = { from: FROM, setting: SETTING, removed: [line, line] };
  assert.equal(unacceptedRemoval({ ...options, accepted: [] })?.split(line).length, 2);
  assert.equal(unacceptedRemoval({ ...options, accepted: [line] }), undefined);
});
