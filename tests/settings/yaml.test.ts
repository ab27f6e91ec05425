// Names that YAML does not read as they were written, as Pulumi passes them: measured with Pulumi 3.274.1.
import assert from "node:assert/strict";
import test from "node:test";
import { SettingsError, parseSettings } from "../../settings/parse.ts";
import { REAL_CASE } from "../support/settings.ts";

const DATE = "2031-04-01 00:00:00 +0000 UTC";
const TIME = "2031-04-01 07:30:00.5 +0200 +0200";

function problemsOf(change: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  try {
    parseSettings({ ...REAL_CASE, ...change });
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return Object.fromEntries(error.problems.map(({ path, message }) => [path, message]));
  }
  return {};
}

/** What was written, the groups that differ from the real case, the setting, and its message. */
const CASES: readonly (readonly [string, Record<string, unknown>, string, RegExp])[] = [
  ["adminGroup: 2031-04-01", { access: { adminGroup: DATE } }, "access.adminGroup", /YAML reads a date.*in quotes/],
  ["a time", { access: { signInGroups: ["a", TIME] } }, "access.signInGroups.1", /YAML reads a date.*in quotes/],
  [
    "a date as a group's name",
    { access: { groups: { [DATE]: ["read"] } } },
    `access.groups.${DATE}`,
    /YAML reads a date.*in quotes/,
  ],
  [
    "a date where it is refused anyway",
    { ci: { ...REAL_CASE.ci, imagePrefix: DATE } },
    "ci.imagePrefix",
    /must be a repository name.*YAML reads a date.*in quotes/,
  ],
  ["null as a user's name", { access: { users: { "<nil>": ["read"] } } }, "access.users.<nil>", /name in quotes/],
  [
    "adminGroup: 12",
    { access: { adminGroup: 12 } },
    "access.adminGroup",
    /got 12; .*reads it as a number: .*in quotes/,
  ],
  ["user: true", { ci: { ...REAL_CASE.ci, user: true } }, "ci.user", /got true; .*reads it as true or false: .*quotes/],
  [
    "a number that is no name of a secret in quotes either",
    { forgejo: { ...REAL_CASE.forgejo, secretName: 1000 } },
    "forgejo.secretName",
    /got 1000; must be a secret's name: [^']*, or be CI\.$/,
  ],
  ["adminGroup without a value", { access: { adminGroup: null } }, "access.adminGroup", /enter a value, or remove/],
  ["a group without settings", { access: "" }, "access", /must be a group of settings\. Enter settings below it, or/],
  ['port: "5001"', { registry: { ...REAL_CASE.registry, port: "5001" } }, "registry.port", /Remove the quotes\.$/],
  ['port: "05001"', { registry: { ...REAL_CASE.registry, port: "05001" } }, "registry.port", /1 and 65535\.$/],
  ['anonymousRead: "no"', { access: { anonymousRead: "no" } }, "access.anonymousRead", /must be true or false\.$/],
  ["port: http", { registry: { ...REAL_CASE.registry, port: "http" } }, "registry.port", /1 and 65535\.$/],
  ["gracePeriod: 3600", { ci: { ...REAL_CASE.ci, gracePeriod: 3600 } }, "ci.gracePeriod", /or "30 seconds"\.$/],
];

for (const [written, change, path, expected] of CASES) {
  test(`${written}: the message says what YAML made of it, where that helps`, () => {
    const problems = problemsOf(change);
    assert.deepEqual(Object.keys(problems), [path]);
    assert.match(problems[path] ?? "", expected);
  });
}

test("a date in the place of a secret's reference is not shown, a date as a trigger is only compared", () => {
  const problems = problemsOf({
    forgejo: { ...REAL_CASE.forgejo, token: DATE },
    ci: { ...REAL_CASE.ci, rotationTrigger: DATE },
  });
  assert.deepEqual(Object.keys(problems), ["forgejo.token"]);
  assert.doesNotMatch(problems["forgejo.token"] ?? "", /2031/);
});
