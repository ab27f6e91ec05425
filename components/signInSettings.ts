import { appPasswordIdentifier } from "../domain/blueprint.ts";
import type { Settings } from "../domain/settings/schema.ts";
import { issuerOf } from "../domain/zot/config.ts";
import type { SignInSettings } from "../provider/signInCheck.ts";
import { filesOnHost } from "./hostFiles.ts";

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
