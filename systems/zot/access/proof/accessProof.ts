import { clientDifferences, failures, passed } from "../matrix.ts";
import type { AccessRow, MeasuredRow } from "../matrix.ts";
import { ZotAuthError } from "../../../../core/errors.ts";
import { proving } from "../../../../core/proofRow.ts";
import { rfc3339 } from "../../keys/rotation.ts";
import type { SecretReference } from "../../../../core/secrets/reference.ts";
import { resolveSecret } from "../../../onePassword/resolver.ts";
import { measure } from "./proofs.ts";
import { REPEATABLE, Unfinished } from "../../../../provider/resource.ts";
import type { Context, Observed, Repeatable, Resource } from "../../../../provider/resource.ts";
import { accessProofOutputs } from "./outputs.ts";

/** Who may do what, tested on the live registry: every row of the expected access must hold. */
export interface AccessProofInputs extends Repeatable {
  readonly registryUrl: string;
  readonly username: string;
  readonly source: SecretReference;
  readonly repository: string;
  readonly expected: readonly AccessRow[];
  /** What the result depends on: the config's hash, the key's fingerprint. A change requires a new proof. */
  readonly proves: Readonly<Record<string, string>>;
}

export interface AccessProofState extends AccessProofInputs, Observed {
  readonly measured: readonly MeasuredRow[];
  /** `15 of 15 checks passed`. */
  readonly result: string;
  /** RFC 3339. */
  readonly checked: string;
}

export const accessProof: Resource<AccessProofInputs, AccessProofState> = {
  computed: accessProofOutputs,
  ...REPEATABLE,

  /** Also after a refresh, a proof that failed is not one that passed. */
  diff(change) {
    return hasPassed(change.state) ? REPEATABLE.diff(change) : { due: ["result"] };
  },

  async create(inputs, context) {
    return { id: idOf(inputs), state: await proving(async () => check(inputs, context)) };
  },

  async update(_state, inputs, context) {
    return proving(async () => check(inputs, context));
  },
};

/** A state of an earlier release has no rows, and was kept only if all had passed. */
function hasPassed({ measured }: Partial<AccessProofState>): boolean {
  return measured === undefined || measured.every(passed);
}

function idOf({ registryUrl }: AccessProofInputs): string {
  return new URL(registryUrl).host;
}

async function check(inputs: AccessProofInputs, context: Context): Promise<AccessProofState> {
  context.progress(`testing ${inputs.expected.length} kinds of access`);
  const key = await resolveSecret(inputs.source, context.signal);
  const { registryUrl, repository, username, expected } = inputs;
  const measured = await measure(expected, { registryUrl, repository, username, key, signal: context.signal });
  const count = measured.filter(passed).length;
  const result = `${count} of ${expected.length} checks passed`;
  const state = { ...inputs, measured, result, checked: rfc3339(new Date()), drift: "" };
  const wrong = failures(measured);
  if (wrong.length > 0) {
    const why = new ZotAuthError(
      "ACCESS_NOT_AS_DECLARED",
      `Access to the registry at ${registryUrl} is not as declared:\n${wrong.map((row) => `- ${row}`).join("\n")}\nNothing was rolled back; \`up\` tries all of them again.`,
    );
    throw new Unfinished(why, { id: idOf(inputs), state });
  }
  context.info([result, clientDifferences(measured) ?? []].flat().join("\n"));
  return state;
}
