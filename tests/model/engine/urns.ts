// The names of resources in the state, as Pulumi forms them (pkg/resource/deploy/step_generator.go, collapseAliasToUrn).
import type { Alias } from "@pulumi/pulumi/proto/alias_pb.js";
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb.js";

export const PROJECT = "zot-auth";
export const STACK = "model";

interface Named {
  readonly type: string;
  readonly name: string;
  /** The parent's URN, or empty. */
  readonly parent: string;
}

export function urnOf({ type, name, parent }: Named, stack = STACK, project = PROJECT): string {
  const parentType = parent.split("::")[2];
  const path = parentType === undefined || parentType === "pulumi:pulumi:Stack" ? type : `${parentType}$${type}`;
  return `urn:pulumi:${stack}::${project}::${path}::${name}`;
}

/** The URNs that the resource may have had. Those that it inherits from an alias of its parent are not among them. */
export function formerUrns(request: RegisterResourceRequest): readonly string[] {
  return request.getAliasesList().map((alias) => formerUrn(alias, request));
}

function formerUrn(alias: Alias, request: RegisterResourceRequest): string {
  const spec = alias.getSpec();
  if (spec === undefined) return alias.getUrn();
  const or = (given: string, otherwise: string): string => (given === "" ? otherwise : given);
  const named = {
    type: or(spec.getType(), request.getType()),
    name: or(spec.getName(), request.getName()),
    parent: spec.getNoparent() ? "" : or(spec.getParenturn(), request.getParent()),
  };
  return urnOf(named, or(spec.getStack(), STACK), or(spec.getProject(), PROJECT));
}
