import type { ProviderDefinition } from "../../provider/grpc/index.ts";

/** A `configure` that says, once a process, whose work this is, so that nobody takes a stand-in for the official plugin. */
export function announceStandIn(plugin: string, version: string): NonNullable<ProviderDefinition["configure"]> {
  return (_inputs, context) => {
    context.info(
      `a stand-in for the official plugin ${plugin} ${version} is in use. \`pulumi plugin install resource ${plugin} ${version}\` gets the official one, where there is internet.`,
    );
    return Promise.resolve();
  };
}
