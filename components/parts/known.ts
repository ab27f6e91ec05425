import type { Output } from "@pulumi/pulumi";

/** Whether the output's value is known. Every output of the SDK has this property, but its types omit it. */
export async function isKnown(value: Output<unknown>): Promise<boolean> {
  return (value as unknown as { readonly isKnown: Promise<boolean> }).isKnown;
}
