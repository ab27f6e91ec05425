import assert from "node:assert/strict";
import test from "node:test";
import { parse } from "yaml";
import { fingerprint } from "../../../../core/secrets/fingerprint.ts";
import { UNKNOWN } from "../../../../provider/grpc/types.ts";
import type { Values } from "../../../../provider/grpc/types.ts";
import { declaredEntries } from "../../../../systems/authentik/blueprint/declared.ts";
import { declaredObjects } from "../../../../systems/authentik/blueprint/objects.ts";
import { renderBlueprint } from "../../../../systems/authentik/blueprint/render.ts";
import { objectCleanup } from "../../../../systems/authentik/resources/objectCleanup.ts";
import type { ObjectCleanupInputs } from "../../../../systems/authentik/resources/objectCleanup.ts";
import { adminKey, clientSecret, startLab } from "../../../lab/authentik/support.ts";
import { testContext } from "../../../support/provider.ts";
import { ARGS, ACCOUNT, LOST, byHand, inputsFor, made, previewOf } from "./byHand.ts";

// What a person made in Authentik before the first `up`: the preview shows what becomes of it, and `up` takes no access away that the settings do not accept.

/** The settings that a message asks for. */
function linesToAdd(text: string): unknown {
  const lines = text.split("\n");
  const from = lines.findIndex((line) => /^ +zot-auth:authentik:$/.test(line));
  return parse(lines.slice(from, lines.findLastIndex((line) => line.startsWith("      - ")) + 1).join("\n"));
}

test("nothing exists: a preview says nothing but what the token may not view, and `up` needs no setting", async (t) => {
  const lab = await startLab(t);
  assert.deepEqual(await previewOf(inputsFor(t, lab)), { said: "", warned: "" });
  assert.deepEqual(await previewOf(inputsFor(t, lab, "robot-token")), {
    said: `\`up\` adopts what exists in Authentik; \`pulumi destroy\` then deletes it:
- if they exist, and not compared, since authentik.token may not view them: the group "artifact-workloads", the OAuth2 provider "zot", the application "zot", the PolicyBinding of the group "admins", the PolicyBinding of the group "artifact-workloads"`,
    warned: "",
  });
  for (const token of [adminKey, "robot-token"]) {
    const { state } = await objectCleanup.create(inputsFor(t, lab, token), testContext());
    assert.ok(
      !("declared" in state) && !("acceptRemoved" in state),
      "nothing is kept that a change would be compared with",
    );
  }
});

test("a preview shows each change of what exists, old and new, and the lines without which `up` fails", async (t) => {
  const lab = await startLab(t);
  await byHand(lab);
  const { warned, said } = await previewOf(inputsFor(t, lab));
  assert.equal(said, "");
  for (const line of [
    /^`up` adopts what exists in Authentik; `pulumi destroy` then deletes it:$/m,
    /^- the existing application "zot": .*name "Registry" → "Zot Registry"; launch URL "https:\/\/old\.example\.test" → "https:\/\/registry\.\S+"/m,
    /^- the existing OAuth2 provider "Zot" \(client ID "zot"\): .*client secret → the one in the worker's variable AUTHENTIK_ZOT_CLIENT_SECRET/m,
    /issuer mode "global" → "per_provider"/,
    /redirect URIs: removes https:\/\/old\\\.\.\* \(regex\);/,
    /scope mappings: removes "Teams" and adds "authentik default OAuth Mapping: OpenID '\w+'", /,
    /takes away access of everybody to the application zot, which has no PolicyBindings$/m,
    /^- the existing account "zot-ci": name "CI" → "zot-ci \(pushes images from CI\)"; path "users" → "service-accounts"; groups: removes "admins" and adds "artifact-workloads"/m,
  ])
    assert.match(warned, line);
  assert.deepEqual(linesToAdd(warned), { "zot-auth:authentik": { acceptRemoved: LOST } });
  assert.ok(!warned.includes((await lab.one("/providers/oauth2/?name=Zot"))["client_secret"] as string));

  await assert.rejects(objectCleanup.create(inputsFor(t, lab), testContext()), (error: Error & { code?: string }) => {
    assert.equal(error.code, "ACCESS_REMOVED");
    assert.deepEqual(linesToAdd(error.message), { "zot-auth:authentik": { acceptRemoved: LOST } });
    return true;
  });
  const some = inputsFor(t, lab, adminKey, LOST.slice(0, -1));
  await assert.rejects(objectCleanup.create(some, testContext()), /access of everybody/);
  const accepting = inputsFor(t, lab, adminKey, LOST);
  assert.doesNotMatch((await previewOf(accepting)).warned, /acceptRemoved/);
  await objectCleanup.create(accepting, testContext());
});

test("what is there as declared is named in one line, and nothing is asked for what the stack knows", async (t) => {
  const lab = await startLab(t);
  await lab.apply("zot.yaml", renderBlueprint(ARGS));
  const inputs = inputsFor(t, lab);
  const { said, warned } = await previewOf(inputs);
  assert.equal(warned, "");
  const [first, ...lines] = said.split("\n");
  assert.equal(first, "`up` adopts what exists in Authentik; `pulumi destroy` then deletes it:");
  assert.match(
    lines[0] ?? "",
    /^- the existing OAuth2 provider "Zot" \(client ID "zot"\): client secret → .* \(not compared\)$/,
  );
  assert.match(
    lines[1] ?? "",
    /^- as declared: the group "artifact-workloads", the account "zot-ci", the application "zot", the PolicyBinding of the group "admins", .*the flow "machine-login", the app password "\S+"$/,
  );
  assert.equal(lines.length, 2, said);

  const { state } = await objectCleanup.create(inputs, testContext());
  const dead = { authentikUrl: "http://127.0.0.1:9" };
  const known = await previewOf({ ...inputs, ...dead, timeout: 61 }, { ...state, ...dead } as unknown as Values);
  assert.deepEqual(known, { said: "", warned: "" });
});

test("another client secret than zot's is reported without its value; the same one is not mentioned", async (t) => {
  const lab = await startLab(t);
  await lab.apply("zot.yaml", renderBlueprint(ARGS));
  const preview = async (clientSecretFingerprint: string | typeof UNKNOWN): Promise<string> => {
    const inputs = { ...inputsFor(t, lab), clientSecretFingerprint } as ObjectCleanupInputs;
    const { said, warned } = await previewOf(inputs);
    assert.equal(warned, "");
    return said.split("\n").find((line) => line.includes("OAuth2 provider")) ?? "";
  };
  assert.match(await preview(fingerprint(clientSecret)), /^- as declared: .*the OAuth2 provider "Zot"/);
  const other = await preview(fingerprint("another client secret"));
  assert.match(
    other,
    /^- the existing OAuth2 provider "Zot" \(client ID "zot"\): client secret → the one in the worker's variable AUTHENTIK_ZOT_CLIENT_SECRET, since it is not that of authentik\.clientSecret: until zot has the new one, nobody can sign in/,
  );
  assert.ok(!other.includes(clientSecret) && !other.includes(fingerprint(clientSecret)));
  assert.match(await preview(UNKNOWN), /client secret → .* \(not compared\)$/, "a preview that cannot read 1Password");

  const made = await objectCleanup.create(
    { ...inputsFor(t, lab), clientSecretFingerprint: fingerprint(clientSecret) },
    testContext(),
  );
  assert.ok(!("clientSecretFingerprint" in made.state));
});

test("an update takes over what it names for the first time", async (t) => {
  const lab = await startLab(t);
  const inputs = inputsFor(t, lab);
  const { state } = await objectCleanup.create(inputs, testContext());
  await lab.apply("zot.yaml", renderBlueprint(ARGS));
  const people = { ...ARGS, machineFlow: "default-authentication-flow" };
  const changed = { ...inputs, objects: declaredObjects(people), declared: declaredEntries(people).all };
  const { warned } = await previewOf(changed, state as unknown as Values);
  assert.match(
    warned,
    /^- the existing flow "default-authentication-flow": .*title ".*" → "Sign-in for machines".*takes away sign-in by the stages of the flow default-authentication-flow: default-authentication-identification, /m,
  );
  assert.doesNotMatch(warned, /the existing (?:application|OAuth2 provider|account)/);
  await assert.rejects(
    async () => objectCleanup.update?.(state, changed, testContext()),
    /sign-in by the stages of the flow/,
  );
});

test("what the token may not view counts as taken away, if it exists", async (t) => {
  const lab = await startLab(t);
  await byHand(lab);
  const { warned } = await previewOf(inputsFor(t, lab, "robot-token"));
  assert.deepEqual(linesToAdd(warned), {
    "zot-auth:authentik": {
      acceptRemoved: [
        LOST[0],
        "whatever the OAuth2 provider zot gives that authentik.token may not view",
        "whatever the application zot gives that authentik.token may not view",
      ],
    },
  });
});

test("an application of another provider, another name of the application, and people in CI's group", async (t) => {
  const lab = await startLab(t);
  const pk = async (path: string): Promise<unknown> => (await lab.one(path))["pk"];
  const group = await made(lab, "/core/groups/", { name: ACCOUNT.group });
  assert.deepEqual(await previewOf(inputsFor(t, lab)), {
    said: `\`up\` adopts what exists in Authentik; \`pulumi destroy\` then deletes it:\n- as declared: the group "${ACCOUNT.group}"`,
    warned: "",
  });
  await lab.api("POST", `/core/groups/${String(group["pk"])}/add_user/`, {
    pk: await pk("/core/users/?username=alice"),
  });
  assert.match(
    (await previewOf(inputsFor(t, lab))).said,
    /- the existing group "\S+": its members get CI's access to the registry: alice$/,
  );

  const flows = {
    authorization_flow: await pk("/flows/instances/?slug=default-provider-authorization-implicit-consent"),
    invalidation_flow: await pk("/flows/instances/?slug=default-provider-invalidation-flow"),
    redirect_uris: [],
  };
  const wiki = await made(lab, "/providers/oauth2/", { name: "Wiki", client_id: "wiki", ...flows });
  await made(lab, "/core/applications/", {
    name: "Wiki",
    slug: ARGS.application,
    provider: wiki["pk"],
  });
  assert.match(
    (await previewOf(inputsFor(t, lab))).warned,
    /takes away the provider Wiki of the application zot; takes away access of everybody to the application zot/,
  );

  const own = await made(lab, "/providers/oauth2/", { name: ARGS.providerName, client_id: ARGS.clientId, ...flows });
  await made(lab, "/core/applications/", { name: "Images", slug: "images", provider: own["pk"] });
  assert.match(
    (await previewOf(inputsFor(t, lab))).warned,
    /- the existing application "zot": .*`up` fails: the provider belongs to the application "images"/,
  );

  assert.equal((await lab.api("DELETE", `/core/applications/${ARGS.application}/`)).status, 204);
  assert.match(
    (await previewOf(inputsFor(t, lab))).warned,
    /- the existing application "images": .*slug "images" → "zot"/,
  );
});

test("a provider that other clients share: its issuer, type and subjects are access, whichever is another", async (t) => {
  const lab = await startLab(t);
  await byHand(lab);
  const { pk } = await lab.one(`/providers/oauth2/?name=${ARGS.providerName}`);
  const of = `of the OAuth2 provider ${ARGS.providerName}`;
  for (const [change, lost] of [
    [{ issuer_mode: "per_provider", client_type: "public" }, [`client type public ${of}`]],
    [{ client_type: "confidential", sub_mode: "user_email" }, [`sub mode user_email ${of}`]],
    [{ sub_mode: "hashed_user_id" }, []],
  ] as const) {
    const answer = await lab.api("PATCH", `/providers/oauth2/${String(pk)}/`, change);
    assert.equal(answer.status, 200, answer.text);
    const { warned } = await previewOf(inputsFor(t, lab));
    const { "zot-auth:authentik": added } = linesToAdd(warned) as Record<string, { acceptRemoved: string[] }>;
    assert.deepEqual(
      added?.acceptRemoved.filter((line) => / (?:mode|type) /.test(line)),
      lost,
    );
  }
});

test("an Authentik that does not answer is a warning of the preview, and an error of `up`", async (t) => {
  const lab = await startLab(t);
  const inputs = { ...inputsFor(t, lab), authentikUrl: "http://127.0.0.1:9" };
  const { warned } = await previewOf(inputs);
  assert.match(warned, /^What exists in Authentik was not compared\. .* does not list: Authentik does not answer at /);
  await assert.rejects(objectCleanup.create(inputs, testContext()), /Authentik does not answer/);
});
