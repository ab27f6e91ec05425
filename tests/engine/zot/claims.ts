import assert from "node:assert/strict";
import { homelab } from "./stack.ts";

/** Authentik's default mapping for the scope `profile`, as it was first. */
let profile: { readonly pk: string; readonly expression: string } | undefined;

async function originalProfile(): Promise<NonNullable<typeof profile>> {
  if (profile === undefined) {
    const { body } = await homelab.authentik(
      "/propertymappings/provider/scope/?managed=goauthentik.io/providers/oauth2/scope-profile",
    );
    [profile] = (body as { results: [NonNullable<typeof profile>] }).results;
  }
  return profile;
}

async function setExpression(expression: string): Promise<void> {
  const { pk } = await originalProfile();
  const { status } = await homelab.authentik(`/propertymappings/provider/scope/${pk}/`, "PATCH", { expression });
  assert.equal(status, 200);
}

export async function restoreGroups(): Promise<void> {
  await setExpression((await originalProfile()).expression);
}

/** Gives the claim `groups` another value, an expression, or removes it. */
export async function setGroups(value: string | undefined): Promise<void> {
  const lines = (await originalProfile()).expression.split("\n");
  assert.ok(lines.some((line) => line.includes('"groups":')));
  const changed = lines
    .filter((line) => value !== undefined || !line.includes('"groups":'))
    .map((line) => (line.includes('"groups":') ? `    "groups": ${value ?? ""},` : line));
  await setExpression(changed.join("\n"));
}
