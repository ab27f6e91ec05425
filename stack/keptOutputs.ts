import { runtime } from "@pulumi/pulumi";

/**
 * Registers the outputs that the stack has already. Those of this run replace them when it succeeds. The CLI would otherwise list all of them as removed
 * after an `up` that fails, although the state keeps them (pulumi/pulumi#15755): the program ends before it registers any.
 */
export async function keepOutputs(): Promise<void> {
  const stack = runtime.getStackResource();
  if (stack === undefined) return;
  const urn = await new Promise<string>((done) => stack.urn.apply(done));
  const { state } = (await runtime.invoke("pulumi:pulumi:getResource", { urn })) as { state: Record<string, unknown> };
  runtime.registerResourceOutputs(stack, state);
}
