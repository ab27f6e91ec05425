import { clientDifferences, failures } from "../matrix.ts";
import type { AccessRow, MeasuredRow } from "../matrix.ts";
import { ZotAuthError } from "../../../../core/errors.ts";
import { rfc3339 } from "../../keys/rotation.ts";
import type { SecretReference } from "../../../../core/secrets/reference.ts";
import { resolveSecret } from "../../../onePassword/resolver.ts";
import { measure } from "./proofs.ts";
import { REPEATABLE } from "../../../../provider/resource.ts";
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

  async create(inputs, context) {
    return { id: new URL(inputs.registryUrl).host, state: await check(inputs, context) };
  },

  async update(_state, inputs, context) {
    return check(inputs, context);
  },
};

async function check(inputs: AccessProofInputs, context: Context): Promise<AccessProofState> {
  context.progress(`testing ${inputs.expected.length} kinds of access`);
  const key = await resolveSecret(inputs.source, context.signal);
  const { registryUrl, repository, username, expected } = inputs;
  const measured = await measure(expected, { registryUrl, repository, username, key, signal: context.signal });
  const wrong = failures(measured);
  if (wrong.length > 0) {
    throw new ZotAuthError(
      "ACCESS_NOT_AS_DECLARED",
      `Access to the registry at ${registryUrl} is not as declared: ${wrong.join("; ")}. Check accessControl in zot's config on its host, and whether a proxy in front of zot changes requests or responses. Nothing was rolled back.`,
    );
  }
  const result = `${measured.length} of ${expected.length} checks passed`;
  context.info([result, clientDifferences(measured) ?? []].flat().join("\n"));
  return { ...inputs, measured, result, checked: rfc3339(new Date()), drift: "" };
}
