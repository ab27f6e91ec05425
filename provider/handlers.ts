import { adapt, adaptFunction } from "./adapter.ts";
import type { FunctionHandler, ResourceHandler } from "./grpc/index.ts";

/** Our resource types by token, `zot-auth:<module>:<Type>`, each a module of its own that is loaded when it is first used. */
export const resources: Readonly<Record<string, () => Promise<ResourceHandler>>> = {
  "zot-auth:acceptance:Preflight": async () => adapt((await import("../systems/preflight.ts")).preflight),
  "zot-auth:acceptance:AccessProof": async () =>
    adapt((await import("../systems/zot/access/proof/accessProof.ts")).accessProof),
  "zot-auth:acceptance:SignInProof": async () =>
    adapt((await import("../systems/zot/signIn/signInProof.ts")).signInProof),
  "zot-auth:acceptance:TestBuild": async () =>
    adapt((await import("../systems/forgejo/resources/testBuild.ts")).testBuild),
  "zot-auth:argocd:Sync": async () => adapt((await import("../systems/argocd/sync.ts")).argocdSync),
  "zot-auth:authentik:AppliedBlueprint": async () =>
    adapt((await import("../systems/authentik/resources/appliedBlueprint.ts")).appliedBlueprint),
  "zot-auth:authentik:BlueprintFile": async () =>
    adapt((await import("../systems/authentik/resources/blueprintFile.ts")).blueprintFile),
  "zot-auth:authentik:DeclaredObjects": async () =>
    adapt((await import("../systems/authentik/resources/declaredObjects.ts")).declaredObjects),
  "zot-auth:authentik:InlineBlueprint": async () =>
    adapt((await import("../systems/authentik/resources/inlineBlueprint.ts")).inlineBlueprint),
  "zot-auth:authentik:Application": async () =>
    adapt((await import("../systems/authentik/resources/authentikObjects.ts")).application),
  "zot-auth:authentik:PolicyBinding": async () =>
    adapt((await import("../systems/authentik/resources/authentikObjects.ts")).policyBinding),
  "zot-auth:authentik:ServiceAccount": async () =>
    adapt((await import("../systems/authentik/resources/authentikObjects.ts")).serviceAccount),
  "zot-auth:forgejo:ActionsSecret": async () =>
    adapt((await import("../systems/forgejo/resources/actionsSecret.ts")).actionsSecret),
  "zot-auth:forgejo:CopiedSecret": async () =>
    adapt((await import("../systems/forgejo/resources/copiedSecret.ts")).copiedSecret),
  "zot-auth:forgejo:DeclaredSecrets": async () =>
    adapt((await import("../systems/forgejo/resources/declaredSecrets.ts")).declaredSecrets),
  "zot-auth:zot:ApiKey": async () => adapt((await import("../systems/zot/keys/apiKey.ts")).apiKey),
  "zot-auth:zot:DeclaredKeys": async () => adapt((await import("../systems/zot/keys/declaredKeys.ts")).declaredKeys),
  "zot-auth:zot:UnknownKeys": async () => adapt((await import("../systems/zot/keys/unknownKeys.ts")).unknownKeys),
  "zot-auth:zot:RetiredKeys": async () => adapt((await import("../systems/zot/keys/retiredKeys.ts")).retiredKeys),
};

/** Our functions by token. */
export const functions: Readonly<Record<string, () => Promise<FunctionHandler>>> = {
  "zot-auth:zot:keysSeen": async () => adaptFunction((await import("../systems/zot/keys/keysSeen.ts")).keysSeen),
};
