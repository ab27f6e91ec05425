import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import {
  isOwnerName,
  isRepositoryName,
  isSecretName,
  markerName,
  parseForgejoTarget,
} from "../../../systems/forgejo/target.ts";
import {
  changingText,
  isMarker,
  markerText,
  ownerOfLabel,
  parseMarker,
} from "../../../systems/forgejo/secrets/secretMarker.ts";
import { SettingsError, parseSettings } from "../../../settings/parse.ts";
import { REAL_CASE } from "../../support/settings.ts";

test("a target is a repository, an organisation or a user", () => {
  assert.deepEqual(parseForgejoTarget("eblume/cv"), { kind: "repository", owner: "eblume", name: "cv" });
  assert.deepEqual(parseForgejoTarget("images"), { kind: "organisation", name: "images" });
  assert.deepEqual(parseForgejoTarget("user:eblume"), { kind: "user", login: "eblume" });
});

for (const [name, text] of [
  ["nothing", ""],
  ["an owner alone, with a slash", "own/"],
  ["a path", "own/app/actions"],
  ["a way out of the path", "own/.."],
  ["an address", "https://forge.example/own/app"],
  ["an ending of git", "own/app.git"],
  ["a name that Forgejo's pages have", "user"],
  ["such a name as an owner", "API/app"],
  ["two hyphens", "a--b/app"],
  ["a hyphen at the end", "a-/app"],
  ["41 characters", "a".repeat(41)],
  ["101 characters", `own/${"a".repeat(101)}`],
  ["an ending of a user's keys", "own.keys"],
  ["a user of no name", "user:"],
  ["a user's repository", "user:own/app"],
  ["a line after it", "own/app\n"],
  ["a query", "own/app?x=1"],
] as const) {
  test(`${name} is no target`, () => assert.equal(parseForgejoTarget(text), undefined));
}

test("an accepted target needs no escaping in a URL path", () => {
  const piece = fc.stringMatching(/^[A-Za-z0-9._\-/:%?# ]{0,12}$/);
  fc.assert(
    fc.property(piece, (text) => {
      const target = parseForgejoTarget(text);
      if (target === undefined) return;
      const parts = Object.values(target).slice(1);
      for (const part of parts) assert.equal(encodeURIComponent(part), part);
      assert.ok(!parts.includes("..") && !parts.includes("."));
    }),
    { numRuns: 2000 },
  );
});

test("names that Forgejo allows are accepted", () => {
  for (const name of ["a", "eblume", "A.b-c_d", "0x", "a".repeat(40)]) assert.ok(isOwnerName(name), name);
  for (const name of ["a", ".profile", "-x", "a..b", "_", "a".repeat(100)]) assert.ok(isRepositoryName(name), name);
  for (const name of ["ZOT_CI_API_KEY", "_A", "A1", "CIX", "A".repeat(250)]) assert.ok(isSecretName(name), name);
});

test("names that some Forgejo release rejects, for the secret or its marker variable, are rejected", () => {
  for (const name of [
    "",
    "1A",
    "a",
    "A-B",
    "A.B",
    "A B",
    "Ä",
    "CI",
    "GITEA_X",
    "GITHUB_X",
    "FORGEJO_X",
    "A\n",
    "A".repeat(251),
  ])
    assert.ok(!isSecretName(name), name);
  assert.ok(markerName("A".repeat(250)).length <= 255);
});

const label = fc.stringMatching(/^zot-auth\/[a-z]{1,5}\/(?:[0-9]{1,3}|[A-Z_]{1,5})$/);
const fingerprint = fc.stringMatching(/^[0-9a-f]{16}$/);

test("a marker is read back as written, begun or complete, and the two are never confused", () => {
  fc.assert(
    fc.property(
      label,
      fingerprint,
      fc.option(fc.constant("2026-04-01T00:00:00Z"), { nil: undefined }),
      fc.option(fc.constant({ user: "zot-ci", registry: "https://registry.example.test", prefix: "team/apps" }), {
        nil: undefined,
      }),
      (name, digits, expires, login) => {
        const marker = {
          label: name,
          fingerprint: digits,
          target: "own/app",
          url: "https://forge.example.test",
          ...(expires === undefined ? {} : { expires }),
          login,
        };
        const seen = { label: name, target: marker.target, url: marker.url };
        assert.deepEqual(parseMarker(markerText(marker)), seen);
        assert.ok(isMarker(markerText(marker), marker));
        const former = { ...marker, login: undefined };
        assert.ok(isMarker(markerText(former).replace(/ url=.*/, ""), former), "as earlier versions wrote it");
        assert.ok(!isMarker(markerText({ ...marker, url: "https://other.example.test" }), marker));
        assert.deepEqual(parseMarker(changingText(marker)), seen);
        assert.notEqual(markerText(marker), changingText(marker));
      },
    ),
  );
});

test("someone else's variable is not a marker", () => {
  for (const text of [
    "",
    "x",
    "label=a",
    "label=a fingerprint=short",
    "LABEL=a fingerprint=0123456789abcdef",
    "note: label=a changing=true",
  ])
    assert.equal(parseMarker(text), undefined, text);
  assert.deepEqual(parseMarker("label=zot-auth/a/1 fingerprint=0123456789abcdef expires=2026-04-01T00:00:00Z"), {
    label: "zot-auth/a/1",
    target: undefined,
    url: undefined,
  });
});

test("generations of a key have one owner; another secret and another stack have not", () => {
  assert.equal(ownerOfLabel("zot-auth/lab/1"), ownerOfLabel("zot-auth/lab/12"));
  const owners = ["zot-auth/lab/1", "zot-auth/lab/FORGE_TOKEN", "zot-auth/prod/1"].map(ownerOfLabel);
  assert.equal(new Set(owners).size, owners.length);
});

const forgejo = (change: Readonly<Record<string, unknown>>) => ({
  ...REAL_CASE,
  forgejo: { ...REAL_CASE.forgejo, ...change },
});
const other = { name: "FORGE_TOKEN", source: "env:FORGE_TOKEN", repositories: ["eblume/cv"] };

test("other secrets are accepted, also one name in several places", () => {
  const secrets = [other, { ...other, source: "op://v/i/f", repositories: ["images", "user:eblume"] }];
  assert.deepEqual(parseSettings(forgejo({ secrets })).forgejo.secrets, secrets);
});

for (const [name, change, expected] of [
  [
    "a target that cannot be",
    { repositories: ["a/b.git"] },
    /forgejo\.repositories\.0: got "a\/b\.git"; .*owner\/repository/,
  ],
  ["a name of a secret", { secrets: [{ ...other, name: "CI" }] }, /forgejo\.secrets\.0\.name: got "CI"/],
  [
    "nobody who gets it",
    { secrets: [{ ...other, repositories: [] }] },
    /forgejo\.secrets\.0\.repositories: .*at least one/,
  ],
  [
    "the key's name",
    { secrets: [{ ...other, name: "ZOT_CI_API_KEY", repositories: ["Eblume/Blumeops"] }] },
    /forgejo\.secrets\.0\.name: got "ZOT_CI_API_KEY", which forgejo\.secretName also uses in Eblume\/Blumeops/,
  ],
  [
    "a secret twice",
    { secrets: [other, other] },
    /forgejo\.secrets\.1\.name: .*forgejo\.secrets\.0\.name also uses in eblume\/cv/,
  ],
] as const) {
  test(`${name} is reported with its path and value`, () => {
    assert.throws(
      () => parseSettings(forgejo(change)),
      (error) => error instanceof SettingsError && expected.test(error.message) && error.problems.length === 1,
    );
  });
}

test("a secret given instead of its source is not printed", () => {
  assert.throws(
    () => parseSettings(forgejo({ secrets: [{ ...other, source: "d34db33f-the-token-itself" }] })),
    (error) =>
      error instanceof SettingsError &&
      /forgejo\.secrets\.0\.source: .*op:\/\//.test(error.message) &&
      !error.message.includes("d34db33f"),
  );
});
