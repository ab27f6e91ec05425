import { adapt, adaptFunction } from "./adapter.ts";
import { FORMER_TYPES } from "./formerTypes.ts";
import type { FunctionHandler, ResourceHandler } from "./grpc/index.ts";
import { removedType } from "./resource.ts";

/** Our resource types by token, `zot-auth:<module>:<Type>`, each a module that is loaded on first use. */
const currentResources: Readonly<Record<string, () => Promise<ResourceHandler>>> = {
  "zot-auth:acceptance:Preflight": async () => adapt((await import("../systems/preflight/preflight.ts")).preflight),
  "zot-auth:acceptance:AccessProof": async () =>
    adapt((await import("../systems/zot/access/proof/accessProof.ts")).accessProof),
  "zot-auth:acceptance:Services": async () => adapt((await import("../systems/services/services.ts")).services),
  "zot-auth:acceptance:SignInProof": async () =>
    adapt((await import("../systems/zot/signIn/signInProof.ts")).signInProof),
  "zot-auth:acceptance:TestBuild": async () =>
    adapt((await import("../systems/forgejo/resources/testBuild.ts")).testBuild),
  "zot-auth:argocd:Sync": async () => adapt((await import("../systems/argocd/sync.ts")).argocdSync),
  "zot-auth:authentik:AccountCleanup": async () =>
    adapt((await import("../systems/authentik/resources/accountCleanup.ts")).accountCleanup),
  "zot-auth:authentik:AppliedBlueprint": async () =>
    adapt((await import("../systems/authentik/resources/appliedBlueprint.ts")).appliedBlueprint),
  "zot-auth:authentik:BlueprintCleanup": async () =>
    adapt((await import("../systems/authentik/resources/blueprintCleanup.ts")).blueprintCleanup),
  "zot-auth:authentik:BlueprintFile": async () =>
    adapt((await import("../systems/authentik/resources/blueprintFile.ts")).blueprintFile),
  "zot-auth:authentik:BlueprintFileCleanup": async () =>
    adapt((await import("../systems/authentik/resources/blueprintFile.ts")).blueprintFileCleanup),
  "zot-auth:authentik:ObjectCleanup": async () =>
    adapt((await import("../systems/authentik/resources/objectCleanup.ts")).objectCleanup),
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
  "zot-auth:forgejo:ActionsSecrets": async () =>
    adapt((await import("../systems/forgejo/resources/actionsSecret.ts")).actionsSecrets),
  "zot-auth:forgejo:CopiedSecret": async () =>
    adapt((await import("../systems/forgejo/resources/copiedSecret.ts")).copiedSecret),
  "zot-auth:forgejo:CopiedSecrets": async () =>
    adapt((await import("../systems/forgejo/resources/copiedSecret.ts")).copiedSecrets),
  "zot-auth:forgejo:FormerSecrets": async () =>
    adapt((await import("../systems/forgejo/resources/formerSecrets.ts")).formerSecrets),
  "zot-auth:forgejo:JobTokenVariable": async () =>
    adapt((await import("../systems/forgejo/resources/jobTokenVariable.ts")).jobTokenVariable),
  "zot-auth:forgejo:JobTokenVariables": async () =>
    adapt((await import("../systems/forgejo/resources/jobTokenVariable.ts")).jobTokenVariables),
  "zot-auth:forgejo:SecretCleanup": async () =>
    adapt((await import("../systems/forgejo/resources/secretCleanup.ts")).secretCleanup),
  "zot-auth:kubernetes:PatchCleanup": async () =>
    adapt((await import("../systems/kubernetes/patchCleanup.ts")).patchCleanup),
  "zot-auth:zot:ApiKey": async () => adapt((await import("../systems/zot/keys/resources/apiKey.ts")).apiKey),
  "zot-auth:zot:FileCleanup": async () =>
    adapt((await import("../systems/zot/host/former/fileCleanup.ts")).fileCleanup),
  "zot-auth:zot:KeyCleanup": async () =>
    adapt((await import("../systems/zot/keys/resources/keyCleanup.ts")).keyCleanup),
  "zot-auth:zot:KeyCopy": async () => adapt((await import("../systems/zot/keys/resources/keyCopy.ts")).keyCopy),
  "zot-auth:zot:OtherKeys": async () => adapt((await import("../systems/zot/keys/otherKeys/otherKeys.ts")).otherKeys),
};

/** Types of earlier versions: a `refresh` or a `destroy` may come before the `up` that renames them. */
const formerResources = Object.fromEntries(
  Object.entries(FORMER_TYPES).flatMap(([former, type]) => {
    const load = currentResources[type];
    return load === undefined ? [] : [[former, load] as const];
  }),
);

/** Our resource types by token, including former names. */
export const resources: Readonly<Record<string, () => Promise<ResourceHandler>>> = {
  ...currentResources,
  ...formerResources,
  // zot:OtherKeys reports unmanaged keys now. This type owned nothing on any server.
  "zot-auth:zot:UnknownKeys": async () => Promise.resolve(adapt(removedType)),
};

/** Our functions by token. */
export const functions: Readonly<Record<string, () => Promise<FunctionHandler>>> = {
  "zot-auth:argocd:keyInGit": async () => adaptFunction((await import("../systems/argocd/sync.ts")).keyInGit),
  "zot-auth:zot:listOtherKeys": async () =>
    adaptFunction((await import("../systems/zot/keys/otherKeys/listing.ts")).listOtherKeys),
};
