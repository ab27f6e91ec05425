import { ComponentResource } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Input, Resource } from "@pulumi/pulumi";
import { redirectUri, renderBlueprint } from "../systems/authentik/blueprint/render.ts";
import { blueprintHash } from "../systems/authentik/blueprint/hash.ts";
import { declaredObjects, neededObjects } from "../systems/authentik/blueprint/objects.ts";
import { arrivalOf, blueprintPlace, deliveryOf, inlineText } from "../systems/authentik/blueprint/delivery.ts";
import { toSeconds } from "../core/duration.ts";
import type { Settings } from "../settings/schema.ts";
import { signInGroups } from "../systems/authentik/blueprint/signInGroups.ts";
import { deliver } from "./blueprintDelivery.ts";
import { Application, AppliedBlueprint, DeclaredObjects, PolicyBinding } from "./resources.ts";

export interface AuthentikAccessArgs {
  readonly settings: Settings;
  /** Another client secret makes Authentik apply the blueprint anew, though its text is the same. */
  readonly clientSecretFingerprint: Input<string>;
}

/**
 * Who may sign in: group, service account, OAuth2 provider, application, PolicyBindings and the machines' sign-in flow, as one blueprint. It
 * reaches Authentik through a ConfigMap, a file of a GitOps repository, or Authentik's API. What an earlier blueprint made and this one does not
 * is taken out again.
 */
export class AuthentikAccess extends ComponentResource {
  /** SHA-512 (hex) of the blueprint's text. */
  readonly blueprintHash: string;
  /** Where Authentik has the blueprint. */
  readonly blueprintPlace: string;
  /** Done when Authentik has applied the blueprint: from then on the issuer answers. */
  readonly applied: Resource;
  constructor(name: string, args: AuthentikAccessArgs, options?: ComponentResourceOptions) {
    super("zot-auth:index:AuthentikAccess", name, {}, options);
    const { settings } = args;
    const { authentik } = settings;
    const rendered = renderBlueprint(settings);
    const text = deliveryOf(settings).kind === "api" ? inlineText(rendered) : rendered;
    this.blueprintHash = blueprintHash(text);
    this.blueprintPlace = blueprintPlace(settings);
    const connection = { authentikUrl: authentik.url, authentikToken: authentik.token };
    const delivered = {
      path: this.blueprintPlace,
      hash: this.blueprintHash,
      timeout: toSeconds(authentik.applyTimeout),
    };
    const groups = signInGroups(settings);

    const objects = declaredObjects(settings);
    const declared = new DeclaredObjects(
      `${name}-objects`,
      {
        ...connection,
        objects,
        needed: neededObjects(settings),
        application: authentik.application,
        groups,
        timeout: delivered.timeout,
      },
      { parent: this },
    );
    const delivery = deliver(
      name,
      { settings, text, hash: this.blueprintHash },
      { parent: this, dependsOn: [declared] },
    );
    const applied = new AppliedBlueprint(
      `${name}-applied`,
      {
        ...connection,
        ...delivered,
        text,
        arrival: arrivalOf(settings),
        appliedAfter: authentik.appliedAfter,
        clientSecretVariable: authentik.clientSecretVariable,
        clientSecretFingerprint: args.clientSecretFingerprint,
        objects,
        former: declared.former,
      },
      { parent: this, dependsOn: [delivery] },
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
        redirectUri: redirectUri(settings),
      },
      made,
    );
    for (const [order, group] of groups.entries()) {
      new PolicyBinding(
        `${name}-${group}`,
        { ...connection, ...delivered, application: authentik.application, group, order },
        made,
      );
    }
    this.registerOutputs();
  }
}
