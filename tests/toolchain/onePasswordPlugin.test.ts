// The stand-in for 1Password's plugin with the lab's Connect, and with a script instead of `op`. The script proves the arguments and how
// the output is used, not that the real `op` accepts those arguments or prints that output.
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { startConnect } from "../../lab/onePassword/server.ts";
import { Plugin, messageOf, secret } from "./support/plugin.ts";

const PLUGIN = join(import.meta.dirname, "../../toolchain/plugins/onepassword/pulumi-resource-onepassword");
const ITEM = "onepassword:index/getItem:getItem";
const VAULT = "onepassword:index/getVault:getVault";
const [vaultId, itemId] = ["vg6xf6vvfmoh5hqjjhlhbeoaie", "oor7os5kapczgpbwv7obkca4y4"];
/** Keeps the user's own 1Password settings out of the tests. */
const NOBODY = {
  OP_CONNECT_HOST: "",
  OP_CONNECT_TOKEN: "",
  OP_SERVICE_ACCOUNT_TOKEN: "",
  OP_ACCOUNT: "",
  OP_CLI_PATH: "",
};

const EXPECTED = {
  id: `vaults/${vaultId}/items/${itemId}`,
  uuid: itemId,
  vault: vaultId,
  title: "Authentik (blumeops)",
  category: "api_credential",
  tags: ["sso"],
  url: "https://authentik.example",
  username: "admin",
  credential: secret("c"),
  noteValue: secret("note"),
  sections: secret([
    {
      id: "add",
      label: "more",
      files: [],
      fields: [{ id: "f1", label: "zot-client-secret", purpose: "", type: "CONCEALED", value: "s3cret" }],
    },
  ]),
  files: secret([]),
};

const FIELDS = [
  { id: "username", label: "username", type: "STRING", value: "admin" },
  { id: "credential", label: "credential", value: "c" },
  { id: "notesPlain", label: "notesPlain", type: "STRING", purpose: "NOTES", value: "note" },
];

function failing(expected: string | RegExp) {
  return (error: unknown): true => {
    if (typeof expected === "string") assert.equal(messageOf(error), expected);
    else assert.match(messageOf(error), expected);
    return true;
  };
}

await test("getItem and getVault through Connect", async (t) => {
  const data = mkdtempSync(join(tmpdir(), "zot-auth-connect-"));
  const server = await startConnect({
    port: 0,
    data,
    seed: {
      tokens: [{ token: "good", vaults: { blumeops: "read" } }],
      vaults: [
        {
          id: vaultId,
          name: "blumeops",
          items: [
            {
              id: itemId,
              title: "Authentik (blumeops)",
              tags: ["sso"],
              urls: [{ href: "https://other.example" }, { href: "https://authentik.example", primary: true }],
              sections: [{ id: "add", label: "more" }],
              fields: [...FIELDS, { id: "f1", label: "zot-client-secret", value: "s3cret", section: "add" }],
            },
            { title: "twice" },
            { title: "twice" },
          ],
        },
      ],
    },
  });
  await using plugin = await Plugin.start(PLUGIN, NOBODY);
  t.after(async () => {
    await server.close().catch(() => undefined); // the last test has closed it
    rmSync(data, { recursive: true });
  });
  await plugin.configure({ url: server.url, token: secret("good") });

  await t.test("reads an item by title or id, in a vault by name or id", async () => {
    for (const vault of ["blumeops", vaultId]) {
      for (const which of [{ title: "Authentik (blumeops)" }, { uuid: itemId }, { uuid: "Authentik (blumeops)" }]) {
        assert.deepEqual(await plugin.invoke(ITEM, { vault, ...which }), EXPECTED);
      }
    }
  });

  await t.test("reads a vault by name or id", async () => {
    const expected = { id: `vaults/${vaultId}`, uuid: vaultId, name: "blumeops", description: "" };
    assert.deepEqual(await plugin.invoke(VAULT, { name: "blumeops" }), expected);
    assert.deepEqual(await plugin.invoke(VAULT, { uuid: vaultId }), expected);
  });

  await t.test("reports what is missing or ambiguous", async () => {
    const item = (args: Record<string, string>) => plugin.invoke(ITEM, { vault: "blumeops", ...args });
    const prefix = "Unable to read item, got error: ";
    await assert.rejects(
      item({ title: "no" }),
      failing(`${prefix}Found 0 item(s) in vault "${vaultId}" with title "no"`),
    );
    await assert.rejects(
      item({ title: "twice" }),
      failing(`${prefix}Found 2 item(s) in vault "${vaultId}" with title "twice"`),
    );
    await assert.rejects(item({}), failing(`${prefix}uuid or title must be set`));
    await assert.rejects(item({ vault: "no", title: "x" }), failing(`${prefix}Found 0 vaults with title "no"`));
    await assert.rejects(item({ uuid: "a".repeat(26) }), failing(/^Unable to read item, got error: status 404: /));
    await assert.rejects(plugin.invoke(VAULT, { name: "no" }), failing("No vault found with name 'no'"));
  });

  await t.test("reports conflicting and missing settings", async () => {
    await assert.rejects(plugin.configure({}), failing(/^Client init failure: .*Either Connect credentials/));
    await assert.rejects(plugin.configure({ url: "http://x" }), failing(/^Client init failure/));
    await assert.rejects(
      plugin.configure({ url: "http://x", token: "t", account: "me" }),
      failing(/^Config conflict: Either/),
    );
    await assert.rejects(
      plugin.configure({ serviceAccountToken: "s", account: "me" }),
      failing(/^Config conflict: "service/),
    );
  });

  await t.test("reports an unknown token and an unreachable server", async () => {
    await plugin.configure({ url: server.url, token: "bad" });
    await assert.rejects(
      plugin.invoke(ITEM, { vault: vaultId, uuid: itemId }),
      failing(/got error: status 401: Invalid token/),
    );
    await plugin.configure({ url: server.url, token: "good" });
    await server.close();
    await assert.rejects(
      plugin.invoke(ITEM, { vault: vaultId, uuid: itemId }),
      failing(
        `Unable to read item, got error: Get "${server.url}/v1/vaults/${vaultId}/items/${itemId}": dial tcp ${new URL(server.url).host}: connect: connection refused`,
      ),
    );
  });
});

await test("getItem through op", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "zot-auth-op-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const op = join(folder, "op");
  const item = {
    id: itemId,
    title: "Authentik (blumeops)",
    category: "API_CREDENTIAL",
    vault: { id: vaultId, name: "blumeops" },
    tags: ["sso"],
    urls: [{ href: "https://authentik.example", primary: true }],
    sections: [{ id: "add", label: "more" }],
    fields: [
      ...FIELDS,
      { id: "f1", label: "zot-client-secret", type: "CONCEALED", value: "s3cret", section: { id: "add" } },
    ],
    files: [{ id: "file", name: "a.bin" }],
  };
  writeFileSync(
    op,
    `#!/bin/sh
echo "$OP_FORMAT|$OP_SERVICE_ACCOUNT_TOKEN|$OP_BIOMETRIC_UNLOCK_ENABLED|$*" >> '${folder}/calls'
case "$*" in
  *missing*) echo '[ERROR] 2026/01/01 00:00:00 "missing" is not an item' >&2; exit 1 ;;
  read*) printf '\\377' ;;
  *) cat <<'END'
${JSON.stringify(item)}
END
esac
`,
  );
  chmodSync(op, 0o700);
  await using plugin = await Plugin.start(PLUGIN, NOBODY);
  const calls = () => readFileSync(join(folder, "calls"), "utf8").trimEnd().split("\n");

  await t.test("uses the desktop app", async () => {
    await plugin.configure({ opCliPath: op, account: "me" });
    const result = await plugin.invoke(ITEM, { vault: "blumeops", title: "Authentik (blumeops)" });
    const file = { id: "file", name: "a.bin", content: "\uFFFD", contentBase64: "/w==" };
    assert.deepEqual(result, { ...EXPECTED, files: secret([file]) });
    assert.deepEqual(calls(), [
      "json||true|item get Authentik (blumeops) --vault=blumeops --account=me",
      `json||true|read op://${vaultId}/${itemId}/file --account=me`,
    ]);
  });

  await t.test("uses a service account, whose token is not in the arguments", async () => {
    await plugin.configure({ opCliPath: op, serviceAccountToken: secret("service") });
    await plugin.invoke(ITEM, { vault: vaultId, uuid: itemId });
    assert.equal(calls().at(2), `json|service||item get ${itemId} --vault=${vaultId}`);
  });

  await t.test("reports op's errors and a missing op", async () => {
    await assert.rejects(
      plugin.invoke(ITEM, { vault: "v", title: "missing" }),
      failing('Unable to read item, got error: op error: "missing" is not an item'),
    );
    await plugin.configure({ opCliPath: join(folder, "none"), account: "me" });
    await assert.rejects(
      plugin.invoke(ITEM, { vault: "v", title: "x" }),
      failing(/got error: failed to execute command: exec: ".*none": executable file not found in \$PATH$/),
    );
  });
});
