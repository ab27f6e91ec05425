import { adapt, adaptFunction } from "./adapter.ts";
import type { FunctionHandler, ResourceHandler } from "./shell/index.ts";

/** Our resource types by token, `zot-auth:<module>:<Type>`, each a module of its own that is loaded when it is first used. */
export const resources: Readonly<Record<string, () => Promise<ResourceHandler>>> = {
  "zot-auth:acceptance:Preflight": async () => adapt((await import("./resources/preflight.ts")).preflight),
  "zot-auth:acceptance:AccessProof": async () => adapt((await import("./resources/accessProof.ts")).accessProof),
  "zot-auth:acceptance:SignInProof": async () => adapt((await import("./resources/signInProof.ts")).signInProof),
  "zot-auth:acceptance:TestBuild": async () => adapt((await import("./resources/testBuild.ts")).testBuild),
  "zot-auth:argocd:Sync": async () => adapt((await import("./resources/argocdSync.ts")).argocdSync),
  "zot-auth:authentik:AppliedBlueprint": async () =>
    adapt((await import("./resources/appliedBlueprint.ts")).appliedBlueprint),
  "zot-auth:authentik:BlueprintFile": async () => adapt((await import("./resources/blueprintFile.ts")).blueprintFile),
  "zot-auth:authentik:DeclaredObjects": async () =>
    adapt((await import("./resources/declaredObjects.ts")).declaredObjects),
  "zot-auth:authentik:InlineBlueprint": async () =>
    adapt((await import("./resources/inlineBlueprint.ts")).inlineBlueprint),
  "zot-auth:authentik:Application": async () => adapt((await import("./resources/authentikObjects.ts")).application),
  "zot-auth:authentik:PolicyBinding": async () =>
    adapt((await import("./resources/authentikObjects.ts")).policyBinding),
  "zot-auth:authentik:ServiceAccount": async () =>
    adapt((await import("./resources/authentikObjects.ts")).serviceAccount),
  "zot-auth:forgejo:ActionsSecret": async () => adapt((await import("./resources/actionsSecret.ts")).actionsSecret),
  "zot-auth:forgejo:CopiedSecret": async () => adapt((await import("./resources/copiedSecret.ts")).copiedSecret),
  "zot-auth:forgejo:DeclaredSecrets": async () =>
    adapt((await import("./resources/declaredSecrets.ts")).declaredSecrets),
  "zot-auth:zot:ApiKey": async () => adapt((await import("./resources/apiKey.ts")).apiKey),
  "zot-auth:zot:DeclaredKeys": async () => adapt((await import("./resources/declaredKeys.ts")).declaredKeys),
  "zot-auth:zot:UnknownKeys": async () => adapt((await import("./resources/unknownKeys.ts")).unknownKeys),
  "zot-auth:zot:RetiredKeys": async () => adapt((await import("./resources/retiredKeys.ts")).retiredKeys),
};

/** Our functions by token. */
export const functions: Readonly<Record<string, () => Promise<FunctionHandler>>> = {
  "zot-auth:zot:keysSeen": async () => adaptFunction((await import("./functions/keysSeen.ts")).keysSeen),
};
