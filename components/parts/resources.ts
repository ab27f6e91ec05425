import { CustomResource } from "@pulumi/pulumi";
import type { CustomResourceOptions, Input, Output } from "@pulumi/pulumi";
import type { AccessProofInputs, AccessProofState } from "../../systems/zot/access/proof/accessProof.ts";
import type {
  ActionsSecretInputs,
  ActionsSecretState,
  ActionsSecretsInputs,
  ActionsSecretsState,
} from "../../systems/forgejo/resources/actionsSecret.ts";
import type { ApiKeyInputs, ApiKeyState } from "../../systems/zot/keys/resources/apiKey.ts";
import type { AccountCleanupInputs, AccountCleanupState } from "../../systems/authentik/resources/accountCleanup.ts";
import type {
  AppliedBlueprintInputs,
  AppliedBlueprintState,
} from "../../systems/authentik/resources/appliedBlueprint.ts";
import type { ArgoCdSyncInputs, ArgoCdSyncState } from "../../systems/argocd/sync.ts";
import type {
  ApplicationInputs,
  PolicyBindingInputs,
  ServiceAccountInputs,
} from "../../systems/authentik/resources/authentikObjects.ts";
import type {
  BlueprintCleanupInputs,
  BlueprintCleanupState,
} from "../../systems/authentik/resources/blueprintCleanup.ts";
import type {
  BlueprintFileCleanupInputs,
  BlueprintFileCleanupState,
  BlueprintFileInputs,
  BlueprintFileState,
} from "../../systems/authentik/resources/blueprintFile.ts";
import type {
  CopiedSecretInputs,
  CopiedSecretState,
  CopiedSecretsInputs,
  CopiedSecretsState,
} from "../../systems/forgejo/resources/copiedSecret.ts";
import type { KeyCleanupInputs, KeyCleanupState } from "../../systems/zot/keys/resources/keyCleanup.ts";
import type { KeyCopyInputs, KeyCopyState } from "../../systems/zot/keys/resources/keyCopy.ts";
import type { ObjectCleanupInputs, ObjectCleanupState } from "../../systems/authentik/resources/objectCleanup.ts";
import type { FormerSecretsInputs, FormerSecretsState } from "../../systems/forgejo/resources/formerSecrets.ts";
import type {
  JobTokenVariableInputs,
  JobTokenVariableState,
  JobTokenVariablesInputs,
  JobTokenVariablesState,
} from "../../systems/forgejo/resources/jobTokenVariable.ts";
import type { SecretCleanupInputs, SecretCleanupState } from "../../systems/forgejo/resources/secretCleanup.ts";
import type { FileCleanupInputs, FileCleanupState } from "../../systems/zot/host/former/fileCleanup.ts";
import type { PatchCleanupInputs, PatchCleanupState } from "../../systems/kubernetes/patchCleanup.ts";
import type { InlineBlueprintInputs, InlineBlueprintState } from "../../systems/authentik/resources/inlineBlueprint.ts";
import type { PreflightInputs, PreflightState } from "../../systems/preflight/preflight.ts";
import type { OtherKeysInputs, OtherKeysState } from "../../systems/zot/keys/otherKeys/otherKeys.ts";
import type { ServicesInputs, ServicesState } from "../../systems/services/services.ts";
import type { SignInProofInputs, SignInProofState } from "../../systems/zot/signIn/signInProof.ts";
import type { TestBuildInputs, TestBuildState } from "../../systems/forgejo/resources/testBuild.ts";
import { argocdSyncOutputs } from "../../systems/argocd/outputs.ts";
import {
  accountCleanupOutputs,
  appliedBlueprintOutputs,
  inlineBlueprintOutputs,
  objectCleanupOutputs,
} from "../../systems/authentik/resources/outputs.ts";
import {
  actionsSecretOutputs,
  copiedSecretOutputs,
  jobTokenVariableOutputs,
  recipientsOutputs,
  secretCleanupOutputs,
  testBuildOutputs,
} from "../../systems/forgejo/resources/outputs.ts";
import { preflightOutputs } from "../../systems/preflight/outputs.ts";
import { servicesOutputs } from "../../systems/services/outputs.ts";
import { accessProofOutputs } from "../../systems/zot/access/proof/outputs.ts";
import { apiKeyOutputs, keyCleanupOutputs, otherKeysOutputs } from "../../systems/zot/keys/resources/outputs.ts";
import { signInProofOutputs } from "../../systems/zot/signIn/outputs.ts";
import { FORMER_TYPES } from "../../provider/formerTypes.ts";
import type { Computed, Observed } from "../../provider/resource.ts";

/** The program's side of our provider's resources: types from the handlers, and the names of their outputs. */

type InputsOf<I> = { readonly [K in keyof I]: DeepInput<I[K]> };
type DeepInput<T> = Input<T extends object ? { readonly [K in keyof T]: DeepInput<T[K]> } : T>;
type Instance<S> = CustomResource & { readonly [K in keyof S]: Output<S[K]> };
type ResourceClass<I, S> = new (name: string, inputs: InputsOf<I>, options?: CustomResourceOptions) => Instance<S>;

/**
 * What a deletion removes it finds by its name or place on the server. Were the replacement created first, that could be the replacement: after `up --replace`,
 * or if a setting changes, that run is interrupted, and the setting changes back.
 */
export const DELETE_FIRST = { deleteBeforeReplace: true } as const;

/** The SDK resolves an output only when its name is among the properties. */
function resource<I extends object, S extends I & Observed>(
  type: string,
  computed: Computed<I, S>,
): ResourceClass<I, S> {
  const token = `zot-auth:${type}`;
  const outputs = Object.fromEntries([...Object.keys(computed), "drift"].map((key) => [key, undefined]));
  const aliases = Object.entries(FORMER_TYPES)
    .filter(([, present]) => present === token)
    .map(([former]) => ({ type: former }));
  class LocalResource extends CustomResource {
    constructor(name: string, inputs: InputsOf<I>, options: CustomResourceOptions = {}) {
      super(
        token,
        name,
        { ...outputs, ...inputs },
        { ...DELETE_FIRST, ...options, aliases: [...aliases, ...(options.aliases ?? [])] },
      );
    }
  }
  // The SDK defines each property as an Output on the instance; no static type can say that.
  return LocalResource as unknown as ResourceClass<I, S>;
}

export const Preflight = resource<PreflightInputs, PreflightState>("acceptance:Preflight", preflightOutputs);
export const ArgoCdSync = resource<ArgoCdSyncInputs, ArgoCdSyncState>("argocd:Sync", argocdSyncOutputs);
export const AccountCleanup = resource<AccountCleanupInputs, AccountCleanupState>(
  "authentik:AccountCleanup",
  accountCleanupOutputs,
);
export const AppliedBlueprint = resource<AppliedBlueprintInputs, AppliedBlueprintState>(
  "authentik:AppliedBlueprint",
  appliedBlueprintOutputs,
);
export const ObjectCleanup = resource<ObjectCleanupInputs, ObjectCleanupState>(
  "authentik:ObjectCleanup",
  objectCleanupOutputs,
);
export const BlueprintCleanup = resource<BlueprintCleanupInputs, BlueprintCleanupState>(
  "authentik:BlueprintCleanup",
  {},
);
export const BlueprintFile = resource<BlueprintFileInputs, BlueprintFileState>("authentik:BlueprintFile", {});
export const BlueprintFileCleanup = resource<BlueprintFileCleanupInputs, BlueprintFileCleanupState>(
  "authentik:BlueprintFileCleanup",
  {},
);
export const InlineBlueprint = resource<InlineBlueprintInputs, InlineBlueprintState>(
  "authentik:InlineBlueprint",
  inlineBlueprintOutputs,
);
export const PolicyBinding = resource<PolicyBindingInputs, PolicyBindingInputs & Observed>(
  "authentik:PolicyBinding",
  {},
);
export const Application = resource<ApplicationInputs, ApplicationInputs & Observed>("authentik:Application", {});
export const ServiceAccount = resource<ServiceAccountInputs, ServiceAccountInputs & Observed>(
  "authentik:ServiceAccount",
  {},
);
export const ApiKey = resource<ApiKeyInputs, ApiKeyState>("zot:ApiKey", apiKeyOutputs);
export const KeyCleanup = resource<KeyCleanupInputs, KeyCleanupState>("zot:KeyCleanup", keyCleanupOutputs);
export const KeyCopy = resource<KeyCopyInputs, KeyCopyState>("zot:KeyCopy", {});
export const FileCleanup = resource<FileCleanupInputs, FileCleanupState>("zot:FileCleanup", {});
export const PatchCleanup = resource<PatchCleanupInputs, PatchCleanupState>("kubernetes:PatchCleanup", {});
export const OtherKeys = resource<OtherKeysInputs, OtherKeysState>("zot:OtherKeys", otherKeysOutputs);
export const SecretCleanup = resource<SecretCleanupInputs, SecretCleanupState>(
  "forgejo:SecretCleanup",
  secretCleanupOutputs,
);
export const FormerSecrets = resource<FormerSecretsInputs, FormerSecretsState>("forgejo:FormerSecrets", {});
export const ActionsSecret = resource<ActionsSecretInputs, ActionsSecretState>(
  "forgejo:ActionsSecret",
  actionsSecretOutputs,
);
export const ActionsSecrets = resource<ActionsSecretsInputs, ActionsSecretsState>(
  "forgejo:ActionsSecrets",
  recipientsOutputs,
);
export const CopiedSecret = resource<CopiedSecretInputs, CopiedSecretState>(
  "forgejo:CopiedSecret",
  copiedSecretOutputs,
);
export const CopiedSecrets = resource<CopiedSecretsInputs, CopiedSecretsState>(
  "forgejo:CopiedSecrets",
  recipientsOutputs,
);
export const JobTokenVariable = resource<JobTokenVariableInputs, JobTokenVariableState>(
  "forgejo:JobTokenVariable",
  jobTokenVariableOutputs,
);
export const JobTokenVariables = resource<JobTokenVariablesInputs, JobTokenVariablesState>(
  "forgejo:JobTokenVariables",
  recipientsOutputs,
);
export const AccessProof = resource<AccessProofInputs, AccessProofState>("acceptance:AccessProof", accessProofOutputs);
export const Services = resource<ServicesInputs, ServicesState>("acceptance:Services", servicesOutputs);
export const SignInProof = resource<SignInProofInputs, SignInProofState>("acceptance:SignInProof", signInProofOutputs);
export const TestBuild = resource<TestBuildInputs, TestBuildState>("acceptance:TestBuild", testBuildOutputs);
