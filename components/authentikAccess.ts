import { ComponentResource, RunError, output } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Input, Output, Resource } from "@pulumi/pulumi";
import { toSeconds } from "../core/time/duration.ts";
import type { Duration } from "../core/time/duration.ts";
import type { BlueprintArgs } from "../systems/authentik/blueprint/args.ts";
import { declaredEntries } from "../systems/authentik/blueprint/declared.ts";
import { arrivalOf, blueprintPlace, inlineText } from "../systems/authentik/blueprint/delivery.ts";
import type { BlueprintDelivery } from "../systems/authentik/blueprint/delivery.ts";
import { blueprintHash } from "../systems/authentik/blueprint/hash.ts";
import { declaredObjects, isAccount, neededObjects } from "../systems/authentik/blueprint/objects.ts";
import { redirectUri, renderBlueprint } from "../systems/authentik/blueprint/render.ts";
import type { AuthentikConnection } from "../systems/authentik/client.ts";
import type { FormerlyDeclared } from "../systems/authentik/blueprint/former.ts";
import { deliver, short } from "./parts/blueprintDelivery.ts";
import type { ArgoCdArgs, KubernetesArgs } from "./parts/blueprintDelivery.ts";
import {
  AccountCleanup,
  Application,
  AppliedBlueprint,
  BlueprintCleanup,
  ObjectCleanup,
  PolicyBinding,
} from "./parts/resources.ts";

export interface AuthentikAccessArgs extends AuthentikConnection, BlueprintArgs {
  /** How the blueprint reaches Authentik. A change delivers it the new way and removes it from the old place. */
  readonly delivery: BlueprintDelivery;
  /** Argo CD, if it manages the rest of the ConfigMap; only for the delivery `configMap`. Default: none. */
  readonly argocd?: ArgoCdArgs | undefined;
  /** How Kubernetes' provider reaches the cluster; only for the delivery `configMap`. Default: by the current context of the default kubeconfig. */
  readonly kubernetes?: KubernetesArgs | undefined;
  /** Access that may be taken away from what exists already, each in the words of the preview. Default: none. */
  readonly acceptRemoved?: readonly string[] | undefined;
  /** How long Authentik may take to see the blueprint, and again to apply it. */
  readonly applyTimeout: Duration;
  /** Fingerprint of the OAuth2 client secret. A change makes Authentik apply the blueprint again, even if its text is unchanged. */
  readonly clientSecretFingerprint: Input<string>;
}

/** An account as the blueprint declares it. */
export interface DeclaredAccount {
  /** The entries about it, in JSON: what Authentik must have. */
  readonly declared: string;
  /** Names that it had before. */
  readonly former: Output<readonly FormerlyDeclared[]>;
}

/**
 * Who may sign in: the service accounts and their groups, the OAuth2 provider, the application, its PolicyBindings and the sign-in flow for machines, as
 * one blueprint. It removes what an earlier blueprint made and this one does not.
 */
export class AuthentikAccess extends ComponentResource {
  /** SHA-512 (hex) of the blueprint's text. */
  readonly blueprintHash: string;
  /** Where Authentik has the blueprint: a path below its blueprint folder, or `inline:` and a name. */
  readonly blueprintPlace: string;
  readonly #accounts = new Map<string, DeclaredAccount>();
  /** Done when Authentik has applied the blueprint. */
  readonly applied: Resource;
  /** Done when the application is as declared: from then on the issuer answers, under the name that zot expects. */
  readonly issuer: Resource;

  constructor(name: string, args: AuthentikAccessArgs, options?: ComponentResourceOptions) {
    super("zot-auth:index:AuthentikAccess", name, {}, options);
    const { delivery, application, signInGroups, appliedAfter, clientSecretVariable } = args;
    const rendered = renderBlueprint(args);
    const text = delivery.kind === "api" ? inlineText(rendered) : rendered;
    const hash = blueprintHash(text);
    const place = blueprintPlace(delivery, application);
    const connection = { authentikUrl: args.authentikUrl, authentikToken: args.authentikToken };
    const delivered = { path: place, hash, timeout: toSeconds(args.applyTimeout) };

    const objects = declaredObjects(args);
    const declared = declaredEntries(args);
    const cleanup = new ObjectCleanup(
      `${name}-objects`,
      {
        ...connection,
        objects,
        needed: neededObjects(args),
        application,
        groups: signInGroups,
        place,
        hash,
        timeout: delivered.timeout,
        declared: declared.all,
        ...namedBy(args),
        acceptRemoved: args.acceptRemoved ?? [],
        clientSecretFingerprint: args.clientSecretFingerprint,
      },
      { parent: this },
    );
    const accounts = Object.entries(args.accounts).map(([id, { user: username }]) => {
      const { timeout } = delivered;
      // The only account had the id `ci`.
      const row = new AccountCleanup(
        id === "ci" ? `${name}-account` : `${name}-account-${id}`,
        { ...connection, username, timeout },
        { parent: this, dependsOn: [cleanup] },
      );
      return { id, row };
    });
    const made = objects.filter((object) => !isAccount(object));
    // Named by them, so that the engine deletes that of former ones last.
    const ofBlueprint = new BlueprintCleanup(
      `${name}-objects-${short(made.join())}`,
      { ...connection, objects: made, needed: neededObjects(args), timeout: delivered.timeout },
      { parent: this, dependsOn: [cleanup] },
    );
    const generation = output(cleanup.deliveries).apply((count) => (count === 0 ? undefined : count));
    const delivering = deliver(
      name,
      {
        ...connection,
        delivery,
        argocd: args.argocd,
        kubernetes: args.kubernetes ?? {},
        place,
        text,
        hash,
        appliedAfter,
        clientSecretVariable,
        generation,
      },
      { parent: this, dependsOn: [cleanup, ofBlueprint, ...accounts.map(({ row }) => row)] },
    );
    const applied = new AppliedBlueprint(
      `${name}-applied`,
      {
        ...connection,
        ...delivered,
        text,
        arrival: arrivalOf(delivery),
        appliedAfter,
        clientSecretVariable,
        clientSecretFingerprint: args.clientSecretFingerprint,
        objects,
        former: cleanup.former,
        generation,
      },
      { parent: this, dependsOn: [delivering] },
    );
    const afterwards = { parent: this, dependsOn: [applied] };
    this.issuer = new Application(
      `${name}-application`,
      {
        ...connection,
        ...delivered,
        slug: application,
        name: args.applicationName,
        clientId: args.clientId,
        redirectUri: redirectUri(args.registryUrl),
        declared: declared.application,
        clientSecretVariable,
        clientSecretFingerprint: args.clientSecretFingerprint,
      },
      afterwards,
    );
    for (const [order, group] of signInGroups.entries()) {
      const binding = { application, group, order, declared: declared.bindings[group] ?? "[]" };
      new PolicyBinding(`${name}-${group}`, { ...connection, ...delivered, ...binding }, afterwards);
    }
    for (const { id, row } of accounts)
      this.#accounts.set(id, { declared: declared.accounts[id] ?? "[]", former: row.former });
    this.blueprintHash = hash;
    this.blueprintPlace = place;
    this.applied = applied;
    this.registerOutputs();
  }

  /** One of the `accounts`, by its id. */
  account(id: string): DeclaredAccount {
    const account = this.#accounts.get(id);
    if (account === undefined)
      throw new RunError(
        `There is no account "${id}" among those of AuthentikAccess: ${[...this.#accounts.keys()].join(", ")}.`,
      );
    return account;
  }
}

function namedBy({ accounts }: BlueprintArgs): { readonly namedBy?: Readonly<Record<string, string>> } {
  const named = Object.values(accounts).flatMap(({ user, settings }) =>
    settings === undefined ? [] : [[user, settings.user] as const],
  );
  return named.length === 0 ? {} : { namedBy: Object.fromEntries(named) };
}
