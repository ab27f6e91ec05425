import { appPasswordIdentifier } from "../systems/authentik/blueprint/render.ts";
import type { Settings } from "../settings/schema.ts";
import { issuerOf } from "../systems/zot/config/config.ts";
import type { SignInSettings } from "../systems/zot/signIn/check.ts";
import { filesOnHost } from "../systems/zot/host/paths.ts";

/** What a sign-in as the CI account needs, from the stack's settings. */
export function signInSettings({ authentik, registry, ci, access, zot }: Settings): SignInSettings {
  return {
    authentikUrl: authentik.url,
    authentikToken: authentik.token,
    registryUrl: registry.url,
    username: ci.user,
    machineFlow: authentik.machineFlow,
    appPassword: appPasswordIdentifier(ci.user),
    issuer: issuerOf(authentik),
    clientSecret: authentik.clientSecret,
    ciGroup: access.ciGroup,
    groupsClaim: zot.auth.groupsClaim ?? "groups",
    configPlace: { host: registry.host, configFile: filesOnHost(registry).configFile },
  };
}
