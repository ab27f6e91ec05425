// What clients of 1Password Connect rely on: filters, permissions, complete items, and patches of single fields.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import type { TestContext } from "node:test";
import { startConnect } from "../../../lab/onePassword/server.ts";
import type { ConnectSeed } from "../../../lab/onePassword/server.ts";

const VAULT = "vaultvaultvaultvaultvault2";
const ITEM = "itemitemitemitemitemitem23";
const OTHER = "othervaultothervaultother2";
const ARCHIVED = "archivedarchivedarchived22";
const DELETED = "deleteddeleteddeleteddele2";

const SEED: ConnectSeed = {
  vaults: [
    {
      id: VAULT,
      name: "homelab",
      items: [
        {
          id: ITEM,
          title: "Forge Secrets",
          category: "LOGIN",
          tags: ["one", "two"],
          sections: [{ id: "extra", label: "Extra" }],
          fields: [
            { id: "username", label: "username", type: "STRING", purpose: "USERNAME", value: "bot" },
            { id: "password", label: "password", purpose: "PASSWORD", value: "pass" },
            { id: "keyid", label: "api-key", value: "old", section: "extra" },
          ],
        },
        { title: "Other (item)", fields: [{ label: "x", value: "y" }] },
        { id: ARCHIVED, title: "Old", state: "ARCHIVED", files: [{ id: "f", name: "old.txt", size: 1 }] },
        { id: DELETED, title: "Gone", state: "DELETED" },
      ],
    },
    { id: OTHER, name: "private" },
  ],
  tokens: [
    { token: "writer", vaults: { homelab: "write" } },
    { token: "reader", vaults: { homelab: "read" } },
  ],
};

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

interface ShownItem {
  readonly id: string;
  readonly title: string;
  readonly version: number;
  readonly tags: readonly string[];
  readonly fields: readonly { readonly id: string; readonly label?: string; readonly value?: string }[];
}

type Ask = (method: string, path: string, body?: unknown, token?: string | null) => Promise<Answer>;

async function connect(t: TestContext): Promise<{ ask: Ask; data: string; restart: () => Promise<void> }> {
  const data = mkdtempSync(join(tmpdir(), "connect-test-"));
  let server = await startConnect({ port: 0, data, seed: SEED });
  t.after(async () => {
    await server.close();
    rmSync(data, { recursive: true });
  });
  return {
    data,
    ask: async (method, path, body, token = "writer") => {
      const response = await fetch(`${server.url}${path}`, {
        method,
        headers: {
          "Content-Type": "application/json",
          ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
        },
        body: body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body),
      });
      assert.match(response.headers.get("1Password-Connect-Version") ?? "", /^1\.7\./);
      const text = await response.text();
      return { status: response.status, body: text.startsWith("{") || text.startsWith("[") ? JSON.parse(text) : text };
    },
    restart: async () => {
      await server.close();
      server = await startConnect({ port: 0, data, seed: SEED });
    },
  };
}

const path = `/v1/vaults/${VAULT}/items/${ITEM}`;

async function item(ask: Ask): Promise<ShownItem> {
  return (await ask("GET", path)).body as ShownItem;
}

await test("vaults and items can be filtered by title or name, and lists contain no fields", async (t) => {
  const { ask } = await connect(t);
  const titles = async (url: string, key: "name" | "title"): Promise<string[]> => {
    const { status, body } = await ask("GET", url);
    assert.equal(status, 200);
    return (body as Record<string, string>[]).map((entry) => entry[key] ?? "");
  };
  const quoted = (text: string): string => encodeURIComponent(text);
  assert.deepEqual(await titles("/v1/vaults", "name"), ["homelab"]);
  assert.deepEqual(await titles(`/v1/vaults?filter=${quoted('title eq "homelab"')}`, "name"), ["homelab"]);
  assert.deepEqual(await titles(`/v1/vaults?filter=${quoted('name eq "private"')}`, "name"), []);
  const items = `/v1/vaults/${VAULT}/items`;
  assert.deepEqual(await titles(items, "title"), ["Forge Secrets", "Other (item)", "Old"]);
  assert.deepEqual(await titles(`${items}?filter=${quoted('title eq "Other (item)"')}`, "title"), ["Other (item)"]);
  assert.doesNotMatch(JSON.stringify((await ask("GET", items)).body), /pass|"old"/);
  assert.equal((await ask("GET", `${items}?filter=title`)).status, 400);
  const made = ((await ask("GET", items)).body as ShownItem[])[1]?.id ?? "";
  assert.match(made, /^[a-z2-7]{26}$/);
});

await test("a token can access only its vaults, and write only with permission", async (t) => {
  const { ask } = await connect(t);
  const refused = async (expected: { status: number; message: string }, ...request: Parameters<Ask>): Promise<void> => {
    const { status, body } = await ask(...request);
    assert.deepEqual([status, body], [expected.status, expected]);
  };
  await refused({ status: 401, message: "Invalid bearer token" }, "GET", "/v1/vaults", undefined, null);
  await refused({ status: 401, message: "Invalid token signature" }, "GET", "/v1/vaults", undefined, "nobody's");
  await refused({ status: 403, message: `vault ${OTHER} is not in scope` }, "GET", `/v1/vaults/${OTHER}`);
  await refused({ status: 400, message: "Invalid Vault UUID" }, "GET", "/v1/vaults/homelab/items");
  await refused({ status: 404, message: `item ${OTHER} not found` }, "GET", `/v1/vaults/${VAULT}/items/${OTHER}`);
  assert.equal((await ask("GET", path, undefined, "reader")).status, 200);
  for (const method of ["PUT", "PATCH", "DELETE"]) {
    assert.equal((await ask(method, path, [], "reader")).status, 403, method);
  }
  assert.equal((await ask("POST", `/v1/vaults/${VAULT}/items`, {}, "reader")).status, 403);
  assert.deepEqual((await ask("GET", "/heartbeat", undefined, null)).body, ".");
  assert.equal(((await ask("GET", "/health", undefined, null)).body as { name: string }).name, "1Password Connect API");
});

await test("a patch changes or adds one field and keeps the others", async (t) => {
  const { ask } = await connect(t);
  const before = await item(ask);
  const patched = await ask("PATCH", path, [{ op: "replace", path: "/fields/keyid/value", value: "new" }]);
  assert.equal(patched.status, 200);
  const after = await item(ask);
  assert.deepEqual(patched.body, after);
  assert.equal(after.version, before.version + 1);
  const expected = before.fields.map((field) => (field.id === "keyid" ? { ...field, value: "new" } : field));
  assert.deepEqual(after.fields, expected);
  const add = { op: "add", path: "/fields", value: { label: "zot-ci-api", type: "CONCEALED", value: "zak" } };
  const added = (await ask("PATCH", path, [add])).body as ShownItem;
  assert.deepEqual(added.fields.slice(0, -1), expected);
  assert.match(added.fields.at(-1)?.id ?? "", /^[a-z2-7]{26}$/);
  assert.equal(added.fields.at(-1)?.value, "zak");
});

await test("a patch changes attributes and removes fields, and a rejected patch changes nothing", async (t) => {
  const { ask } = await connect(t);
  const patched = (
    await ask("PATCH", path, [
      { op: "replace", path: "/title", value: "Renamed" },
      { op: "remove", path: "/tags/1" },
      { op: "add", path: "/fields/keyid/label", value: "other label" },
      { op: "remove", path: "/fields/password" },
    ])
  ).body as ShownItem;
  assert.equal(patched.version, 2);
  assert.equal(patched.title, "Renamed");
  assert.deepEqual(patched.tags, ["one"]);
  assert.deepEqual(
    patched.fields.map(({ id }) => id),
    ["username", "keyid"],
  );
  assert.equal(patched.fields[1]?.label, "other label");
  for (const body of [
    { op: "replace", path: "/title", value: "x" },
    [{ op: "move", path: "/title", value: "x" }],
    [{ op: "replace", path: "title", value: "x" }],
    [
      { op: "replace", path: "/title", value: "x" },
      { op: "replace", path: "/fields/api-key/value", value: "by label" },
    ],
    [{ op: "replace", path: "/version", value: 7 }],
    [{ op: "replace", path: "/title", value: 7 }],
    "{not json",
  ]) {
    assert.equal((await ask("PATCH", path, body)).status, 400, JSON.stringify(body));
  }
  assert.deepEqual(await item(ask), patched);
  assert.deepEqual((await ask("PATCH", path, [])).body, patched);
});

await test("items are created, replaced and deleted, and survive a restart", async (t) => {
  const { ask, restart, data } = await connect(t);
  const fields = [{ label: "token", type: "CONCEALED", value: "v" }];
  const made = await ask("POST", `/v1/vaults/${VAULT}/items`, {
    vault: { id: VAULT },
    title: "New",
    category: "PASSWORD",
    fields,
  });
  assert.equal(made.status, 200);
  const { id, version } = made.body as ShownItem;
  assert.equal(version, 1);
  const own = `/v1/vaults/${VAULT}/items/${id}`;
  const put = await ask("PUT", own, { id, vault: { id: VAULT }, title: "Newer", category: "PASSWORD" });
  assert.deepEqual([(put.body as ShownItem).version, (put.body as ShownItem).fields], [2, []]);
  assert.equal((await ask("PUT", own, { id, title: "x", category: "PASSWORD" })).status, 400);
  assert.equal(
    (await ask("POST", `/v1/vaults/${VAULT}/items`, { vault: { id: VAULT }, category: "nope" })).status,
    400,
  );
  await restart();
  assert.equal(((await ask("GET", own)).body as ShownItem).title, "Newer");
  assert.equal((await ask("DELETE", own)).status, 204);
  assert.equal((await ask("GET", own)).status, 404);
  assert.equal(readFileSync(join(data, "onepassword.json"), "utf8").includes('"writer"'), false);
});

await test("archived items are returned with their state and deleted ones are not; a patch keeps an item's files", async (t) => {
  const { ask } = await connect(t);
  const items = `/v1/vaults/${VAULT}/items`;
  const listed = (await ask("GET", items)).body as { id: string; state?: string }[];
  assert.equal(listed.find(({ id }) => id === ARCHIVED)?.state, "ARCHIVED");
  assert.doesNotMatch(JSON.stringify(listed), /old\.txt|Gone/);
  assert.equal((await ask("GET", `${items}/${DELETED}`)).status, 404);
  const patched = (await ask("PATCH", `${items}/${ARCHIVED}`, [{ op: "replace", path: "/title", value: "Older" }]))
    .body;
  const { title, files, state } = patched as { title: string; files: unknown; state: string };
  assert.deepEqual([title, files, state], ["Older", [{ id: "f", name: "old.txt", size: 1 }], "ARCHIVED"]);
});
