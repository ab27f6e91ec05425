import { at, isObject, string } from "../../core/json.ts";
import type { JobsOfAccount } from "../report.ts";
import { rowsOf } from "./state.ts";

/** The accounts whose jobs push with their own tokens, as the variables that the jobs read have them. */
export function jobsIn(state: unknown): readonly JobsOfAccount[] {
  const ofOne = rowsOf(state, "zot-auth:forgejo:JobTokenVariable").map(({ outputs }) =>
    jobsOf(outputs, string(at(outputs, "target"))),
  );
  const ofMany = rowsOf(state, "zot-auth:forgejo:JobTokenVariables").flatMap(({ outputs }) => {
    const written = at(outputs, "written");
    return isObject(written) ? Object.keys(written).map((target) => jobsOf(outputs, target)) : [];
  });
  const variables = [...ofOne, ...ofMany];
  const byAccount = Map.groupBy(variables, ({ account }) => account);
  return [...byAccount.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined || first.account === "") return [];
    const { target: _of, ...account } = first;
    return [{ ...account, repositories: group.map(({ target }) => target) }];
  });
}

function jobsOf(outputs: unknown, target: string) {
  const of = (key: string): string => string(at(outputs, "login", key));
  const variable = `${string(at(outputs, "name"))}_INFO`;
  return { account: of("user"), prefix: of("prefix"), audience: of("audience"), variable, target };
}
