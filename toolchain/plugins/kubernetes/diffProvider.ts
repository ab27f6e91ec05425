import { diffByInputs, equal } from "../../../provider/grpc/index.ts";
import type { DiffResult, Value, Values } from "../../../provider/grpc/index.ts";
import { activeCluster } from "../../../systems/kubernetes/kubeconfig.ts";
import { textOf } from "./records.ts";

/** The official plugin replaces the provider, and with it every resource, if the kubeconfig's active cluster changes: its address, for example. */
const CLUSTER_DECIDING = ["kubeconfig", "context", "cluster"];

/** With an unchanged `clusterIdentifier` it never replaces; with a changed one always. To add or remove one changes nothing about the rest. */
export function diffProvider(oldInputs: Values, inputs: Values): DiffResult {
  const old = oldInputs["clusterIdentifier"];
  const now = inputs["clusterIdentifier"];
  const identified = old !== undefined && now !== undefined;
  if (identified && equal(old, now)) return diffByInputs(oldInputs, inputs);
  const oldCluster = clusterOf(oldInputs);
  const newCluster = clusterOf(inputs);
  const moved = oldCluster !== undefined && newCluster !== undefined && !equal(oldCluster, newCluster);
  return diffByInputs(oldInputs, inputs, [
    ...(identified ? ["clusterIdentifier"] : []),
    ...(moved ? CLUSTER_DECIDING : []),
  ]);
}

function clusterOf(inputs: Values): Value | undefined {
  try {
    const choice = { context: textOf(inputs["context"]), cluster: textOf(inputs["cluster"]) };
    return activeCluster(textOf(inputs["kubeconfig"]), choice) as Value | undefined;
  } catch (error) {
    throw new Error(`failed to parse kubeconfig: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}
