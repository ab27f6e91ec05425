import { ZotAuthError } from "../../core/errors.ts";
import { countRows, describeRow, proving } from "../../core/proofRow.ts";
import type { ProofRow } from "../../core/proofRow.ts";
import { REPEATABLE } from "../../provider/resource.ts";
import type { Context, Observed, Repeatable, Resource } from "../../provider/resource.ts";
import { rfc3339 } from "../zot/keys/rotation.ts";
import type { RegistryTrials, ServicesArgs } from "./args.ts";
import { ARGOCD, AUTHENTIK, FORGEJO, ZOT, healthOf } from "./health.ts";
import { applicationRow, runnersRow, workerRow } from "./withToken.ts";
import { adminRow, pullThroughRow } from "./registry.ts";
import { servicesOutputs } from "./outputs.ts";
import { versionsOf } from "./versions.ts";

/** Whether every server works that the registry and CI need. */
export interface ServicesInputs extends Repeatable, ServicesArgs {
  readonly registryUrl: string;
  /** What the result depends on: the config's hash, the key's fingerprint. A change requires a new proof. */
  readonly proves: Readonly<Record<string, string>>;
}

export interface ServicesState extends ServicesInputs, Observed {
  readonly rows: readonly ProofRow[];
  /** Releases by server: `{ Forgejo: "15.0.1" }`. */
  readonly versions: Readonly<Record<string, string>>;
  /** `6 passed, 1 skipped`. */
  readonly result: string;
  /** RFC 3339. */
  readonly checked: string;
}

/** Without these nobody pushes, so `up` fails. Keys work without the others, whose rows are warnings. */
const NEEDED_TO_PUSH: readonly string[] = [ZOT, FORGEJO];

export const services: Resource<ServicesInputs, ServicesState> = {
  computed: servicesOutputs,
  ...REPEATABLE,

  async create(inputs, context) {
    return { id: new URL(inputs.registryUrl).host, state: await proving(async () => check(inputs, context)) };
  },

  async update(_state, inputs, context) {
    return proving(async () => check(inputs, context));
  },

  /** Drift is what failed: the next `up` checks again, and does not end in an error because of it unless nobody can push. */
  async read(state, context) {
    const [rows, versions] = await lookAt(state, context);
    return { ...state, rows, versions, result: countRows(rows), drift: failed(rows).map(describeRow).join(" ") };
  },
};

async function check(inputs: ServicesInputs, context: Context): Promise<ServicesState> {
  context.progress("asking every server whether it works");
  const [rows, versions] = await lookAt(inputs, context);
  const wrong = failed(rows);
  const fatal = wrong.filter(({ name }) => NEEDED_TO_PUSH.includes(name));
  if (fatal.length > 0) {
    throw new ZotAuthError(
      "SERVICE_DOWN",
      `CI cannot push: ${wrong.map(describeRow).join(" ")} Nothing was rolled back. Run \`up\` again once it works.`,
    );
  }
  for (const row of wrong) context.warn(describeRow(row));
  const result = countRows(rows);
  context.info(result);
  return { ...inputs, rows, versions, result, checked: rfc3339(new Date()), drift: "" };
}

async function lookAt(
  inputs: ServicesInputs,
  context: Context,
): Promise<readonly [ServicesState["rows"], ServicesState["versions"]]> {
  return Promise.all([rowsOf(inputs, context), versionsOf(inputs, context.signal)]);
}

async function rowsOf(inputs: ServicesInputs, { signal }: Context): Promise<readonly ProofRow[]> {
  const { registryUrl, authentik, argocd, forgejo, targets, connectUrl, registry } = inputs;
  const { authentikUrl } = authentik;
  const { forgejoUrl } = forgejo;
  const servers = await healthOf(
    { registryUrl, authentikUrl, forgejoUrl, argocdUrl: argocd?.argocdUrl, connectUrl },
    signal,
  );
  // Of a server that is down, one row is enough.
  const answers = (name: string): boolean => servers.every((row) => row.name !== name || row.outcome !== "failed");
  const inside = await Promise.all([
    ...(answers(AUTHENTIK) ? [workerRow(authentik, signal)] : []),
    ...(argocd !== undefined && answers(ARGOCD) ? [applicationRow(argocd, signal)] : []),
    // A state of an earlier commit has none.
    ...(registry !== undefined && answers(ZOT) ? registryRows(registryUrl, registry, signal) : []),
    ...(answers(FORGEJO) ? targets.map(async (target) => runnersRow(forgejo, target, signal)) : []),
  ]);
  return [...servers, ...inside];
}

function registryRows(
  url: string,
  { puller, pullThrough, admin, repository }: RegistryTrials,
  signal: AbortSignal,
): readonly Promise<ProofRow>[] {
  return [
    ...pullThrough.map(async (image) => pullThroughRow(url, puller, image, signal)),
    ...(admin === undefined ? [] : [adminRow(url, admin, repository, signal)]),
  ];
}

function failed(rows: readonly ProofRow[]): readonly ProofRow[] {
  return rows.filter(({ outcome }) => outcome === "failed");
}
