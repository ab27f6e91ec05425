// Stands in for Forgejo 15: the lab's one runner, which is the instance's. Read in the source; releases before do not list runners.
import { json } from "./format/responses.ts";
import { page } from "./format/paging.ts";
import type { Route } from "./routes.ts";
import { ofOrganisation, ofRepository, ofUser } from "./secretsAndVariables.ts";
import type { HolderOf } from "./secretsAndVariables.ts";
import type { Instance } from "../state.ts";

export function addRunnerRoutes(route: Route): void {
  addRunners(route, "/api/v1/repos/:owner/:repo/actions", ofRepository);
  addRunners(route, "/api/v1/orgs/:org/actions", ofOrganisation);
  addRunners(route, "/api/v1/user/actions", ofUser);
}

function addRunners(route: Route, path: string, holderOf: HolderOf): void {
  route(`${path}/runners`, {
    GET: (call) => {
      holderOf(call);
      const { visible, ...query } = call.context.req.query();
      // Without `visible` only the holder's own.
      const runners = visible === "true" || visible === "1" ? runnersOf(call.instance) : [];
      return json(200, page(runners, query), { "X-Total-Count": String(runners.length) });
    },
  });
}

function runnersOf({ store, runnerLabels, version }: Instance): readonly unknown[] {
  if (runnerLabels === undefined) return [];
  const busy = store.data.runs.some(({ jobs }) => jobs.some(({ status }) => status === "running"));
  return [
    {
      id: 1,
      uuid: "8f2c1d34-5b1e-4d0a-9a52-3c7f0e6b9d21",
      name: "lab",
      version: version.runner,
      owner_id: 0,
      repo_id: 0,
      description: "",
      labels: runnerLabels,
      status: busy ? "active" : "idle",
      ephemeral: false,
    },
  ];
}
