import { failures } from "../../domain/accessMatrix.ts";
import type { AccessRow, MeasuredRow } from "../../domain/accessMatrix.ts";
import { rfc3339 } from "../../domain/rotation.ts";
import type { SecretReference } from "../../domain/secretReference.ts";
import { waitFor } from "../clients/wait.ts";
import { resolveSecret } from "../configuration.ts";
import { measure } from "../proofs.ts";
import type { Context, Observed, Resource } from "../resource.ts";

/** Who may do what, tried on the live registry: every row of the expected access has to hold. */
export interface AccessProofInputs {
  readonly registryUrl: string;
  readonly username: string;
  readonly source: SecretReference;
  readonly repository: string;
  readonly expected: readonly AccessRow[];
  /** What the result depends on: the config's hash, the key's fingerprint. Another one needs another proof. */
  readonly proves: Readonly<Record<string, string>>;
}

export interface AccessProofState extends AccessProofInputs, Observed {
  readonly measured: readonly MeasuredRow[];
  /** `13 of 13 checks passed`. */
  readonly result: string;
  /** RFC 3339. */
  readonly checked: string;
}

export const accessProof: Resource<AccessProofInputs, AccessProofState> = {
  computed: ["measured", "result", "checked"],

  async create(inputs, context) {
    return { id: new URL(inputs.registryUrl).host, state: await check(inputs, context) };
  },

  async update(_state, inputs, context) {
    return check(inputs, context);
  },
};

async function check(inputs: AccessProofInputs, context: Context): Promise<AccessProofState> {
  context.progress(`trying ${inputs.expected.length} kinds of access`);
  const key = await resolveSecret(inputs.source, context.signal);
  const { registryUrl, repository, username, expected } = inputs;
  let wrong: readonly string[] = [];
  // zot takes a moment to take over a config that was written in place.
  const measured = await waitFor(
    async () => {
      const rows = await measure(expected, { registryUrl, repository, username, key, signal: context.signal });
      wrong = failures(rows);
      return wrong.length === 0 ? rows : undefined;
    },
    {
      what: "the registry to answer as the settings say",
      timeoutSeconds: 3,
      signal: context.signal,
      remedy: () =>
        `It does not: ${wrong.join("; ")}. See accessControl in zot's config, and whether zot has taken it over (its log says \`loaded new configuration settings\`).`,
    },
  );
  const result = `${measured.length} of ${expected.length} checks passed`;
  context.info(result);
  return { ...inputs, measured, result, checked: rfc3339(new Date()), drift: "" };
}
