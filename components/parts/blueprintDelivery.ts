import { createHash } from "node:crypto";
import { output } from "@pulumi/pulumi";
import type { CustomResourceOptions, Input, Output, Resource } from "@pulumi/pulumi";
import { ConfigMapPatch } from "@pulumi/kubernetes/core/v1/configMapPatch.js";
import { toSeconds } from "../../core/time/duration.ts";
import type { Duration } from "../../core/time/duration.ts";
import type { SecretReference } from "../../core/secrets/reference.ts";
import { inlineName } from "../../systems/authentik/blueprint/delivery.ts";
import type { BlueprintDelivery } from "../../systems/authentik/blueprint/delivery.ts";
import type { ConfigMapKey } from "../../systems/argocd/client.ts";
import type { AuthentikConnection } from "../../systems/authentik/client.ts";
import { fieldManager } from "../../systems/kubernetes/fieldManager.ts";
import { keyInGit } from "./keyInGit.ts";
import {
  ArgoCdSync,
  BlueprintFile,
  BlueprintFileCleanup,
  DELETE_FIRST,
  InlineBlueprint,
  PatchCleanup,
} from "./resources.ts";

/** The Argo CD application that owns the ConfigMap with the blueprints. */
export interface ArgoCdArgs {
  /** Argo CD's address: `https://argocd.example.net`. */
  readonly url: string;
  /** Reference to a token of an account that may get and sync the application. */
  readonly token: SecretReference;
  /** Name of the application. */
  readonly application: string;
  /** Namespace of the application. Default: Argo CD's own. */
  readonly applicationNamespace?: string | undefined;
  /** The application's project. */
  readonly project: string;
  /** How long to wait for an operation of the application that someone else started. */
  readonly busyTimeout: Duration;
  /** How long a sync may take. */
  readonly syncTimeout: Duration;
}

/** How Kubernetes' provider reaches the cluster: for the clean-up after a run that was interrupted. */
export interface KubernetesArgs {
  /** Path of the kubeconfig. Default: `KUBECONFIG`, then `~/.kube/config`. */
  readonly kubeconfig?: string | undefined;
  /** Default: the current context. */
  readonly context?: string | undefined;
}

/** A blueprint, and where it goes. */
export interface DeliveryArgs extends AuthentikConnection {
  readonly delivery: BlueprintDelivery;
  readonly argocd: ArgoCdArgs | undefined;
  readonly kubernetes: KubernetesArgs;
  /** Where Authentik has the blueprint: a path below its blueprint folder, or `inline:` and a name. */
  readonly place: string;
  readonly text: string;
  /** SHA-512 (hex) of the text. */
  readonly hash: string;
  readonly appliedAfter: readonly string[];
  readonly clientSecretVariable: string;
  /** Another one delivers it again, although it has not changed. Default: none. */
  readonly generation?: Output<number | undefined>;
}

type ConfigMapDelivery = Extract<BlueprintDelivery, { readonly kind: "configMap" }>;

/** Sends the blueprint on its way to Authentik. */
export function deliver(name: string, args: DeliveryArgs, options: CustomResourceOptions): Resource {
  const { delivery, text, generation = output(undefined) } = args;
  switch (delivery.kind) {
    case "configMap":
      return patchConfigMap(name, delivery, args, options);
    case "file": {
      const { file } = delivery;
      const { authentikUrl, authentikToken, place } = args;
      const cleanup = new BlueprintFileCleanup(
        `${name}-file-${short(file)}`,
        { file, text, instance: { authentikUrl, authentikToken, place } },
        options,
      );
      return new BlueprintFile(`${name}-blueprint`, { file, text, generation }, { ...options, dependsOn: [cleanup] });
    }
    case "api":
      return new InlineBlueprint(
        `${name}-blueprint`,
        {
          authentikUrl: args.authentikUrl,
          authentikToken: args.authentikToken,
          name: inlineName(args.place) ?? "",
          text,
          hash: args.hash,
          appliedAfter: args.appliedAfter,
          clientSecretVariable: args.clientSecretVariable,
          generation,
        },
        options,
      );
  }
}

/** The end of the name of a resource that is named by its place, or by what it is about, so that the old one is deleted when the settings name another one. */
export function short(place: string): string {
  return createHash("sha256").update(place).digest("hex").slice(0, 6);
}

/** Writes one key of the ConfigMap that the worker mounts. It syncs Argo CD first, which would otherwise delete a key that was once in Git. */
function patchConfigMap(
  name: string,
  { namespace, configMap, key }: ConfigMapDelivery,
  { argocd, kubernetes, text, hash, generation = output(undefined) }: DeliveryArgs,
  options: CustomResourceOptions,
): Resource {
  // Named by its place, so that the engine deletes that of a former one last.
  const cleanup = new PatchCleanup(
    `${name}-config-map-${short(`${namespace}/${configMap}/${key}`)}`,
    { ...kubernetes, namespace, configMap, key },
    options,
  );
  const synced =
    argocd === undefined ? undefined : syncFirst(name, argocd, { configMap, namespace, key }, hash, options);
  return new ConfigMapPatch(
    `${name}-blueprint`,
    {
      metadata: {
        name: configMap,
        namespace,
        annotations: generation.apply((count): Record<string, Input<string>> => ({
          // A field manager of our own, and forced: otherwise taking the key over, or repairing an edit by hand, is a conflict.
          "pulumi.com/patchFieldManager": fieldManager(key),
          "pulumi.com/patchForce": "true",
          // A sync may delete the key, so the patch is written again after each one.
          ...(synced === undefined ? {} : { "zot-auth/synced-revision": synced.revision }),
          // Each key of the ConfigMap has its own: two stacks would take it from each other.
          ...(count === undefined ? {} : { [`zot-auth/delivery-${short(key)}`]: String(count) }),
        })),
      },
      data: { [key]: text },
    },
    { ...options, ...DELETE_FIRST, dependsOn: [cleanup, ...(synced === undefined ? [] : [synced])] },
  );
}

function syncFirst(
  name: string,
  { url, token, application, applicationNamespace, project, busyTimeout, syncTimeout }: ArgoCdArgs,
  place: ConfigMapKey,
  hash: string,
  options: CustomResourceOptions,
) {
  const args = {
    argocdUrl: url,
    argocdToken: token,
    application,
    ...(applicationNamespace === undefined ? {} : { applicationNamespace }),
    project,
    ...place,
  };
  const { parent, provider } = options;
  return new ArgoCdSync(
    `${name}-sync`,
    {
      ...args,
      blueprintHash: hash,
      busyTimeout: toSeconds(busyTimeout),
      timeout: toSeconds(syncTimeout),
      inGit: keyInGit(args, {
        ...(parent === undefined ? {} : { parent }),
        ...(provider === undefined ? {} : { provider }),
      }),
    },
    options,
  );
}
