// What zot makes of the config that the settings render for accounts with job tokens: the stand-in evaluates the expressions.
import assert from "node:assert/strict";
import test, { after, afterEach, before, describe } from "node:test";
import { at } from "../../../../core/json.ts";
import { parseSettings } from "../../../../settings/parse.ts";
import { zotConfigArgs } from "../../../../settings/zotConfigArgs.ts";
import { assembleZotConfig } from "../../../../systems/zot/config/config.ts";
import { REAL_CASE, version } from "../../../support/settings.ts";
import { image, pushImage } from "../support/images.ts";
import { basic } from "../support/registry.ts";
import type { Claims } from "./replay/recording.ts";
import type { KeylessConfig, KeylessRegistry } from "./support/registry.ts";
import { startKeyless } from "./support/registry.ts";

const { keyStore: _store, imagePrefix: _prefix, ...CI } = REAL_CASE.ci;
const { repositories: _repositories, ...FORGEJO } = REAL_CASE.forgejo;

const ACCOUNTS = {
  ci: { user: "zot-ci", push: ["ci"], keyStores: ["op://v/i/ci"] },
  site: {
    auth: "jobToken",
    user: "zot-site",
    push: ["site"],
    repositories: ["acme/site", "o-ther"],
    jobToken: { refs: ["refs/heads/main", "refs/tags/v*"], workflows: ["top.yml"] },
  },
  moving: {
    auth: "both",
    user: "zot-moving",
    push: ["moving"],
    keyStores: ["op://v/i/moving"],
    repositories: ["acme/moving", "acme/site"],
    jobToken: { shortKey: true, name: "MOVING_JOB_TOKEN" },
  },
};

/** The expressions and rules that the settings render, in a config of the tests. */
function render(config: KeylessConfig, issuer: string, accounts: object = ACCOUNTS): void {
  const forgejo = { ...FORGEJO, rootUrl: issuer.replace(/\/api\/actions$/, "") };
  const settings = parseSettings({ ...REAL_CASE, forgejo, ci: { ...CI, accounts } });
  const rendered = assembleZotConfig(zotConfigArgs(settings), version("2.1.23"), settings.registry);
  assert.deepEqual(rendered.problems, []);
  config.http.auth = { ...config.http.auth, bearer: at(rendered.config, "http", "auth", "bearer") as never };
  config.http.accessControl = at(rendered.config, "http", "accessControl") as never;
}

const AUDIENCE = REAL_CASE.registry.url;
const SITE = { aud: `${AUDIENCE}/site`, repository: "acme/site", repository_owner: "acme" };
const MOVING = { aud: `${AUDIENCE}/moving`, repository: "acme/moving", repository_owner: "acme" };

describe("the config that the settings render", () => {
  let keyless: KeylessRegistry;
  const jobs = (): string => keyless.jobs.issuer;
  before(async () => {
    keyless = await startKeyless("plain", (config) => {
      const [oidc] = config.http.auth.bearer?.oidc ?? [];
      render(config, oidc?.issuer ?? "");
    });
  });
  after(() => keyless.close());
  afterEach(async () => keyless.rewrite((config) => render(config, jobs())));

  const begin = async (repository: string, authorization: string): Promise<Response> =>
    fetch(`${keyless.registry.url}/v2/${repository}/blobs/uploads/`, {
      method: "POST",
      headers: { authorization },
    });
  const asJob = async (repository: string, claims: Claims): Promise<number> =>
    (await begin(repository, `Bearer ${await keyless.jobs.token(claims)}`)).status;

  const cases: readonly (readonly [string, string, Claims, number])[] = [
    ["its own image", "site/web", SITE, 202],
    ["a tag that begins as allowed", "site/web", { ...SITE, ref: "refs/tags/v1.2" }, 202],
    ["a schedule", "site/web", { ...SITE, event_name: "schedule" }, 202],
    [
      "a repository of an organisation that is allowed as a whole",
      "site/web",
      { ...SITE, repository: "o-ther/x", repository_owner: "o-ther" },
      202,
    ],
    ["another repository of the owner", "site/web", { ...SITE, repository: "acme/docs" }, 403],
    ["a repository with the same beginning", "site/web", { ...SITE, repository: "acme/site2" }, 403],
    ["other capitals", "site/web", { ...SITE, repository: "acme/Site" }, 403],
    [
      "an owner with the same beginning",
      "site/web",
      { ...SITE, repository: "o-ther2/x", repository_owner: "o-ther2" },
      401,
    ],
    ["another owner", "site/web", { ...SITE, repository: "evil/site", repository_owner: "evil" }, 401],
    ["another branch", "site/web", { ...SITE, ref: "refs/heads/main2" }, 401],
    ["another tag", "site/web", { ...SITE, ref: "refs/tags/w1" }, 401],
    ["a fork's pull request", "site/web", { ...SITE, event_name: "pull_request_target" }, 401],
    ["a called workflow", "site/web", { ...SITE, event_name: "workflow_call" }, 401],
    ["another workflow", "site/web", { ...SITE, workflow: "other.yml" }, 401],
    ["the namespace of a key", "ci/web", SITE, 403],
    ["the namespace of another account", "moving/web", SITE, 403],
    ["nobody's namespace", "else/web", SITE, 403],
    ["its other account, by that one's audience", "moving/web", { ...SITE, aud: MOVING.aud }, 202],
    ["its other account's audience, and its own namespace", "site/web", { ...SITE, aud: MOVING.aud }, 403],
    ["no account's audience", "site/web", { ...SITE, aud: AUDIENCE }, 401],
  ];
  for (const [what, repository, claims, expected] of cases) {
    test(`a job that pushes to ${repository} with ${what}: ${expected}`, async () => {
      assert.equal(await asJob(repository, claims), expected);
    });
  }

  test("a job pushes a tag once; it neither overwrites nor deletes it", async () => {
    const headers = { Authorization: `Bearer ${await keyless.jobs.token(SITE)}` };
    const { url } = keyless.registry;
    assert.equal(await pushImage(url, "site/once", "v1", image("one"), headers), 201);
    assert.equal(await pushImage(url, "site/once", "v1", image("two"), headers), 403);
    const manifest = `${url}/v2/site/once/manifests/v1`;
    assert.equal((await fetch(manifest, { method: "DELETE", headers })).status, 403);
  });

  const keyOf = async (claims: Claims): Promise<string> => {
    const made = await fetch(`${keyless.registry.url}/zot/auth/apikey`, {
      method: "POST",
      headers: { authorization: `Bearer ${await keyless.jobs.token(claims)}` },
      body: JSON.stringify({ label: "run 7" }),
    });
    assert.equal(made.status, 201);
    return ((await made.json()) as { readonly apiKey: string }).apiKey;
  };

  test("a key that a job creates pushes nothing, and says why", async () => {
    const answer = await begin("site/web", basic("zot-site/acme/site", await keyOf(SITE)));
    assert.equal(answer.status, 403);
    assert.match(await answer.text(), /a key that was created with a job's token cannot push/);
  });

  test("with shortKey it does, until its repository leaves the settings: zot reloads that", async () => {
    const authorization = basic("zot-moving/acme/moving", await keyOf(MOVING));
    assert.equal((await begin("moving/web", authorization)).status, 202);
    assert.equal((await begin("site/web", authorization)).status, 403);
    const { moving } = ACCOUNTS;
    await keyless.rewrite((config) =>
      render(config, jobs(), { ...ACCOUNTS, moving: { ...moving, repositories: ["acme/site"] } }),
    );
    const answer = await begin("moving/web", authorization);
    assert.equal(answer.status, 403);
    assert.match(await answer.text(), /see ci\.accounts\.moving\.repositories/);
  });

  test("while an account moves, and after it has, its own key pushes; a person of its group does not", async () => {
    const { registry } = keyless;
    registry.idp.people.set("zot-moving", { groups: ["zot-moving"], username: "zot-moving" });
    registry.idp.people.set("eve", { groups: ["zot-moving"], username: "eve" });
    const [own, other] = [await registry.mint("zot-moving"), await registry.mint("eve")];
    const { keyStores: _key, ...tokens } = ACCOUNTS.moving;
    for (const moving of [ACCOUNTS.moving, { ...tokens, auth: "jobToken" }]) {
      await keyless.rewrite((config) => render(config, jobs(), { ...ACCOUNTS, moving }));
      assert.equal((await begin("moving/web", own)).status, 202);
      assert.equal((await begin("moving/web", other)).status, 403);
    }
  });

  test("once the account has a stored key again, a key that a job created with shortKey pushes no more", async () => {
    const authorization = basic("zot-moving/acme/moving", await keyOf(MOVING));
    assert.equal((await begin("moving/web", authorization)).status, 202);
    const { auth: _auth, jobToken: _token, ...moving } = ACCOUNTS.moving;
    await keyless.rewrite((config) => render(config, jobs(), { ...ACCOUNTS, moving }));
    assert.equal((await begin("moving/web", authorization)).status, 403);
  });
});
