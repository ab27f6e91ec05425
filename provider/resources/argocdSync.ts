import { randomUUID } from "node:crypto";
import { ZotAuthError } from "../../domain/errors.ts";
import { ArgoCd } from "../clients/argocd.ts";
import type { ApplicationState, ArgoCdConnection } from "../clients/argocd.ts";
import { waitFor } from "../clients/wait.ts";
import type { Context, Observed, Resource } from "../resource.ts";

/** Argo CD's application, synced once for each text of the blueprint, before the blueprint is patched in. */
export interface ArgoCdSyncInputs extends ArgoCdConnection {
  /** Hash of what is delivered after the sync: another one needs another sync. */
  readonly blueprintHash: string;
  /** Seconds. */
  readonly timeout: number;
}

export interface ArgoCdSyncState extends ArgoCdSyncInputs, Observed {
  /** The commit that was synced. */
  readonly revision: string;
}

/**
 * Starts a sync marked with a uuid and waits for its end. Only the mark tells our operation from anybody else's: times have whole seconds,
 * and "Synced" may still speak of the commit before.
 */
export const argocdSync: Resource<ArgoCdSyncInputs, ArgoCdSyncState> = {
  computed: ["revision"],

  async create(inputs, context) {
    return { id: inputs.application, state: { ...inputs, revision: await sync(inputs, context), drift: "" } };
  },

  async update(_state, inputs, context) {
    return { ...inputs, revision: await sync(inputs, context), drift: "" };
  },
};

async function sync(inputs: ArgoCdSyncInputs, context: Context): Promise<string> {
  const argocd = new ArgoCd(inputs, context.signal);
  const mark = randomUUID();
  const wait = { timeoutSeconds: inputs.timeout, signal: context.signal };
  const inArgo = `See the application ${inputs.application} in Argo CD, or raise argocd.syncTimeout.`;

  context.progress("starting the sync");
  const revision = await waitFor(async () => argocd.sync(mark), {
    ...wait,
    what: `another operation of Argo CD's application ${inputs.application} to end`,
    remedy: () => inArgo,
  });

  context.progress("waiting for the sync to end");
  let last: ApplicationState | undefined;
  await waitFor(
    async () => {
      last = await argocd.state();
      if (!last.marks.includes(mark)) return last; // a later operation followed, so ours has ended
      if (last.busy || !["Succeeded", "Failed", "Error"].includes(last.phase)) return undefined;
      if (last.phase !== "Succeeded") throw failed(inputs, last);
      return last;
    },
    { ...wait, what: `Argo CD to sync ${inputs.application}`, remedy: () => inArgo },
  );

  context.progress("waiting for the application to be Synced and Healthy");
  return waitFor(
    async () => {
      last = await argocd.state();
      return last.revision === revision && last.sync === "Synced" && last.health === "Healthy" ? revision : undefined;
    },
    {
      ...wait,
      what: `Argo CD to report ${inputs.application} as Synced and Healthy at ${revision}`,
      remedy: () =>
        `It says ${last?.sync ?? "nothing"}, ${last?.health ?? ""} at ${last?.revision ?? "?"}. ${keyInGit(last)}${inArgo}`,
    },
  );
}

function keyInGit(last: ApplicationState | undefined): string {
  return last?.sync === "OutOfSync"
    ? "If Git still holds the blueprint, remove it there: every sync would overwrite ours. "
    : "";
}

function failed(inputs: ArgoCdSyncInputs, state: ApplicationState): ZotAuthError {
  const details = state.failures.length === 0 ? "" : ` (${state.failures.join("; ")})`;
  return new ZotAuthError(
    "ARGOCD_SYNC_FAILED",
    `Argo CD's sync of ${inputs.application} ended as ${state.phase}: ${state.message}${details}. Correct it in Git or in Argo CD, and run again.`,
  );
}
