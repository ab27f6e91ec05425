import { describeRow } from "../../core/proofRow.ts";
import { at, list, string } from "../../core/json.ts";
import { ZOT, healthOf } from "../../systems/services/health.ts";

/**
 * What to say of the servers, besides zot, that do not work: the preview would fail at each resource of theirs, each with an error of its own.
 *
 * @param state what `pulumi stack export` prints
 * @returns a sentence for each; none for the state of a release that did not look at them
 */
export async function serversDown(state: unknown): Promise<readonly string[]> {
  const resource = list(at(state, "deployment", "resources")).find(
    (candidate) => at(candidate, "type") === "zot-auth:acceptance:Services",
  );
  if (resource === undefined) return [];
  const address = (...path: readonly string[]): string | undefined => {
    const url = string(at(resource, "inputs", ...path));
    return url === "" ? undefined : url;
  };
  const registryUrl = address("registryUrl");
  const authentikUrl = address("authentik", "authentikUrl");
  const forgejoUrl = address("forgejo", "forgejoUrl");
  if (registryUrl === undefined || authentikUrl === undefined || forgejoUrl === undefined) return [];
  const rows = await healthOf({
    registryUrl,
    authentikUrl,
    forgejoUrl,
    argocdUrl: address("argocd", "argocdUrl"),
    connectUrl: address("connectUrl"),
  });
  return rows.filter(({ name, outcome }) => name !== ZOT && outcome === "failed").map(describeRow);
}
