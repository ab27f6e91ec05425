import { at, string } from "../core/json.ts";
import type { JobsOfAccount } from "./report.ts";
import { rowsOf } from "./state.ts";

/** The accounts whose jobs push with their own tokens, as the variables that the jobs read have them. */
export function jobsIn(state: unknown): readonly JobsOfAccount[] {
  const variables = rowsOf(state, "zot-auth:forgejo:JobTokenVariable").map(({ outputs }) => {
    const [name, target] = [string(at(outputs, "name")), string(at(outputs, "target"))];
    const of = (key: string): string => string(at(outputs, "login", key));
    return { account: of("user"), prefix: of("prefix"), audience: of("audience"), variable: `${name}_INFO`, target };
  });
  const byAccount = Map.groupBy(variables, ({ account }) => account);
  return [...byAccount.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined || first.account === "") return [];
    const { target: _of, ...account } = first;
    return [{ ...account, repositories: group.map(({ target }) => target) }];
  });
}
