import { proving } from "../../../core/proofRow.ts";
import { rfc3339 } from "../keys/rotation.ts";
import { findStoredKey } from "../keys/storedKey.ts";
import type { SecretReference } from "../../../core/secrets/reference.ts";
import type { CheckName } from "./diagnosis/verdict.ts";
import { Registry } from "../access/proof/registry.ts";
import { resolveSecret } from "../../onePassword/resolver.ts";
import { REPEATABLE } from "../../../provider/resource.ts";
import type { Context, Observed, Repeatable, Resource } from "../../../provider/resource.ts";
import { UNANSWERED, askedIn } from "../unanswered.ts";
import { checkSignIn } from "./check.ts";
import type { SignInArgs } from "./check.ts";
import { signInProofOutputs } from "./outputs.ts";

/**
 * What only the live servers can answer: whether the groups claim arrives, whether zot's key endpoint is on, and whether the key has its
 * account's groups. It creates no key; zot's garbage collection removes the uploads that it begins.
 */
export interface SignInProofInputs extends Repeatable, SignInArgs {
  /** Where the current key is stored. */
  readonly source: SecretReference;
  /** The image repository for the proofs. */
  readonly repository: string;
  /** What the result depends on: the config's hash, the fingerprints of the key and of the client secret. A change requires a new proof. */
  readonly proves: Readonly<Record<string, string>>;
}

/** A check and what was found: names only. */
export interface CheckResult {
  readonly name: CheckName;
  readonly result: string;
}

export interface SignInProofState extends SignInProofInputs, Observed {
  readonly checks: readonly CheckResult[];
  /** `3 of 3 checks passed`. */
  readonly result: string;
  /** RFC 3339. */
  readonly checked: string;
}

export const signInProof: Resource<SignInProofInputs, SignInProofState> = {
  computed: signInProofOutputs,
  ...REPEATABLE,

  async create(inputs, context) {
    return {
      id: `${inputs.username}@${new URL(inputs.registryUrl).host}`,
      state: await proving(async () => check(inputs, context)),
    };
  },

  async update(_state, inputs, context) {
    return proving(async () => check(inputs, context));
  },

  async read(state, context) {
    return { ...state, drift: await driftOf(state, context) };
  },
};

async function check(inputs: SignInProofInputs, context: Context): Promise<SignInProofState> {
  context.progress("checking which claims zot gets for the account, and what its key may do");
  const key = await resolveSecret(inputs.source, context.signal);
  const verdicts = await checkSignIn(inputs, { key, repository: inputs.repository }, context);
  for (const verdict of verdicts) {
    if (verdict.outcome === "repaired") context.warn(`Check "${verdict.name}": ${verdict.text}.`);
  }
  const checks = verdicts.map(({ name, text }) => ({ name, result: text }));
  const result = `${checks.length} of ${checks.length} checks passed`;
  context.info(result);
  return { ...inputs, checks, result, checked: rfc3339(new Date()), drift: "" };
}

/** A key that zot accepts but that may not push: a sign-in has changed its account's groups. ApiKey covers all else about the key. */
async function driftOf(state: SignInProofState, context: Context): Promise<string> {
  const key = await findStoredKey(state.source, context.signal);
  if (key === undefined) return "";
  const { registryUrl, username, repository } = state;
  const registry = new Registry(registryUrl, { kind: "key", username, key }, context.signal);
  const answer = await askedIn(async () => registry.startUpload(repository));
  if (answer === UNANSWERED) return answer;
  return answer.status === 403 ? `the stored key of ${username} may not push to ${repository}` : "";
}
