import { isSecret, runtime } from "@pulumi/pulumi";

/**
 * Registers the outputs that the stack has already. Those of this run replace them when it succeeds. The CLI would otherwise list all of them as removed
 * after an `up` that fails, although the state keeps them (pulumi/pulumi#15755): the program ends before it registers any.
 *
 * The SDK says only whether any of them is secret, not which. Then none is registered: a secret would be shown, and be in the state in clear.
 */
export async function keepOutputs(): Promise<void> {
  const stack = runtime.getStackResource();
  if (stack === undefined) return;
  const urn = await new Promise<string>((done) => stack.urn.apply(done));
  type Found = { readonly state: Record<string, unknown> };
  const found = runtime.invokeOutput<Found>("pulumi:pulumi:getResource", { urn });
  if (await isSecret(found)) return;
  const { state } = await new Promise<Found>((done) => found.apply(done as (value: unknown) => void));
  runtime.registerResourceOutputs(stack, state);
}
