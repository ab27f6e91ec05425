import { CustomResource } from "@pulumi/pulumi";
import type { CustomResourceOptions, Input, Output } from "@pulumi/pulumi";
import type { AccessProofInputs, AccessProofState } from "../systems/zot/access/proof/accessProof.ts";
import type { ActionsSecretInputs, ActionsSecretState } from "../systems/forgejo/resources/actionsSecret.ts";
import type { ApiKeyInputs, ApiKeyState } from "../systems/zot/keys/apiKey.ts";
import type { AppliedBlueprintInputs, AppliedBlueprintState } from "../systems/authentik/resources/appliedBlueprint.ts";
import type { ArgoCdSyncInputs, ArgoCdSyncState } from "../systems/argocd/sync.ts";
import type {
  ApplicationInputs,
  PolicyBindingInputs,
  ServiceAccountInputs,
} from "../systems/authentik/resources/authentikObjects.ts";
import type { BlueprintFileInputs, BlueprintFileState } from "../systems/authentik/resources/blueprintFile.ts";
import type { CopiedSecretInputs, CopiedSecretState } from "../systems/forgejo/resources/copiedSecret.ts";
import type { DeclaredKeysInputs, DeclaredKeysState } from "../systems/zot/keys/declaredKeys.ts";
import type { DeclaredObjectsInputs, DeclaredObjectsState } from "../systems/authentik/resources/declaredObjects.ts";
import type { DeclaredSecretsInputs, DeclaredSecretsState } from "../systems/forgejo/resources/declaredSecrets.ts";
import type { InlineBlueprintInputs, InlineBlueprintState } from "../systems/authentik/resources/inlineBlueprint.ts";
import type { PreflightInputs, PreflightState } from "../systems/preflight.ts";
import type { RetiredKeysInputs, RetiredKeysState } from "../systems/zot/keys/retiredKeys.ts";
import type { UnknownKeysInputs, UnknownKeysState } from "../systems/zot/keys/unknownKeys.ts";
import type { SignInProofInputs, SignInProofState } from "../systems/zot/signIn/signInProof.ts";
import type { TestBuildInputs, TestBuildState } from "../systems/forgejo/resources/testBuild.ts";
import type { Observed } from "../provider/resource.ts";

/** The program's side of our provider's resources: types from the handlers, nothing else. */

type InputsOf<I> = { readonly [K in keyof I]: DeepInput<I[K]> };
type DeepInput<T> = Input<T extends object ? { readonly [K in keyof T]: DeepInput<T[K]> } : T>;
type Instance<S> = CustomResource & { readonly [K in keyof S]: Output<S[K]> };
type ResourceClass<I, S> = new (name: string, inputs: InputsOf<I>, options?: CustomResourceOptions) => Instance<S>;

/** `computed`: the outputs that are not inputs. The SDK resolves an output only when its name is among the properties. */
function resource<I extends object, S extends I>(
  type: string,
  computed: readonly Exclude<keyof S, keyof I>[],
): ResourceClass<I, S> {
  const outputs = Object.fromEntries(computed.map((key) => [key, undefined]));
  class LocalResource extends CustomResource {
    constructor(name: string, inputs: InputsOf<I>, options?: CustomResourceOptions) {
      super(`zot-auth:${type}`, name, { ...outputs, ...inputs }, options);
    }
  }
  // The SDK defines each property as an Output on the instance; no static type can say that.
  return LocalResource as unknown as ResourceClass<I, S>;
}

export const Preflight = resource<PreflightInputs, PreflightState>("acceptance:Preflight", ["drift"]);
export const ArgoCdSync = resource<ArgoCdSyncInputs, ArgoCdSyncState>("argocd:Sync", ["revision", "keyInGit", "drift"]);
export const AppliedBlueprint = resource<AppliedBlueprintInputs, AppliedBlueprintState>("authentik:AppliedBlueprint", [
  "instance",
  "drift",
]);
export const DeclaredObjects = resource<DeclaredObjectsInputs, DeclaredObjectsState>("authentik:DeclaredObjects", [
  "former",
  "generation",
  "others",
  "drift",
]);
export const BlueprintFile = resource<BlueprintFileInputs, BlueprintFileState>("authentik:BlueprintFile", ["drift"]);
export const InlineBlueprint = resource<InlineBlueprintInputs, InlineBlueprintState>("authentik:InlineBlueprint", [
  "instance",
  "drift",
]);
export const PolicyBinding = resource<PolicyBindingInputs, PolicyBindingInputs & Observed>("authentik:PolicyBinding", [
  "drift",
]);
export const Application = resource<ApplicationInputs, ApplicationInputs & Observed>("authentik:Application", [
  "drift",
]);
export const ServiceAccount = resource<ServiceAccountInputs, ServiceAccountInputs & Observed>(
  "authentik:ServiceAccount",
  ["drift"],
);
export const ApiKey = resource<ApiKeyInputs, ApiKeyState>("zot:ApiKey", [
  "uuid",
  "label",
  "generation",
  "fingerprint",
  "created",
  "expires",
  "rotates",
  "superseded",
  "drift",
]);
export const DeclaredKeys = resource<DeclaredKeysInputs, DeclaredKeysState>("zot:DeclaredKeys", ["drift"]);
export const RetiredKeys = resource<RetiredKeysInputs, RetiredKeysState>("zot:RetiredKeys", [
  "pending",
  "due",
  "drift",
]);
export const UnknownKeys = resource<UnknownKeysInputs, UnknownKeysState>("zot:UnknownKeys", ["unknown", "drift"]);
export const DeclaredSecrets = resource<DeclaredSecretsInputs, DeclaredSecretsState>("forgejo:DeclaredSecrets", [
  "drift",
]);
export const ActionsSecret = resource<ActionsSecretInputs, ActionsSecretState>("forgejo:ActionsSecret", [
  "targetId",
  "drift",
]);
export const CopiedSecret = resource<CopiedSecretInputs, CopiedSecretState>("forgejo:CopiedSecret", [
  "targetId",
  "fingerprint",
  "drift",
]);
export const AccessProof = resource<AccessProofInputs, AccessProofState>("acceptance:AccessProof", [
  "measured",
  "result",
  "checked",
  "drift",
]);
export const SignInProof = resource<SignInProofInputs, SignInProofState>("acceptance:SignInProof", [
  "checks",
  "result",
  "checked",
  "drift",
]);
export const TestBuild = resource<TestBuildInputs, TestBuildState>("acceptance:TestBuild", [
  "run",
  "runUrl",
  "result",
  "drift",
]);
