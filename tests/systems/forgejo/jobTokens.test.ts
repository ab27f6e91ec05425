import assert from "node:assert/strict";
import test from "node:test";
import { accountsWithKeys } from "../../../stack/preflightArguments.ts";
import { parseSettings } from "../../../settings/parse.ts";
import { Forgejo } from "../../../systems/forgejo/client.ts";
import { tellOfJobTokens } from "../../../systems/forgejo/jobToken/needlessKeys.ts";
import { assertJobTokens } from "../../../systems/forgejo/jobToken/requirements.ts";
import { jobTokenVariable } from "../../../systems/forgejo/resources/jobTokenVariable.ts";
import { secretCleanup } from "../../../systems/forgejo/resources/secretCleanup.ts";
import { REAL_CASE, version } from "../../support/settings.ts";
import { Bench } from "./support/between.ts";

const RELEASE = { version: "15.0.3" };
const NAME = "ZOT_CI_JOB_TOKEN";
const VARIABLE = `${NAME}_INFO`;
const SETTING = "ci.accounts.site.repositories";

async function refusal(bench: Bench, issuer: string, targets: readonly string[]): Promise<string> {
  const context = bench.context();
  const forgejo = new Forgejo(bench.connection("T_OWNER"), context.signal);
  try {
    await assertJobTokens(
      forgejo,
      { issuer, targets: Object.fromEntries(targets.map((one) => [one, SETTING])) },
      context,
    );
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

test("the preflight compares the issuer and the names with what Forgejo writes into tokens", async (t) => {
  const bench = await Bench.start(t, {}, RELEASE);
  // The bench is in front of Forgejo, so Forgejo's ROOT_URL is another address.
  const issuer = `${bench.server.url}/api/actions`;
  assert.equal(await refusal(bench, issuer, ["own/app", "org1", "user:own"]), "");
  const differs = await refusal(bench, `${bench.url}/api/actions`, ["own/app"]);
  assert.match(differs, /would expect .* and refuse them all\. Set forgejo\.rootUrl to Forgejo's ROOT_URL: /);
  assert.ok(differs.endsWith(bench.server.url), differs);
  for (const [written, spelled] of [
    ["Own/app", "own/app"],
    ["own/APP", "own/app"],
    ["Org1", "org1"],
    ["user:OWN", "user:own"],
  ] as const) {
    assert.match(
      await refusal(bench, issuer, [written]),
      new RegExp(`^${SETTING}: ${written} is ${spelled} in Forgejo.*write ${spelled}\\.$`),
    );
  }
});

for (const [runners, told] of [
  [[], ""],
  [["12.5.1", "v11.9.9"], "one (12.5.1), two (v11.9.9)"],
  [["12.5.2"], ""],
  [["12.4.0", "v13.0.0+abc"], ""],
  [["12.6.0"], ""],
  // Never online, or built by somebody.
  [["12.4.0", ""], ""],
  [["dev"], ""],
] as const) {
  test(`runners ${runners.join(" and ") || "that Forgejo does not list"} ${told === "" ? "may hand tokens on" : "hand no tokens on"}`, async (t) => {
    const bench = await Bench.start(t, {}, RELEASE);
    const list = runners.map((version, index) => ({ name: ["one", "two"][index], status: "idle", version }));
    bench.answers.set("/api/v1/repos/own/app/actions/runners", JSON.stringify(list));
    assert.equal(await refusal(bench, `${bench.server.url}/api/actions`, ["own/app"]), "");
    const said = bench.said.join("\n");
    if (told === "") assert.doesNotMatch(said, /runner/);
    else assert.ok(said.includes(`Forgejo's runner 12.5.2 and later do, and there are ${told}.`), said);
  });
}

test("a Forgejo whose jobs get no tokens is named with its release", async (t) => {
  const bench = await Bench.start(t);
  const message = await refusal(bench, `${bench.url}/api/actions`, []);
  assert.match(message, /^Forgejo 14\.\S+ gives its jobs no tokens .*15\.0\.0 and later do\. Upgrade Forgejo/);
});

test("a preview names accounts that could do without keys, where both servers can", async (t) => {
  for (const [release, told] of [
    [undefined, /^$/],
    [RELEASE, /zot 2\.1\.23 and Forgejo 15\.0\.3 can do without the stored keys of the accounts ci, app: /],
  ] as const) {
    const bench = await Bench.start(t, {}, release);
    await tellOfJobTokens(bench.connection("T_OWNER"), { zot: "2.1.23", ids: ["ci", "app"] }, bench.context());
    assert.match(bench.said.join("\n"), told);
  }
});

test("only accounts whose key is in Forgejo could do without it, and only with a zot that can", () => {
  const { keyStore: _store, imagePrefix: _prefix, ...ci } = REAL_CASE.ci;
  const { repositories: _repositories, ...forgejo } = REAL_CASE.forgejo;
  const accounts = {
    ci: { user: "zot-ci", push: ["ci"], keyStores: ["op://v/i/ci"], repositories: ["own/app"] },
    quiet: { user: "zot-quiet", push: ["quiet"], keyStores: ["op://v/i/quiet"] },
    both: { auth: "both", user: "zot-both", push: ["b"], keyStores: ["op://v/i/b"], repositories: ["own/b"] },
  };
  const settings = parseSettings({ ...REAL_CASE, forgejo, ci: { ...ci, accounts } });
  assert.deepEqual(accountsWithKeys(settings, version("2.1.23")), { zot: "2.1.23", ids: ["ci"] });
  assert.equal(accountsWithKeys(settings, version("2.1.21")), undefined);
});

test("a repository gets the variable, its drift is seen, and it goes without touching a secret of the same name", async (t) => {
  const bench = await Bench.start(t, {}, RELEASE);
  const context = bench.context();
  const login = { user: "zot-site", registry: "https://r.example", prefix: "site", audience: "https://r.example/site" };
  const label = `zot-auth/prod/site/${NAME}`;
  const inputs = { ...bench.connection("T_OWNER"), target: "own/app", name: NAME, label, login };
  const { state } = await jobTokenVariable.create(inputs, context);
  assert.match(
    bench.held("own/app").variables[VARIABLE] ?? "",
    /^label=zot-auth\/prod\/site\/ZOT_CI_JOB_TOKEN fingerprint=[0-9a-f]{16} .* audience=https:\/\/r\.example\/site$/,
  );
  assert.equal((await jobTokenVariable.read?.(state, context))?.drift, "");

  await bench.ask("PUT", `/repos/own/app/actions/variables/${VARIABLE}`, {
    value: "label=x fingerprint=0123456789abcdef",
  });
  assert.match((await jobTokenVariable.read?.(state, context))?.drift ?? "", /has another value/);
  const shorter = { ...inputs, login: { ...login, shortKey: true } };
  const updated = await jobTokenVariable.update?.({ ...state, drift: "other" }, shorter, context);
  assert.ok(updated !== undefined);
  assert.match(bench.held("own/app").variables[VARIABLE] ?? "", / shortkey=true$/);
  assert.match(bench.said.join("\n"), /belonged to x, and now belongs to zot-auth\/prod\/site/);

  // Somebody's own secret, which only happens to have the name.
  await bench.ask("PUT", `/repos/own/app/actions/secrets/${NAME}`, { data: "somebody's" });
  await jobTokenVariable.delete?.(updated, context);
  assert.equal(bench.held("own/app").variables[VARIABLE], undefined);
  assert.equal(bench.held("own/app").secrets[NAME], "somebody's");
});

test("a variable that somebody made by hand is not overwritten, and the preview already says so", async (t) => {
  const bench = await Bench.start(t, {}, RELEASE);
  const context = bench.context();
  await bench.ask("POST", `/repos/own/app/actions/variables/${VARIABLE}`, { value: "by hand" });
  const login = { user: "zot-site", registry: "https://r.example", prefix: "site", audience: "https://r.example/site" };
  const label = `zot-auth/prod/site/${NAME}`;
  const inputs = { ...bench.connection("T_OWNER"), target: "own/app", name: NAME, label, login };
  await jobTokenVariable.lookAhead?.look({ inputs, state: undefined }, context);
  const said =
    /own\/app has a variable ZOT_CI_JOB_TOKEN_INFO that this program did not create but needs to tell jobs where they push[^]*set another jobToken\.name/;
  assert.match(bench.said.join("\n"), said);
  await assert.rejects(async () => jobTokenVariable.create(inputs, context), said);
  assert.equal(bench.held("own/app").variables[VARIABLE], "by hand");

  bench.said.length = 0;
  await jobTokenVariable.lookAhead?.look({ inputs: { ...inputs, name: "ANOTHER" }, state: undefined }, context);
  assert.deepEqual(bench.said, []);
});

test("a token that has lost its permission, or a Forgejo that is gone, does not keep the variable in the state", async (t) => {
  const bench = await Bench.start(t, {}, RELEASE);
  const login = { user: "zot-site", registry: "https://r.example", prefix: "site", audience: "https://r.example/site" };
  const inputs = { ...bench.connection("T_OWNER"), target: "own/app", name: NAME, label: "zot-auth/prod/site", login };
  const { state } = await jobTokenVariable.create(inputs, bench.context());
  for (const connection of [bench.connection("T_READ"), bench.connection("T_WRONG")])
    await jobTokenVariable.delete?.({ ...state, ...connection }, bench.context());
  assert.equal(
    bench.said.filter((text) =>
      /The variable ZOT_CI_JOB_TOKEN_INFO of own\/app at .* was not deleted: .* It holds no secret; delete it there\.$/.test(
        text,
      ),
    ).length,
    2,
  );
  assert.ok(VARIABLE in bench.held("own/app").variables);
});

test("a variable that only a killed run wrote goes with the stack, and somebody else's stays", async (t) => {
  const bench = await Bench.start(t, {}, RELEASE);
  const context = bench.context();
  const owner = `zot-auth/prod/site/${NAME}`;
  const login = { user: "zot-site", registry: "https://r.example", prefix: "site", audience: "https://r.example/site" };
  const inputs = { ...bench.connection("T_OWNER"), name: NAME, login };
  const secrets = ["own/app", "own/site"].map((target) => ({
    target,
    secretName: NAME,
    owner,
    isVariable: true as const,
  }));
  const { state } = await secretCleanup.create({ ...bench.connection("T_OWNER"), secrets }, context);
  await jobTokenVariable.create({ ...inputs, target: "own/app", label: owner }, context);
  await jobTokenVariable.create({ ...inputs, target: "own/site", label: "zot-auth/other/site" }, context);
  await secretCleanup.delete?.(state, context);
  assert.equal(bench.held("own/app").variables[VARIABLE], undefined);
  assert.match(bench.held("own/site").variables[VARIABLE] ?? "", /^label=zot-auth\/other/);
});

test("another target is another variable; the rest is an update", () => {
  const same = { forgejoUrl: "http://f", forgejoToken: "env:T", target: "own/app", name: NAME, label: "l", login: {} };
  const of = (change: object) =>
    jobTokenVariable.diff?.({ inputs: { ...same, ...change }, oldInputs: same, state: same } as never);
  assert.deepEqual(of({ target: "own/site" })?.replace, ["target"]);
  assert.deepEqual(of({ name: "OTHER", forgejoUrl: "http://g" })?.replace, []);
});
