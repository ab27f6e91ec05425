import assert from "node:assert/strict";
import test from "node:test";
import { parseDocument, visit } from "yaml";
import { renderBlueprint, renderRemoval } from "../../domain/blueprint.ts";
import { realCase } from "./fixtures.ts";

interface Entry {
  readonly model: string;
  readonly state?: string;
  readonly identifiers: Record<string, unknown>;
  readonly attrs?: Record<string, unknown>;
}

/** The entries, with each tag as a text: `!KeyOf application`. */
function entriesOf(text: string): readonly Entry[] {
  const document = parseDocument(text, { logLevel: "silent" });
  visit(document, {
    Node: (_key, node) => {
      if (node.tag?.startsWith("!") !== true) return undefined;
      const value = node.toJSON() as unknown;
      return document.createNode(`${node.tag} ${typeof value === "string" ? value : JSON.stringify(value)}`);
    },
  });
  return (document.toJS() as { entries: readonly Entry[] }).entries;
}

/** The one entry of a model. */
function one(model: string): Required<Pick<Entry, "identifiers" | "attrs">> {
  const [entry, ...more] = find(model);
  assert.ok(entry?.attrs !== undefined && more.length === 0, `one ${model}`);
  return { identifiers: entry.identifiers, attrs: entry.attrs };
}

const find = (model: string) => entriesOf(renderBlueprint(realCase())).filter((entry) => entry.model === model);

test("the same settings give the same bytes", () => {
  assert.equal(renderBlueprint(realCase()), renderBlueprint(realCase()));
});

test("one PolicyBinding a group that may sign in, in order, on the application", () => {
  const bindings = find("authentik_policies.policybinding").filter(
    (entry) => entry.identifiers["target"] === "!KeyOf application",
  );
  assert.deepEqual(
    bindings.map(({ identifiers, attrs }) => [identifiers["order"], attrs?.["group"]]),
    [
      [0, '!Find ["authentik_core.group",["name","admins"]]'],
      [1, "!KeyOf ci-group"],
    ],
  );
  assert.ok(
    bindings.every(({ attrs }) => attrs?.["enabled"] === true && attrs["negate"] === false && attrs["timeout"] === 30),
  );
});

test("the provider carries grant_types, the strict redirect URI, and a secret from the worker's environment", () => {
  const provider = one("authentik_providers_oauth2.oauth2provider");
  assert.deepEqual(provider.attrs["grant_types"], ["authorization_code", "refresh_token"]);
  assert.deepEqual(provider.attrs["redirect_uris"], [
    { matching_mode: "strict", url: "https://registry.ops.eblu.me/zot/auth/callback/oidc" },
  ]);
  assert.equal(provider.attrs["client_secret"], "!Env AUTHENTIK_ZOT_CLIENT_SECRET");
});

test("the machines' flow takes app passwords only, and signs in the CI group only", () => {
  const password = one("authentik_stages_password.passwordstage");
  assert.deepEqual(password.attrs["backends"], ["authentik.core.auth.TokenBackend"]);
  const binding = find("authentik_policies.policybinding").find(
    (entry) => entry.identifiers["target"] === "!KeyOf login-binding",
  );
  assert.equal(binding?.attrs?.["group"], "!KeyOf ci-group");
});

test("the app password has no key of ours and does not expire", () => {
  const token = one("authentik_core.token");
  assert.deepEqual(token.identifiers, { identifier: "zot-ci-app-password" });
  assert.equal(token.attrs["expiring"], false);
  assert.equal(token.attrs["intent"], "app_password");
  assert.ok(!("key" in token.attrs));
});

test("people's sign-in flow is not among what the blueprint writes", () => {
  const flows = find("authentik_flows.flow").map((entry) => entry.identifiers["slug"]);
  assert.deepEqual(flows, ["machine-login"]);
});

test("the removal takes back every object that the blueprint identifies by name, and nothing of others", () => {
  const named = entriesOf(renderBlueprint(realCase())).filter((entry) => !("target" in entry.identifiers));
  const removed = entriesOf(renderRemoval(realCase()));
  const key = ({ model, identifiers }: Entry): string => `${model} ${JSON.stringify(identifiers)}`;
  // Bindings go with what they are bound to.
  assert.deepEqual(removed.map(key).sort(), named.map(key).sort());
  assert.ok(removed.every((entry) => entry.state === "absent"));
});
