import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { formatCredentials, formatZotConfig } from "../../../../systems/zot/config/config.ts";
import type { HostFacts } from "../../../../systems/zot/host/facts/facts.ts";
import {
  configNotice,
  credentialsNotice,
  otherFilesNotices,
  unacceptedByConfig,
} from "../../../../systems/zot/takeOver/takeOver.ts";
import { version } from "../../../support/settings.ts";

const AS_WRITTEN = { repairs: 0, state: "as written" } as const;
const FILE = "/etc/zot/config.json on ssh:indri";
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

const BEFORE = {
  storage: { rootDirectory: "/srv/zot", storageDriver: { name: "s3", secretkey: "very-secret" } },
  http: {
    port: 5000,
    auth: { ldap: { address: "ldap.example.org", bindPassword: "very-secret" } },
    accessControl: { repositories: { "team/**": { policies: [{ groups: ["team"], actions: ["create"] }] } } },
  },
  extensions: {
    search: { cve: { updateInterval: "4h" } },
    sync: { registries: [{ urls: ["https://me:very-secret@mirror.example.org"], onDemand: true }] },
  },
};
const AFTER = {
  storage: { rootDirectory: "/srv/zot" },
  http: { address: "0.0.0.0", port: "5000", accessControl: { repositories: { "**": { anonymousPolicy: ["read"] } } } },
  extensions: { search: { enable: true } },
};

interface Found {
  readonly text?: string;
  readonly config?: HostFacts["config"];
  readonly byHand?: HostFacts["byHand"];
  readonly credentialsByHand?: string;
  readonly service?: string;
}

const BY_HAND = { config: true, sessionKeys: false, credentials: undefined, service: undefined };

function facts({
  text = "",
  config = AS_WRITTEN,
  byHand = BY_HAND,
  credentialsByHand = "",
  service = "",
}: Found): HostFacts {
  return {
    version: version("2.1.20"),
    binary: "/usr/bin/zot",
    home: "/root",
    owner: "zot",
    config,
    credentials: AS_WRITTEN,
    service: AS_WRITTEN,
    sessionKeys: AS_WRITTEN,
    deployed: {
      configText: text,
      start: "",
      credentialsByHand,
      hashes: { config: "none", service: sha256(service), sessionKeys: "none" },
    },
    byHand,
  };
}

const takeOver = (found: Found, acceptRemoved: readonly string[] = []) => ({
  facts: facts(found),
  file: FILE,
  config: AFTER,
  acceptRemoved,
});

test("a config made by hand: each difference is a line, what goes comes first, and no secret is quoted", () => {
  const notice = configNotice(takeOver({ text: JSON.stringify(BEFORE) }), true) ?? "";
  assert.match(
    notice,
    /^\/etc\/zot\/config\.json on ssh:indri was made by hand\. .*`destroy` restores it\. The update\n/,
  );
  const lines = notice.split("\n  ").slice(1);
  assert.ok(lines.includes('changes http.address: "127.0.0.1" → "0.0.0.0"'), notice);
  assert.ok(
    lines.some((line) => /^removes http\.auth: .*ldap\.example\.org/.test(line)),
    notice,
  );
  assert.ok(
    lines.some((line) => /^removes extensions\.search\.cve.*4h/.test(line)),
    notice,
  );
  assert.ok(
    lines.some((line) => /^removes extensions\.sync.*mirror\.example\.org/.test(line)),
    notice,
  );
  assert.ok(
    lines.some((line) => line.startsWith("adds http.accessControl.repositories.**")),
    notice,
  );
  const words = lines.map((line) => line.split(" ")[0] ?? "");
  assert.deepEqual(
    words,
    words.toSorted((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b)),
  );
  assert.doesNotMatch(notice, /very-secret/);
  assert.ok(lines.every((line) => line.length < 500));
});

const ORDER = ["removes", "changes", "adds"];

test("the same config, one that is no JSON, and none", () => {
  const same = JSON.stringify({ ...AFTER, http: { ...AFTER.http, PORT: undefined } });
  assert.match(configNotice(takeOver({ text: same }), true) ?? "", /says the same as the declared config\.$/);
  assert.match(
    configNotice(takeOver({ text: formatZotConfig(AFTER) }), true) ?? "",
    /byte for byte\..* `destroy` removes it\.$/,
  );
  assert.match(configNotice(takeOver({ text: "{" }), true) ?? "", /is not a JSON object, so it cannot be compared/);
  assert.equal(configNotice(takeOver({}), true), undefined);
  assert.equal(unacceptedByConfig(takeOver({ text: "\n" })), undefined);
  assert.match(unacceptedByConfig(takeOver({ text: "{" })) ?? "", /^ {6}- everything$/m);
  assert.equal(unacceptedByConfig(takeOver({ text: "{" }, ["everything"])), undefined);
});

test("a config of ours is compared if it was edited, or if this stack did not write it", () => {
  const text = JSON.stringify(BEFORE);
  const byHand = { ...BY_HAND, config: false };
  assert.equal(configNotice(takeOver({ text, byHand }), false), undefined);
  assert.match(
    configNotice(takeOver({ text, byHand }), true) ?? "",
    /but not by this stack, or its state was lost\. The/,
  );
  const config = { repairs: 1, state: "edited" } as const;
  assert.match(configNotice(takeOver({ text, byHand, config }), false) ?? "", /was edited by hand\. The update\n/);
});

test("what a deployment that was killed left of its proof gave nobody anything", () => {
  const { http, ...rest } = AFTER;
  const repositories = {
    "zot_auth_canary/open_1_2": { anonymousPolicy: ["read"] },
    "zot_auth_canary/closed_1_2": { anonymousPolicy: [] },
    "**": { anonymousPolicy: ["read"] },
  };
  const text = JSON.stringify({ ...rest, http: { ...http, accessControl: { repositories } } });
  assert.equal(unacceptedByConfig(takeOver({ text })), undefined);
  assert.match(configNotice(takeOver({ text }), true) ?? "", /says the same/);
});

test("the access that goes is listed as the setting accepts it", () => {
  const text = JSON.stringify(BEFORE);
  const lines = ["http.auth.ldap", "create on team/** for group team"];
  const said = unacceptedByConfig(takeOver({ text })) ?? "";
  assert.deepEqual(
    [...said.matchAll(/^ {6}- (.*)$/gm)].map(([, line]) => line),
    lines,
  );
  assert.equal(unacceptedByConfig(takeOver({ text }, lines)), undefined);
});

test("a credentials file made by hand: another client ID is named, a secret never", () => {
  const ours = { clientId: "zot", text: formatCredentials("zot", "very-secret") };
  const notice = (
    clientId: string,
    credentialsByHand = "",
    declared: typeof ours | { clientId: string; text: undefined } = ours,
  ) =>
    credentialsNotice(
      facts({ byHand: { ...BY_HAND, credentials: { clientId } }, credentialsByHand }),
      "/c.json",
      declared,
    ) ?? "";
  assert.equal(
    notice("zot", sha256(ours.text)),
    "/c.json was made by hand and holds the declared client ID and secret.",
  );
  assert.match(
    notice("old"),
    /is replaced; `destroy` restores it\. It holds the client ID "old"; the declared one is "zot"\.$/,
  );
  assert.match(notice("zot"), /with another secret\.$/);
  assert.match(notice(""), /It holds no client ID;/);
  assert.match(
    notice("zot", "", { clientId: "zot", text: undefined }),
    /whether it holds the declared secret is unknown/,
  );
  assert.equal(credentialsNotice(facts({}), "/c.json", ours), undefined);
});

test("a service file made by hand: what the declared one does not set is named; session keys stay", () => {
  const definition = "[Service]\nExecStart=/usr/bin/zot serve /c\n";
  const service = {
    manager: { kind: "systemd", name: "zot", file: "/etc/zot.service" },
    logs: [],
    definition,
  } as const;
  const notices = (found: readonly string[], text = "") =>
    otherFilesNotices(facts({ byHand: { ...BY_HAND, sessionKeys: true, service: found }, service: text }), {
      service,
      sessionKeys: true,
    });
  assert.deepEqual(notices(["ExecStart", "Environment", "LimitNOFILE"]), [
    "/etc/zot.service was made by hand and is replaced (registry.manageService); `destroy` restores it. The declared one does not set Environment, LimitNOFILE.",
    "The file of zot.auth.sessionKeysFile was made by hand. Its keys stay in use.",
  ]);
  assert.equal(notices(["ExecStart"], definition)[0], "/etc/zot.service was made by hand and is as declared.");
  const { definition: _none, ...unmanaged } = service;
  assert.deepEqual(
    otherFilesNotices(facts({ byHand: { ...BY_HAND, service: [] } }), { service: unmanaged, sessionKeys: true }),
    [],
  );
});
