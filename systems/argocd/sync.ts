import { randomUUID } from "node:crypto";
import { ZotAuthError, messageOf } from "../../core/errors.ts";
import { ArgoCd } from "./client.ts";
import type { ApplicationState, ArgoCdConnection, ConfigMapKey } from "./client.ts";
import { waitFor } from "../../core/time/wait.ts";
import type { Context, Observed, Resource } from "../../provider/resource.ts";
import { argocdSyncOutputs } from "./outputs.ts";

/** Argo CD's application, synced once for each text of the blueprint, before the blueprint is patched in. */
export interface ArgoCdSyncInputs extends ArgoCdConnection, ConfigMapKey {
  /** Hash of what is delivered after the sync. A change needs another sync. */
  readonly blueprintHash: string;
  /** Seconds to wait for another operation. */
  readonly busyTimeout: number;
  /** Seconds. */
  readonly timeout: number;
  /** Where Git contains the key now, as this `up` has just had it compared; empty if nowhere. */
  readonly inGit?: string | undefined;
}

export interface ArgoCdSyncState extends ArgoCdSyncInputs, Observed {
  /** The commit that was synced. */
  readonly revision: string;
  /** Where Git also contained the key at the last sync or since, which it should not; empty if it did not. */
  readonly keyInGit: string;
}

export type GitArgs = ArgoCdConnection & ConfigMapKey;

/**
 * Has Argo CD compare the application with Git, in every `up`, and says where Git contains the key. A function, since `diff` of an unchanged resource asks no
 * server.
 *
 * @returns nothing if Argo CD could not be asked; a warning says why
 */
export async function keyInGit(args: GitArgs, context: Context): Promise<{ readonly inGit?: string }> {
  try {
    const { revision } = await new ArgoCd(args, context.signal).comparedState();
    return { inGit: (await new ArgoCd(args, context.signal).findInGit(args, revision)) ?? "" };
  } catch (error) {
    // What needs Argo CD fails by itself; an update without changes succeeds without it.
    if (!(error instanceof ZotAuthError)) throw error;
    context.warn(`Whether Git contains the key ${args.key} is unknown: ${error.message}`);
    return {};
  }
}

/**
 * Starts a sync marked with a uuid and waits for its end. Only the mark distinguishes our operation from others: times have whole
 * seconds, and "Synced" may still refer to the previous commit.
 */
export const argocdSync: Resource<ArgoCdSyncInputs, ArgoCdSyncState> = {
  computed: argocdSyncOutputs,
  observations: ["inGit"],

  // Argo CD remembers that it applied the key from Git, and would delete ours in the next sync, whoever starts it.
  diff: ({ inputs, state }) => ({ due: state.keyInGit !== "" && inputs.inGit === "" ? ["keyInGit"] : [] }),

  async create(inputs, context) {
    return { id: inputs.application, state: await synced(inputs, context) };
  },

  async read(state, context) {
    const { revision } = await new ArgoCd(state, context.signal).state();
    const place = await lookIntoGit(state, revision, context);
    if (place === undefined) return state;
    const drift =
      place === "" && state.keyInGit !== ""
        ? `Git no longer contains the key ${state.key}, so the next sync deletes ours from the ConfigMap`
        : "";
    return { ...state, keyInGit: place === "" ? state.keyInGit : place, drift };
  },

  async update(_state, inputs, context) {
    return synced(inputs, context);
  },
};

async function synced({ inGit, ...inputs }: ArgoCdSyncInputs, context: Context): Promise<ArgoCdSyncState> {
  const revision = await sync(inputs, context);
  const place = await lookIntoGit(inputs, revision, context);
  return { ...inputs, revision, keyInGit: place ?? inGit ?? "", drift: "" };
}

async function sync(inputs: ArgoCdSyncInputs, context: Context): Promise<string> {
  const argocd = new ArgoCd(inputs, context.signal);
  const mark = randomUUID();
  const wait = { timeoutSeconds: inputs.timeout, signal: context.signal };
  const inArgo = `See the application ${inputs.application} in Argo CD, or raise argocd.syncTimeout.`;
  const revision = await start(argocd, mark, inputs, context);

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
    {
      ...wait,
      code: "ARGOCD_SYNC_UNFINISHED",
      what: `Argo CD to sync ${inputs.application}`,
      remedy: () =>
        last?.phase === ""
          ? `The operation has not started: Argo CD's application controller is not running, or is busy. ${inArgo}`
          : `It is ${last?.phase ?? "unknown"}${last?.message === "" ? "" : `: ${last?.message ?? ""}`}. ${inArgo}`,
    },
  );

  context.progress("waiting for the application to be Synced and Healthy");
  return waitFor(
    async () => {
      last = await argocd.state();
      return last.revision === revision && last.sync === "Synced" && last.health === "Healthy" ? revision : undefined;
    },
    {
      ...wait,
      code: "ARGOCD_NOT_SYNCED",
      what: `Argo CD to report ${inputs.application} as Synced and Healthy at ${revision}`,
      remedy: () =>
        `It reports ${last?.sync ?? "nothing"}, ${last?.health ?? ""} at ${last?.revision ?? "?"}. ${inArgo}`,
    },
  );
}

/** Argo CD runs one operation at a time and queues none, so this waits briefly for another one to end. */
async function start(argocd: ArgoCd, mark: string, inputs: ArgoCdSyncInputs, context: Context): Promise<string> {
  context.progress("starting the sync");
  let other: ApplicationState | undefined;
  let asked = false;
  return waitFor(
    async () => {
      // The response to an earlier request may have been lost.
      const started = asked ? await argocd.syncOf(mark) : undefined;
      if (started !== undefined) return started;
      asked = true;
      const revision = await argocd.sync(mark);
      if (revision !== undefined) return revision;
      other = await argocd.state();
      context.progress(`waiting for an operation of ${other.operator} to end`);
      return undefined;
    },
    {
      code: "ARGOCD_BUSY",
      timeoutSeconds: inputs.busyTimeout,
      signal: context.signal,
      what: `another operation of Argo CD's application ${inputs.application} to end`,
      remedy: () =>
        `${other?.operator ?? "Someone"} started it; it is ${other?.phase ?? "waiting"}${other?.message === "" ? "" : `: ${other?.message ?? ""}`}. ` +
        `Wait for it, terminate it with \`argocd app terminate-op ${inputs.application}\`, or raise argocd.busyTimeout.`,
    },
  );
}

/** If Git contains the key too, every sync overwrites our patch. `undefined`: it could not be found out. */
async function lookIntoGit(inputs: GitArgs, revision: string, context: Context): Promise<string | undefined> {
  const { key, configMap, namespace, application } = inputs;
  try {
    const place = (await new ArgoCd(inputs, context.signal).findInGit(inputs, revision)) ?? "";
    if (place !== "") {
      context.warn(
        `Git also contains the key ${key} of the ConfigMap ${namespace}/${configMap}, in ${place}: every sync of ${application} overwrites ours. ` +
          "Remove the key there, commit and push, and run `pulumi up`, which syncs first and then writes ours.",
      );
    }
    return place;
  } catch (error) {
    context.signal.throwIfAborted();
    context.warn(`Could not check whether Git contains the key ${key}. ${messageOf(error)}`);
    return undefined;
  }
}

function failed(inputs: ArgoCdSyncInputs, state: ApplicationState): ZotAuthError {
  const details = state.failures.length === 0 ? "" : ` (${state.failures.join("; ")})`;
  return new ZotAuthError(
    "ARGOCD_SYNC_FAILED",
    `Argo CD's sync of ${inputs.application} ended as ${state.phase}: ${state.message}${details}. Correct it in Git or in Argo CD, and run again.`,
  );
}
