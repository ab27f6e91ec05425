import { bindingOf } from "./objects.ts";
import type { BlueprintObject } from "./objects.ts";
import { accountEntries, appPasswordEntry, appPasswordIdentifier, flowEntries, numbered } from "./render.ts";
import { blueprintText, find, keyOf } from "./text.ts";

/** An account that must sign in once more, and the application that it signs in to. */
export interface WayIn {
  readonly username: string;
  /** The application's slug. */
  readonly application: string;
}

/** Name of the group and slug of the flow through which it signs in. */
export const WAY_IN = "zot-auth-former-account";

/**
 * Renders a blueprint that lets an account sign in although the settings no longer declare it: with a group and a flow of its own, whatever the
 * settings name by now. An account that was deleted is created again: zot knows accounts by their names.
 */
export function renderWayIn({ username, application }: WayIn): string {
  const accounts = numbered({ former: { user: username, group: WAY_IN } });
  return blueprintText(WAY_IN, "Written by zot-auth: lets a former account sign in to revoke its keys.", [
    ...accounts.flatMap(accountEntries),
    ...flowEntries(WAY_IN, accounts),
    {
      model: "authentik_policies.policybinding",
      identifiers: { target: find("authentik_core.application", "slug", application), group: keyOf("ci-group") },
      // Apart from those of the settings.
      attrs: { order: 1000, enabled: true, negate: false, timeout: 30 },
    },
    ...accounts.map(appPasswordEntry),
  ]);
}

/** What the blueprint creates, with the account. */
export function wayInObjects({ username, application }: WayIn): readonly BlueprintObject[] {
  return [
    bindingOf(application, WAY_IN),
    `authentik_core.token ${appPasswordIdentifier(username)}`,
    `authentik_core.user ${username}`,
    ...WAY_IN_OBJECTS,
  ];
}

/** What it creates for any account. */
export const WAY_IN_OBJECTS: readonly BlueprintObject[] = [
  `authentik_flows.flow ${WAY_IN}`,
  `authentik_stages_user_login.userloginstage ${WAY_IN}-login`,
  `authentik_stages_identification.identificationstage ${WAY_IN}-identification`,
  `authentik_stages_password.passwordstage ${WAY_IN}-password`,
  `authentik_core.group ${WAY_IN}`,
];
