import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { HandMade, settingsOf } from "./homelab.ts";

// What the command read, but must not write.

test("a secret of zot's config that is also a setting, or part of one: nothing is written, and nothing prints it", async (t) => {
  const homelab = await HandMade.start(t);
  const password = "correct-horse-battery";
  const ldap = { address: "ldap.example.net", port: 389, baseDN: "dc=x", bindDN: "cn=zot", bindPassword: password };
  homelab.changeConfig((config) => {
    config["http"] = { ...config["http"], auth: { ...(config["http"]?.["auth"] as object), ldap } };
  });
  for (const [part, value] of [
    ["http", { realm: password }],
    ["log", { audit: `/var/log/${password}/audit.log` }],
    ["extensions", { lint: { enable: true, mandatoryAnnotations: [password] } }],
  ] as const) {
    const before = readFileSync(homelab.configFile, "utf8");
    homelab.changeConfig((config) => {
      config[part] = { ...config[part], ...value };
    });
    const ran = await homelab.adopt(homelab.flags());
    assert.deepEqual([ran.code, ran.text], [1, undefined], ran.output);
    assert.match(
      ran.output,
      /^✗ Nothing was written: the file would contain a secret of zot's config\. Move it to a file on the host\.$/m,
    );
    assert.ok(!ran.output.includes(password), part);
    writeFileSync(homelab.configFile, before);
  }
  assert.equal((await homelab.adopt(homelab.flags())).code, 0);
});

test("settings that are valid one by one, but not together: each is named with what to give instead", async (t) => {
  const homelab = await HandMade.start(t);
  homelab.changeConfig((config) => {
    const hub = {
      urls: ["https://registry-1.docker.io"],
      onDemand: true,
      content: [{ prefix: "**", destination: "/own" }],
    };
    config["extensions"] = { ...config["extensions"], sync: { enable: true, registries: [hub] } };
  });
  const ran = await homelab.adopt(homelab.flags());
  assert.deepEqual([ran.code, ran.text], [1, undefined], ran.output);
  assert.match(
    ran.output,
    /^✗ Nothing was written: the settings would not be valid\. Give other values as flags, or correct what they were read from\.\n {2}--ci\.imagePrefix: got "own", which is inside own of registry\.pullThrough/m,
  );
  const other = await homelab.adopt([...homelab.flags("ci.imagePrefix"), "--ci.imagePrefix", "apps"]);
  assert.equal(other.code, 0, other.output);
  const { registry, ci } = settingsOf(homelab);
  assert.deepEqual(registry?.["pullThrough"], [{ name: "own", url: "https://registry-1.docker.io" }]);
  assert.equal(ci?.["imagePrefix"], "apps");
});

test("a group that no policy names pushes; one that may only read is named, with the flag that lets it push", async (t) => {
  const homelab = await HandMade.start(t);
  homelab.changeConfig((config) => {
    const policies = [{ groups: ["people"], actions: ["read"] }];
    config["http"] = { ...config["http"], accessControl: { repositories: { "**": { policies } } } };
  });
  const unnamed = await homelab.adopt(["--access.ciGroup", "robots", ...homelab.flags()]);
  assert.equal(unnamed.code, 0, unnamed.output);
  const people = ["--yes", "--access.ciGroup", "people", ...homelab.flags()];
  const refused = await homelab.adopt(people);
  assert.equal(refused.code, 1, refused.output);
  assert.match(
    refused.output,
    /Give other values as flags, such as --access\.ci push, or .*\n.*CI cannot push to "\S+": the rules of "\*\*" do not allow its group "people" \(access\.ciGroup\) to\./,
  );
  const pushing = await homelab.adopt(["--access.ci", "push", ...people]);
  assert.equal(pushing.code, 0, pushing.output);
});

test("an existing file's setting that is not valid is named, and the file stays", async (t) => {
  const homelab = await HandMade.start(t);
  const text = "config:\n  zot-auth:ci:\n    keyLifetime: forever\n    user: zot ci\n";
  writeFileSync(homelab.settingsFile, text);
  const ran = await homelab.adopt(["--yes", "--keep", ...homelab.flags("authentik.url")]);
  assert.deepEqual([ran.code, ran.text], [1, text], ran.output);
  assert.match(ran.output, /^✗ Nothing was written: the settings would not be valid\./m);
  const listed = [...ran.output.matchAll(/^ {2}--(\S+): /gm)].map(([, setting]) => setting);
  assert.deepEqual(listed, ["ci.user", "ci.keyLifetime"], ran.output);
  const discarded = await homelab.adopt(["--yes", "--discard", ...homelab.flags()]);
  assert.equal(discarded.code, 0, discarded.output);
});
