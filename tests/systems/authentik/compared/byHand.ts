import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { adapt } from "../../../../provider/adapter.ts";
import type { Values } from "../../../../provider/grpc/types.ts";
import { parseSettings } from "../../../../settings/parse.ts";
import { blueprintArgs } from "../../../../stack/arguments.ts";
import { declaredEntries } from "../../../../systems/authentik/blueprint/declared.ts";
import { declaredObjects, neededObjects } from "../../../../systems/authentik/blueprint/objects.ts";
import { objectCleanup } from "../../../../systems/authentik/resources/objectCleanup.ts";
import type { ObjectCleanupInputs } from "../../../../systems/authentik/resources/objectCleanup.ts";
import type { Lab } from "../../../lab/authentik/support.ts";
import { adminKey } from "../../../lab/authentik/support.ts";
import { connectionTo, testContext } from "../../../support/provider.ts";
import { REAL_CASE } from "../../../support/settings.ts";
import { mainAccount } from "../../../../settings/accounts/accounts.ts";

// An application, its provider and an account as a person may have made them before the first `up`, and what compares them.

const SETTINGS = parseSettings(REAL_CASE);
export const ARGS = blueprintArgs(SETTINGS);
export const ACCOUNT = mainAccount(SETTINGS);

export function inputsFor(
  t: TestContext,
  lab: Lab,
  token = adminKey,
  acceptRemoved: readonly string[] = [],
): ObjectCleanupInputs {
  return {
    ...connectionTo(t, lab.server.url, token),
    objects: declaredObjects(ARGS),
    needed: neededObjects(ARGS),
    application: ARGS.application,
    groups: ARGS.signInGroups,
    timeout: 60,
    declared: declaredEntries(ARGS).all,
    acceptRemoved,
  };
}

export async function previewOf(
  inputs: ObjectCleanupInputs,
  state?: Values,
): Promise<{ readonly said: string; readonly warned: string }> {
  const context = testContext();
  await adapt(objectCleanup).preview(inputs as unknown as Values, state, context);
  return { said: context.said.join("\n"), warned: context.warned.join("\n") };
}

export async function made(lab: Lab, path: string, body: object): Promise<Readonly<Record<string, unknown>>> {
  const answer = await lab.api("POST", path, body);
  assert.equal(answer.status, 201, answer.text);
  return answer.json;
}

/** An application with its provider, and an account, as a person may have made them. */
export async function byHand(lab: Lab): Promise<void> {
  const pk = async (path: string): Promise<unknown> => (await lab.one(path))["pk"];
  const flow = await pk("/flows/instances/?slug=default-provider-authorization-implicit-consent");
  const mapping = await made(lab, "/propertymappings/provider/scope/", {
    name: "Teams",
    scope_name: "teams",
    expression: "return {}",
  });
  const provider = await made(lab, "/providers/oauth2/", {
    name: ARGS.providerName,
    client_id: ARGS.clientId,
    client_type: "confidential",
    authorization_flow: flow,
    invalidation_flow: await pk("/flows/instances/?slug=default-provider-invalidation-flow"),
    redirect_uris: [
      { matching_mode: "strict", url: `${ARGS.registryUrl}/zot/auth/callback/oidc` },
      { matching_mode: "regex", url: "https://old\\..*" },
    ],
    property_mappings: [mapping["pk"], await pk("/propertymappings/provider/scope/?scope_name=openid")],
    issuer_mode: "global",
    signing_key: await pk("/crypto/certificatekeypairs/?name=authentik%20Self-signed%20Certificate"),
  });
  await made(lab, "/core/applications/", {
    name: "Registry",
    slug: ARGS.application,
    provider: provider["pk"],
    meta_launch_url: "https://old.example.test",
  });
  await made(lab, "/core/users/", {
    username: ACCOUNT.user,
    name: "CI",
    type: "service_account",
    path: "users",
    groups: [await pk("/core/groups/?name=admins")],
  });
}

export const LOST = [
  `group admins of the account ${ACCOUNT.user}`,
  `issuer mode global of the OAuth2 provider ${ARGS.providerName}`,
  `redirect URI https://old\\..* (regex) of the OAuth2 provider ${ARGS.providerName}`,
  `scope mapping Teams of the OAuth2 provider ${ARGS.providerName}`,
  `access of everybody to the application ${ARGS.application}, which has no PolicyBindings`,
];
