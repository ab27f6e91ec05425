import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { blueprintHash } from "../../domain/blueprintHash.ts";
import { ZotAuthError } from "../../domain/errors.ts";
import { Authentik } from "../clients/authentik.ts";
import type { AuthentikConnection, BlueprintInstance } from "../clients/authentik.ts";
import { waitFor } from "../clients/wait.ts";
import type { Context, Observed, Resource } from "../resource.ts";

/** Authentik has applied the blueprint that was delivered: the file's hash is the one it last applied. */
export interface AppliedBlueprintInputs extends AuthentikConnection {
  /** The path under which the worker sees the file: `custom/zot.yaml`. */
  readonly path: string;
  /** SHA-512 (hex) of the delivered text. */
  readonly hash: string;
  /** Fingerprint of the client secret: Authentik does not notice by itself that a variable of its worker changed. */
  readonly clientSecretFingerprint: string;
  /** The blueprint that takes everything away again; applied on destroy. */
  readonly removal: string;
  /** Seconds for the file to arrive, and again for it to be applied. */
  readonly timeout: number;
}

export interface AppliedBlueprintState extends AppliedBlueprintInputs, Observed {
  /** The blueprint instance's primary key in Authentik. */
  readonly instance: string;
}

export const appliedBlueprint: Resource<AppliedBlueprintInputs, AppliedBlueprintState> = {
  computed: ["instance"],

  async create(inputs, context) {
    const instance = await applyDelivered(inputs, context);
    return { id: inputs.path, state: { ...inputs, instance, drift: "" } };
  },

  async read(state, context) {
    const instance = await new Authentik(state, context.signal).blueprint(state.path);
    if (instance === undefined) return undefined;
    const drift = instance.lastAppliedHash === state.hash ? "" : `Authentik last applied another text of ${state.path}`;
    return { ...state, instance: instance.pk, drift };
  },

  async update(_state, inputs, context) {
    return { ...inputs, instance: await applyDelivered(inputs, context), drift: "" };
  },

  async delete(state, context) {
    const authentik = new Authentik(state, context.signal);
    context.progress("applying the blueprint that removes what ours made");
    const removal = await authentik.createBlueprint(`zot-auth removal ${randomUUID()}`, state.removal);
    await authentik.apply(removal.pk);
    await applied(authentik, removal, blueprintHash(state.removal), state, context);
    await authentik.deleteBlueprint(removal.pk);
  },
};

/** Waits until the worker sees the delivered file, has it applied, and waits until its hash is the applied one. */
export async function applyDelivered(
  inputs: AuthentikConnection & { readonly path: string; readonly hash: string; readonly timeout: number },
  context: Context,
): Promise<string> {
  const authentik = new Authentik(inputs, context.signal);
  let seen: string | undefined;
  context.progress("waiting for Authentik's worker to see the blueprint");
  await waitFor(
    async () => {
      seen = await authentik.availableHash(inputs.path);
      return seen === inputs.hash ? true : undefined;
    },
    {
      what: `Authentik's worker to see the new ${inputs.path}`,
      timeoutSeconds: inputs.timeout,
      signal: context.signal,
      remedy: () =>
        seen === undefined
          ? "It sees no such file: check authentik.blueprintPath, kubernetes.configMap and that the worker mounts it."
          : "It still sees another text: see whether something else writes that key of the ConfigMap, or raise authentik.applyTimeout.",
    },
  );
  const instance = await waitFor(async () => authentik.blueprint(inputs.path), {
    what: `Authentik to list the blueprint ${inputs.path}`,
    timeoutSeconds: inputs.timeout,
    signal: context.signal,
    remedy: () => "See the blueprints in Authentik's admin page: discovery makes the instance.",
  });
  context.progress("applying the blueprint");
  await authentik.apply(instance.pk);
  await applied(authentik, instance, inputs.hash, inputs, context);
  return instance.pk;
}

/** Runs that may fail before it counts. */
const ATTEMPTS = 4;

/**
 * Waits for a run after `before` that leaves the hash: the hash alone may be that of an earlier time, since when somebody deleted what the
 * blueprint made, or changed a variable that it reads. A run that failed may be an older one, or have raced with the blueprint that makes a group we look
 * for: so the blueprint is applied anew a few times, with growing pauses, before it counts as rejected.
 */
async function applied(
  authentik: Authentik,
  before: BlueprintInstance,
  hash: string,
  inputs: { readonly timeout: number },
  context: Context,
): Promise<void> {
  const { pk } = before;
  let seenRun = before.lastApplied;
  let attempts = 0;
  await waitFor(
    async () => {
      const instance = await authentik.blueprintByPk(pk);
      if (instance.lastApplied === seenRun) return undefined;
      seenRun = instance.lastApplied;
      if (instance.lastAppliedHash === hash && instance.status === "successful") return instance;
      if (instance.status !== "error") return undefined;
      if (++attempts === ATTEMPTS) throw rejected(instance);
      await delay(250 * 2 ** attempts, undefined, { signal: context.signal });
      await authentik.apply(pk);
      return undefined;
    },
    {
      what: "Authentik to apply the blueprint",
      timeoutSeconds: inputs.timeout,
      signal: context.signal,
      remedy: () =>
        "See the blueprint's status in Authentik's admin page and the worker's log, or raise authentik.applyTimeout.",
    },
  );
}

function rejected(instance: BlueprintInstance): ZotAuthError {
  return new ZotAuthError(
    "BLUEPRINT_REJECTED",
    `Authentik cannot apply the blueprint ${instance.path}; what was there before stays. Most often something that it looks for is missing: the group of ` +
      "access.adminGroup, the flows of authentik.authorizationFlow and authentik.invalidationFlow, the certificate of authentik.signingCertificate, " +
      "or the worker's variable of authentik.clientSecretVariable. See the worker's log, correct it, and run again.",
  );
}
