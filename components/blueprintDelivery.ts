import type { CustomResourceOptions, Resource } from "@pulumi/pulumi";
import { ConfigMapPatch } from "@pulumi/kubernetes/core/v1/configMapPatch.js";
import { deliveryOf, inlineName, blueprintPlace } from "../systems/authentik/blueprint/delivery.ts";
import { toSeconds } from "../core/duration.ts";
import type { Settings } from "../settings/schema.ts";
import { ArgoCdSync, BlueprintFile, InlineBlueprint } from "./resources.ts";

export interface DeliveredText {
  readonly settings: Settings;
  readonly text: string;
  /** SHA-512 (hex) of the text. */
  readonly hash: string;
}

/** Sends the blueprint on its way to Authentik, as `authentik.delivery` says. */
export function deliver(name: string, delivered: DeliveredText, options: CustomResourceOptions): Resource {
  const { settings, text, hash } = delivered;
  const { authentik } = settings;
  const delivery = deliveryOf(settings);
  switch (delivery.kind) {
    case "configMap":
      return patchConfigMap(name, delivered, options);
    case "file":
      return new BlueprintFile(`${name}-blueprint`, { file: delivery.file, text }, options);
    case "api":
      return new InlineBlueprint(
        `${name}-blueprint`,
        {
          authentikUrl: authentik.url,
          authentikToken: authentik.token,
          name: inlineName(blueprintPlace(settings)) ?? "",
          text,
          hash,
          appliedAfter: authentik.appliedAfter,
          clientSecretVariable: authentik.clientSecretVariable,
        },
        options,
      );
  }
}

/**
 * One key of the ConfigMap that the worker mounts. Argo CD, where there is one, is synced first: it would take a key away again that was once in
 * Git.
 */
function patchConfigMap(
  name: string,
  { settings: { argocd, kubernetes }, text, hash }: DeliveredText,
  options: CustomResourceOptions,
): Resource {
  const { configMap, namespace, key } = kubernetes;
  const synced =
    argocd === undefined
      ? []
      : [
          new ArgoCdSync(
            `${name}-sync`,
            {
              argocdUrl: argocd.url,
              argocdToken: argocd.token,
              application: argocd.application,
              project: argocd.project,
              blueprintHash: hash,
              configMap,
              namespace,
              key,
              busyTimeout: toSeconds(argocd.busyTimeout),
              timeout: toSeconds(argocd.syncTimeout),
            },
            options,
          ),
        ];
  return new ConfigMapPatch(
    `${name}-blueprint`,
    {
      metadata: {
        name: configMap,
        namespace,
        annotations: {
          // One manager of our own, and forced: taking the key over, and repairing a hand edit, conflict otherwise.
          "pulumi.com/patchFieldManager": "zot-auth",
          "pulumi.com/patchForce": "true",
        },
      },
      data: { [key]: text },
    },
    synced.length === 0 ? options : { ...options, dependsOn: synced },
  );
}
