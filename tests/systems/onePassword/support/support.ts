// What the tests of 1Password's client share: an item with everything in it, and assertions on errors.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { ZotAuthError } from "../../../../core/errors.ts";
import type { ItemSeed } from "../../../../lab/onePassword/server.ts";
import { Secret } from "../../../../core/secrets/secret.ts";

export const VAULT = "vaultvaultvaultvaultvault2";
export const ITEM = "itemitemitemitemitemitem23";
export const NEW = new Secret("zak_the-new-key");

/** Texts that no error and no warning may contain. */
export const SECRETS = [
  "zak_the-new-key",
  "zak_old",
  "not-ours-1",
  "not-ours-2",
  "JBSWY3DPEHPK3PXP",
  "writer-token",
  "reader-token",
];

/** An item with everything that a change of one field must leave alone. */
export const FULL: ItemSeed = {
  id: ITEM,
  title: "Forgejo Secrets",
  category: "API_CREDENTIAL",
  tags: ["homelab", "ci"],
  urls: [{ href: "https://forge.example", primary: true, label: "website" }],
  sections: [
    { id: "tokens", label: "Tokens" },
    { id: "codes", label: "Codes" },
  ],
  fields: [
    { id: "username", label: "username", type: "STRING", purpose: "USERNAME", value: "bot" },
    { id: "credential", label: "credential", type: "CONCEALED", value: "not-ours-1" },
    { id: "keyid", label: "zot-ci-api", type: "CONCEALED", value: "zak_old", section: "tokens" },
    { id: "otherid", label: "api-token", type: "CONCEALED", value: "not-ours-2", section: "tokens" },
    { id: "plainid", label: "visible", type: "STRING", value: "seen" },
    { id: "totpid", label: "code", type: "OTP", value: "otpauth://totp/x?secret=JBSWY3DPEHPK3PXP", section: "codes" },
    { id: "twice1", label: "twice", type: "CONCEALED", value: "first", section: "tokens" },
    { id: "twice2", label: "twice", type: "CONCEALED", value: "second", section: "codes" },
    { id: "emptyid", label: "empty", type: "CONCEALED", value: "" },
    { id: "notesPlain", label: "notesPlain", type: "STRING", purpose: "NOTES", value: "a note\nof two lines" },
  ],
};

export const FILE = { id: "fileid", name: "kubeconfig.yaml", size: 12, section: { id: "tokens" } };

/** Asserts an error with this code, whose message contains the expected words and no secret. */
export async function fails(running: Promise<unknown>, code: string, ...words: readonly RegExp[]): Promise<void> {
  const error = await running.then(
    () => assert.fail(`it should have failed with ${code}`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ZotAuthError, `${code}: ${String(error)}`);
  assert.equal(error.code, code, error.message);
  for (const word of words) assert.match(error.message, word);
  for (const secret of SECRETS)
    assert.ok(!JSON.stringify([error.message, error.stack]).includes(secret), error.message);
}

/** A folder of the test's own. */
export function folder(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "zot-auth-1password-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
