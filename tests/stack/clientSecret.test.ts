import assert from "node:assert/strict";
import test from "node:test";
import { runtime } from "@pulumi/pulumi";
import { Provider } from "@1password/pulumi-onepassword/provider.js";
import type { SecretReference } from "../../core/secrets/reference.ts";
import { readClientSecret } from "../../stack/secrets/clientSecret.ts";
import { connectFixture } from "../systems/onePassword/support/connectFixture.ts";

process.env["CLIENT_SECRET_TEST_TOKEN"] = "writer-token";

/** 1Password's provider, which shows fields in sections and those whose purpose it knows, and no others. */
async function mocked(item: object): Promise<Provider> {
  await runtime.setMocks({
    newResource: ({ name, inputs }) => ({ id: name, state: inputs as object }),
    call: () => item,
  });
  return new Provider("onepassword", {});
}

test("a field that 1Password's provider does not show is read by our own client", async (t) => {
  const { between } = await connectFixture(t);
  const connection = { connectUrl: between.url, connectToken: "env:CLIENT_SECRET_TEST_TOKEN" } as const;
  const read = async (reference: SecretReference, item: object): Promise<unknown> => {
    const { clientSecret } = await readClientSecret(reference, await mocked(item), connection);
    return (clientSecret as unknown as { promise(): Promise<string> }).promise();
  };
  const quoted: SecretReference = 'op://homelab/Server\'s "own" (old)/token';
  assert.equal(await read(quoted, { sections: [] }), "quoted");
  const asked = between.asked.length;
  assert.ok(asked > 0);
  const section = { id: "s", label: "s", fields: [{ id: "f", label: "token", value: "shown" }] };
  assert.equal(await read(quoted, { sections: [section] }), "shown");
  assert.equal(between.asked.length, asked, "what the provider shows is not read twice");
  await assert.rejects(
    read('op://homelab/Server\'s "own" (old)/no-such-field', { sections: [] }),
    /^Error: authentik\.clientSecret: The field "no-such-field" does not exist .*\./,
  );
});
