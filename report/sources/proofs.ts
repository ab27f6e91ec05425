import { at, list, string } from "../../core/json.ts";
import type { AccessMeasured, Proof } from "../report.ts";
import { rowsOf } from "./state.ts";

/** What was measured of an account's access. */
export interface AccessProof {
  readonly urn: string;
  /** When, RFC 3339. */
  readonly checked?: string;
  readonly rows: readonly AccessMeasured[];
}

/** The proofs of the accounts' access: with several, their rows name the account. */
export function accessProofsIn(state: unknown): readonly AccessProof[] {
  const proofs = rowsOf(state, "zot-auth:acceptance:AccessProof");
  return proofs.map(({ urn, account, outputs }) => {
    const checked = at(outputs, "checked");
    const rows = list(at(outputs, "measured")).map((row) => {
      const [target, lookAt] = [at(row, "target"), at(row, "lookAt")];
      const subject = String(at(row, "subject"));
      return {
        subject: proofs.length === 1 ? subject : ofAccount(subject, account),
        operation: String(at(row, "operation")),
        ...(typeof target === "string" ? { target } : {}),
        expected: Number(at(row, "expected")),
        measured: Number(at(row, "measured")),
        ...(typeof lookAt === "string" ? { lookAt } : {}),
      };
    });
    return { urn, ...(typeof checked === "string" ? { checked } : {}), rows };
  });
}

/** The subjects of the matrix that each account has, by its name. */
function ofAccount(subject: string, account: string): string {
  if (account === "") return subject;
  if (subject === "ci") return account;
  return subject === "wrong key" ? `wrong key of ${account}` : subject;
}

/** The other proofs. What failed is not in the state: it is among the findings of its run. */
export function proofsOf(state: unknown): readonly Proof[] {
  const signIns = rowsOf(state, "zot-auth:acceptance:SignInProof");
  const services = rowsOf(state, "zot-auth:acceptance:Services");
  return [
    ...services.flatMap(({ name, outputs }) =>
      list(at(outputs, "rows")).map((row): Proof => ({
        group: "services",
        ...(services.length === 1 ? {} : { step: name }),
        ...serviceOf(row),
      })),
    ),
    ...signIns.flatMap(({ name: step, account, outputs }) =>
      list(at(outputs, "checks")).map((check): Proof => {
        const name = String(at(check, "name"));
        return {
          group: "sign-in",
          ...(signIns.length === 1 ? { name } : { step, name: `${name} (${account})` }),
          result: "passed",
          found: String(at(check, "result")),
        };
      }),
    ),
    ...rowsOf(state, "zot-auth:acceptance:TestBuild").map(({ name: step, outputs }): Proof => {
      const result = String(at(outputs, "result"));
      return {
        group: "build",
        step,
        name: `${String(at(outputs, "workflow"))} in ${String(at(outputs, "repository"))}${at(outputs, "isJobTokenProof") === true ? ", with a job's token" : ""}`,
        result: result === "success" ? "passed" : "failed",
        found: result,
      };
    }),
  ];
}

function serviceOf(row: unknown): Pick<Proof, "name" | "result" | "found"> {
  const outcome = at(row, "outcome");
  const measured = string(at(row, "measured"));
  const said = outcome === "failed" ? `expected ${string(at(row, "expected"))}, got ${measured}` : measured;
  return {
    name: string(at(row, "name")),
    result: outcome === "failed" || outcome === "skipped" ? outcome : "passed",
    found: [said, string(at(row, "lookAt"))].filter((text) => text !== "").join(". "),
  };
}
