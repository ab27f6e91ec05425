import { isDeepStrictEqual } from "node:util";
import { ZotAuthError, messageOf } from "../../core/errors.ts";
import { inParallel } from "../../core/concurrency/inParallel.ts";
import { unlessUnreadable } from "../../core/time/lookAhead.ts";
import type { SecretReference } from "../../core/secrets/reference.ts";
import { assertMayBeCis } from "../authentik/applying/removal/accounts.ts";
import { checkClientId } from "../authentik/applying/clientId.ts";
import type { DeclaredProvider } from "../authentik/applying/clientId.ts";
import { checkBlueprintNeeds } from "../authentik/applying/neededObjects.ts";
import type { BlueprintNeeds } from "../authentik/applying/neededObjects.ts";
import { checkAuthentikRights, ifAllowed } from "../authentik/rights/check.ts";
import { ArgoCd } from "../argocd/client.ts";
import type { ArgoCdConnection } from "../argocd/client.ts";
import { Authentik } from "../authentik/client.ts";
import type { AuthentikConnection } from "../authentik/client.ts";
import { Forgejo } from "../forgejo/client.ts";
import type { ForgejoConnection } from "../forgejo/client.ts";
import { assertJobTokens } from "../forgejo/jobToken/requirements.ts";
import type { ExpectedJobTokens } from "../forgejo/jobToken/requirements.ts";
import { tellOfJobTokens } from "../forgejo/jobToken/needlessKeys.ts";
import type { AccountsWithKeys } from "../forgejo/jobToken/needlessKeys.ts";
import { configMapMissing, lookForConfigMap } from "../kubernetes/configMap.ts";
import type { ConfigMapPlace } from "../kubernetes/configMap.ts";
import { resolveSecret, vault } from "../onePassword/resolver.ts";
import { preflightOutputs } from "./outputs.ts";
import type { Context, Observed, Resource } from "../../provider/resource.ts";

/**
 * Checks everything that can be wrong before anything is changed: servers that do not respond, tokens that are rejected or have insufficient
 * permissions, repositories and items that do not exist. All other resources depend on it.
 */
export interface PreflightInputs {
  readonly authentik: AuthentikConnection;
  readonly blueprint: BlueprintNeeds & DeclaredProvider;
  /** CI's accounts. Absent in the state of earlier versions. */
  readonly ciUsers?: readonly string[];
  /** The settings that name the users and the places of the keys, by what they name. Absent: without `ci.accounts`, each has one place. */
  readonly namedBy?: Readonly<Record<string, string>>;
  readonly argocd: ArgoCdConnection | null;
  /** The ConfigMap that gets the blueprint, if one does. Absent in the state of earlier versions. */
  readonly configMap?: ConfigMapPlace;
  readonly forgejo: ForgejoConnection;
  readonly targets: readonly string[];
  /** What the jobs' tokens must be like, if there are such accounts. */
  readonly jobTokens?: ExpectedJobTokens;
  /** Accounts with a stored key, and a zot that would take their jobs' tokens in its place. Absent: there are none, or zot cannot. */
  readonly withKeys?: AccountsWithKeys;
  /** What of the settings has rows of its own, which leave with it and come back with it: each account's ways in. Absent in the state of earlier versions. */
  readonly ways?: readonly string[];
  /** The sources of the other secrets that are copied to Forgejo. */
  readonly sources: readonly SecretReference[];
  /** Where the keys are stored. */
  readonly keyStores: readonly SecretReference[];
  /**
   * Secrets of this machine that cannot be read now, and why. It makes the preview show this step, and `up` run it. Absent: all can be read.
   */
  readonly unreadable?: readonly string[];
  /** The access that the config on zot's host gives and a first deployment would take away, as an error says it. Empty if there is none. Only an update knows it. */
  readonly removal?: string;
}

const TARGETS_AT_ONCE = 12;

export interface PreflightState extends PreflightInputs, Observed {
  /** Counts the times at which something came back, or was new. Absent in the state of earlier versions. */
  readonly generation?: number;
  /**
   * When each of the `ways` came back, without those of the first settings. A run that was killed may have deleted something of it, and if it came back before the next
   * run, its rows do not know: with another number, they look.
   */
  readonly generations?: Readonly<Record<string, number>>;
}

export const preflight: Resource<PreflightInputs, PreflightState> = {
  computed: preflightOutputs,
  observations: ["removal"],
  foresees: ({ inputs, state }) => countedAfter(state, inputs),
  lookAhead: {
    needs: ["configMap", "argocd", "forgejo", "withKeys"],
    look: async ({ inputs, state }, context) => {
      // Once for each release of zot and each account.
      if (inputs.withKeys !== undefined && !isDeepStrictEqual(inputs.withKeys, state?.withKeys))
        await tellOfJobTokens(inputs.forgejo, inputs.withKeys, context);
      if (isDeepStrictEqual(inputs.configMap, state?.configMap)) return;
      let missing: ZotAuthError | undefined;
      await unlessUnreadable("Whether the ConfigMap exists is unknown", context, async (signal) => {
        missing = await missingConfigMap(inputs, { ...context, signal }, (text) => context.warn(text));
      });
      // Known for sure, so there is no need to wait for `up`.
      if (missing !== undefined) throw missing;
    },
  },
  create: async ({ removal = "", ...inputs }, context) => ({
    id: "preflight",
    state: {
      ...(await check(inputs, context, { clientId: {}, accounts: inputs.ciUsers ?? [] }, removal)),
      ...countedAfter(undefined, inputs),
    },
  }),
  // A Forgejo that was set back, or has another address by now, gives no token that zot accepts: jobs notice, and nothing else would. The targets are read
  // by the variables' own resources.
  read: async (state, context) => ({ ...state, drift: await jobTokenDrift(state, context) }),
  update: async (state, { removal: _ofFirst, ...inputs }, context) => ({
    ...(await check(inputs, context, {
      clientId: usesNewClientId(state, inputs) ? { former: state.blueprint.clientId } : undefined,
      accounts: newAccounts(state, inputs),
    })),
    ...countedAfter(state, inputs),
  }),
};

function countedAfter(
  state: Partial<PreflightState> | undefined,
  { ways = [] }: PreflightInputs,
): Required<Pick<PreflightState, "generation" | "generations">> {
  const { ways: before = ways, generation = 0, generations = {} } = state ?? {};
  const joining = ways.filter((way) => !before.includes(way));
  const now = joining.length === 0 ? generation : generation + 1;
  const counted = ways.flatMap((way): readonly (readonly [string, number])[] => {
    const of = joining.includes(way) ? now : generations[way];
    return of === undefined ? [] : [[way, of]];
  });
  return { generation: now, generations: Object.fromEntries(counted) };
}

/** Why the jobs' tokens are not such as zot's config expects; empty if they are. */
async function jobTokenDrift({ jobTokens, forgejo }: PreflightState, context: Context): Promise<string> {
  if (jobTokens === undefined) return "";
  try {
    await assertJobTokens(new Forgejo(forgejo, context.signal), { ...jobTokens, targets: {} }, context);
    return "";
  } catch (error) {
    const isDrift = error instanceof ZotAuthError && DRIFTS.includes(error.code);
    if (isDrift) return error.message;
    throw error;
  }
}

const DRIFTS: readonly string[] = ["FORGEJO_JOB_TOKENS_UNKNOWN", "FORGEJO_ISSUER_DIFFERS"];

/** What the stack uses for the first time: somebody else may have it. */
interface New {
  /** Absent: the client ID is not new. */
  readonly clientId: { readonly former?: string } | undefined;
  /** Which of CI's accounts are new. */
  readonly accounts: readonly string[];
}

/** The accounts that this stack has had are its own. The state of earlier versions does not say which those were. */
function newAccounts({ ciUsers, authentik }: Partial<PreflightState>, inputs: PreflightInputs): readonly string[] {
  if (ciUsers === undefined) return [];
  const isElsewhere = authentik?.authentikUrl !== inputs.authentik.authentikUrl;
  return (inputs.ciUsers ?? []).filter((user) => isElsewhere || !ciUsers.includes(user));
}

/** Of a client ID that this stack had before, the provider is its own, whatever it is called. The state of earlier versions does not have it. */
function usesNewClientId({ blueprint, authentik }: Partial<PreflightState>, inputs: PreflightInputs): boolean {
  if (blueprint === undefined) return false;
  return blueprint.clientId !== inputs.blueprint.clientId || authentik?.authentikUrl !== inputs.authentik.authentikUrl;
}

/**
 * @param removal access that must not be taken away; empty if there is none
 */
async function check(
  inputs: PreflightInputs,
  context: Context,
  { clientId, accounts }: New,
  removal = "",
): Promise<PreflightState> {
  const { signal } = context;
  const forgejo = new Forgejo(inputs.forgejo, signal);
  context.progress("checking that every server answers and every token has the required permissions");
  const refused: unknown[] = [];
  const checks: Promise<unknown>[] = [
    checkAuthentikRights(inputs.authentik, context),
    checkBlueprintNeeds(inputs.authentik, inputs.blueprint, context),
    ...(clientId === undefined ? [] : [checkClientId(inputs.authentik, inputs.blueprint, context, clientId.former)]),
    ...(inputs.ciUsers ?? []).map(async (user) => checkAccount(inputs, user, accounts.includes(user), context)),
    assertConfigMap(inputs, context),
    ...(inputs.argocd === null ? [] : [new ArgoCd(inputs.argocd, signal).assertMaySync()]),
    inParallel(inputs.targets, TARGETS_AT_ONCE, async (target) => {
      try {
        await forgejo.usableTargetId(target);
        await forgejo.assertMayWrite(target);
      } catch (error) {
        refused.push(error);
      }
    }),
    ...(inputs.jobTokens === undefined ? [] : [assertJobTokens(forgejo, inputs.jobTokens, context)]),
    ...inputs.keyStores.map(async (store) =>
      of(inputs.namedBy?.[store] ?? "ci.keyStore", vault().assertItem(store, signal)),
    ),
    ...inputs.sources.map(async (source) => of("forgejo.secrets", resolveSecret(source, signal))),
    ...(removal === "" ? [] : [Promise.reject(new ZotAuthError("ACCESS_REMOVED", removal))]),
  ];
  const ended = await Promise.allSettled(checks);
  signal.throwIfAborted();
  for (const result of ended) if (result.status === "rejected") refused.push(result.reason);
  // One unreachable server can fail several checks with the same message.
  const messages = [...new Set(refused.map((error) => messageOf(error)))];
  if (messages.length > 0) throw new ZotAuthError("PREFLIGHT_FAILED", `${messages.join("\n")}\nNothing was changed.`);
  return { ...inputs, drift: "" };
}

/** The check of rights reports a token that may not view accounts. */
async function checkAccount(
  { authentik, namedBy }: PreflightInputs,
  user: string,
  isNew: boolean,
  context: Context,
): Promise<void> {
  await ifAllowed(async () => {
    await assertMayBeCis(new Authentik(authentik, context.signal), user, isNew, namedBy?.[user]);
    return true;
  });
}

/**
 * @param tell gets a sentence about a key that exists already
 * @returns the error for a ConfigMap that does not exist: Kubernetes' own provider would create it, and Authentik's worker would not mount it. `undefined` if it exists,
 *   or if Argo CD creates it from Git; after a warning also if the cluster cannot be asked
 */
async function missingConfigMap(
  { configMap: place, argocd }: PreflightInputs,
  context: Context,
  tell: (sentence: string) => void = () => undefined,
): Promise<ZotAuthError | undefined> {
  if (place === undefined) return undefined;
  const seen = await lookForConfigMap(place, context.signal);
  if (seen.kind === "exists") {
    const { namespace, configMap, key } = place;
    if (seen.hasKey)
      tell(
        `The key ${key} of the ConfigMap ${namespace}/${configMap} exists already; \`up\` overwrites what it holds.`,
      );
    return undefined;
  }
  if (seen.kind === "unknown") {
    context.warn(
      `Whether the ConfigMap ${place.namespace}/${place.configMap} exists is unknown; if it does not, \`up\` creates one that nobody mounts: ${seen.why}`,
    );
    return undefined;
  }
  const isInGit = argocd !== null && (await new ArgoCd(argocd, context.signal).hasConfigMapInGit(place));
  return isInGit ? undefined : configMapMissing(place, seen.names);
}

async function assertConfigMap(inputs: PreflightInputs, context: Context): Promise<void> {
  const missing = await missingConfigMap(inputs, context);
  if (missing !== undefined) throw missing;
}

/** Names the setting: a reference is found by it. */
async function of(setting: string, check: Promise<unknown>): Promise<void> {
  try {
    await check;
  } catch (error) {
    throw new ZotAuthError("PREFLIGHT_FAILED", `${setting}: ${messageOf(error)}`);
  }
}
