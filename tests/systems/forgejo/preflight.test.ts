import assert from "node:assert/strict";
import test from "node:test";
import { adapt } from "../../../provider/adapter.ts";
import { configure } from "../../../systems/onePassword/resolver.ts";
import { preflight } from "../../../systems/preflight/preflight.ts";
import { Bench } from "./support/between.ts";

test("the preflight reports all unusable targets and sources at once, and changes nothing", async (t) => {
  const bench = await Bench.start(t, { repositories: [{ owner: "own", name: "off" }] });
  await bench.ask("PATCH", "/repos/own/app", { archived: true });
  await bench.ask("PATCH", "/repos/own/off", { has_actions: false });
  configure({ connectUrl: "http://127.0.0.1:1", connectToken: "env:T_OWNER" });
  const before = ["own/app", "own/off", "own/site", "org1", "own"].map((where) => bench.held(where));
  const nowhere = { authentikUrl: "http://127.0.0.1:1", authentikToken: "env:T_OWNER" } as const;
  const inputs = {
    authentik: nowhere,
    blueprint: { needs: [], appliedAfter: [], clientId: "zot", providerName: "Zot" },
    argocd: null,
    forgejo: bench.connection("T_REPOSITORY"),
    targets: ["own/app", "own/off", "own/site", "own/none", "org1", "user:own"],
    sources: ["env:T_NO_SUCH_SOURCE"],
    keyStores: ["op://v/i/f"],
    removal: "The first update takes away access",
  } as const;
  // Of a stack that has deployed, the settings decide what access there is.
  await assert.rejects(
    async () => preflight.update?.({ ...inputs, drift: "" }, inputs, bench.context()),
    (error: Error) => {
      assert.match(error.message, /own\/app is archived/);
      assert.doesNotMatch(error.message, /takes away/);
      return true;
    },
  );
  // As README.md says, a preview does not look: `up` finds all of it.
  const { needs = [] } = preflight.lookAhead ?? {};
  assert.deepEqual(needs, ["configMap", "argocd", "forgejo", "withKeys"]);
  await adapt(preflight).preview(inputs, undefined, bench.context());
  await assert.rejects(preflight.create(inputs, bench.context()), (error: unknown) => {
    assert.ok(error instanceof Error);
    for (const expected of [
      /own\/app is archived/,
      /Actions are disabled in own\/off/,
      /The repository "own\/none" does not exist in Forgejo/,
      /in org1: it must have the scope write:organization/,
      /in user:own: it must have the scope write:user/,
      /forgejo\.secrets: .*T_NO_SUCH_SOURCE/,
      /^The first update takes away access$/m,
      /\nNothing was changed\.$/,
    ])
      assert.match(error.message, expected);
    assert.doesNotMatch(error.message, /own\/site/);
    return true;
  });
  assert.deepEqual(
    ["own/app", "own/off", "own/site", "org1", "own"].map((where) => bench.held(where)),
    before,
  );
});

test("a Forgejo that was set back, or moved, is drift where jobs push with tokens, and nowhere else", async (t) => {
  const state = {
    authentik: { authentikUrl: "http://127.0.0.1:1", authentikToken: "env:T_OWNER" },
    blueprint: { needs: [], appliedAfter: [], clientId: "zot", providerName: "Zot" },
    argocd: null,
    targets: ["own/app"],
    sources: [],
    keyStores: [],
    drift: "",
  } as const;
  const drift = async (release: string, issuer?: string): Promise<string | undefined> => {
    const bench = await Bench.start(t, {}, { version: release });
    // The bench is in front of Forgejo, so Forgejo's ROOT_URL is another address.
    const jobTokens = {
      issuer: issuer ?? `${bench.server.url}/api/actions`,
      targets: { "own/app": "ci.accounts.site.repositories" },
    };
    const read = { ...state, forgejo: bench.connection("T_OWNER") };
    assert.equal((await preflight.read?.(read, bench.context()))?.drift, "");
    return (await preflight.read?.({ ...read, jobTokens }, bench.context()))?.drift;
  };
  assert.equal(await drift("15.0.3"), "");
  assert.match((await drift("14.0.2")) ?? "", /^Forgejo 14\.0\.2\S* gives its jobs no tokens/);
  assert.match((await drift("15.0.3", "https://forge.example/api/actions")) ?? "", /Set forgejo\.rootUrl/);
});
