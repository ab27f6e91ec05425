import { ComponentResource } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Input, Resource } from "@pulumi/pulumi";
import { ConfigMapPatch } from "@pulumi/kubernetes/core/v1/configMapPatch.js";
import { redirectUri, renderBlueprint, renderRemoval, signInGroups } from "../domain/blueprint.ts";
import { blueprintHash } from "../domain/blueprintHash.ts";
import { toSeconds } from "../domain/duration.ts";
import type { Settings } from "../domain/settings/schema.ts";
import { Application, AppliedBlueprint, ArgoCdSync, PolicyBinding } from "./resources.ts";

export interface AuthentikAccessArgs {
  readonly settings: Settings;
  /** Another client secret makes Authentik apply the blueprint anew, though its text is the same. */
  readonly clientSecretFingerprint: Input<string>;
}

/**
 * Who may sign in: group, service account, OAuth2 provider, application, PolicyBindings and the machines' sign-in flow, as one blueprint that
 * reaches Authentik through a key of the ConfigMap which its worker mounts. Argo CD, where there is one, is synced first: it would take a
 * key away again that was once in Git.
 */
export class AuthentikAccess extends ComponentResource {
  /** SHA-512 (hex) of the blueprint's text. */
  readonly blueprintHash: string;
  /** Done when Authentik has applied the blueprint: from then on the issuer answers. */
  readonly applied: Resource;
  constructor(name: string, args: AuthentikAccessArgs, options?: ComponentResourceOptions) {
    super("zot-auth:index:AuthentikAccess", name, {}, options);
    const { authentik, argocd, kubernetes } = args.settings;
    const text = renderBlueprint(args.settings);
    this.blueprintHash = blueprintHash(text);
    const connection = { authentikUrl: authentik.url, authentikToken: authentik.token };
    const delivered = {
      path: authentik.blueprintPath,
      hash: this.blueprintHash,
      timeout: toSeconds(authentik.applyTimeout),
    };

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
                blueprintHash: this.blueprintHash,
                timeout: toSeconds(argocd.syncTimeout),
              },
              { parent: this },
            ),
          ];
    const patch = new ConfigMapPatch(
      `${name}-blueprint`,
      {
        metadata: {
          name: kubernetes.configMap,
          namespace: kubernetes.namespace,
          annotations: {
            // One manager of our own, and forced: taking the key over, and repairing a hand edit, conflict otherwise.
            "pulumi.com/patchFieldManager": "zot-auth",
            "pulumi.com/patchForce": "true",
          },
        },
        data: { [kubernetes.key]: text },
      },
      { parent: this, dependsOn: synced },
    );
    const applied = new AppliedBlueprint(
      `${name}-applied`,
      {
        ...connection,
        ...delivered,
        clientSecretFingerprint: args.clientSecretFingerprint,
        removal: renderRemoval(args.settings),
      },
      { parent: this, dependsOn: [patch] },
    );
    this.applied = applied;
    const made = { parent: this, dependsOn: [applied] };
    new Application(
      `${name}-application`,
      {
        ...connection,
        ...delivered,
        slug: authentik.application,
        name: authentik.applicationName,
        clientId: authentik.clientId,
        redirectUri: redirectUri(args.settings),
      },
      made,
    );
    for (const [order, group] of signInGroups(args.settings).entries()) {
      new PolicyBinding(
        `${name}-${group}`,
        { ...connection, ...delivered, application: authentik.application, group, order },
        made,
      );
    }
    this.registerOutputs();
  }
}
