import { at, list, string } from "../../core/json.ts";
import { pulumi } from "../pulumi/pulumi.ts";

/** The resources that prove something, and own nothing on any server. */
const PROOFS = ["SignInProof", "AccessProof", "Services", "TestBuild"].map((type) => `zot-auth:acceptance:${type}`);

/**
 * Runs the proofs again, and nothing else: an `up` that is limited to them.
 *
 * @param state what `pulumi stack export` prints
 * @param options of `pulumi up`, besides the stack
 * @param asked when this was asked for, RFC 3339
 * @param env of `pulumi up`, besides that
 * @returns the exit code of `pulumi up`
 */
export async function proveAgain(
  stack: string,
  state: unknown,
  options: readonly string[],
  asked: string,
  env: NodeJS.ProcessEnv,
): Promise<number> {
  const targets = proofsIn(state).flatMap((proof) => ["--target", string(at(proof, "urn"))]);
  process.stdout.write("▸ proofs: run again on the live servers\n");
  const run = ["up", "--yes", "--skip-preview", "--non-interactive", "--stack", stack, ...options, ...targets];
  // The check reports it, and not as an update.
  return (await pulumi(run, undefined, { ...env, ZOT_AUTH_PROVE_AGAIN: asked, ZOT_AUTH_REPORTS: "" })).code;
}

/** Whether every proof in the state has run since it was asked for. */
export function hasProvedSince(asked: string, state: unknown): boolean {
  const proofs = proofsIn(state);
  return proofs.length > 0 && proofs.every((proof) => at(proof, "inputs", "again") === asked);
}

function proofsIn(state: unknown): readonly unknown[] {
  return list(at(state, "deployment", "resources")).filter((resource) => PROOFS.includes(string(at(resource, "type"))));
}
