// What can happen during a write through Connect: concurrent changes, lost responses, a Connect that lags behind.
import assert from "node:assert/strict";
import test from "node:test";
import type { SecretReference } from "../../../core/secrets/reference.ts";
import { connectFixture } from "./support/connectFixture.ts";
import type { Fixture, ShownItem } from "./support/connectFixture.ts";
import { ITEM, NEW, VAULT, fails } from "./support/support.ts";

const KEY: SecretReference = `op://${VAULT}/${ITEM}/zot-ci-api`;
const FRESH: SecretReference = `op://${VAULT}/${ITEM}/brand-new`;
const setField = (id: string, value: string): object => ({ op: "replace", path: `/fields/${id}/value`, value });

function valueOf(item: ShownItem, id: string): string | undefined {
  return item.fields.find((field) => field.id === id)?.value;
}

/** Somebody else writes once, just before or just after our PATCH is taken. */
function meanwhile({ between, elsewhere }: Fixture, when: "before" | "after", ...patch: readonly object[]): void {
  let done = false;
  between.meddle = async ({ method }, forward) => {
    if (method !== "PATCH" || done) return forward();
    done = true;
    if (when === "before") await elsewhere(...patch);
    const reply = await forward();
    if (when === "after") await elsewhere(...patch);
    return reply;
  };
}

for (const when of ["before", "after"] as const) {
  test(`another field changed just ${when} our write: kept, with a warning`, async (t) => {
    const fixture = await connectFixture(t);
    meanwhile(fixture, when, setField("otherid", "theirs"), { op: "add", path: "/tags", value: "theirs-too" });
    await fixture.store.write(KEY, NEW);
    const item = await fixture.item();
    assert.equal(valueOf(item, "keyid"), NEW.reveal());
    assert.equal(valueOf(item, "otherid"), "theirs");
    assert.deepEqual(item["tags"], ["homelab", "ci", "theirs-too"]);
    assert.equal(fixture.warnings.length, 1);
    assert.match(
      fixture.warnings[0] ?? "",
      /^ONEPASSWORD_CHANGED_MEANWHILE The item of op:.+ changed at the same time: the tags, the field "api-token" .*version 1 to 3.*is kept/,
    );
    assert.doesNotMatch(fixture.warnings[0] ?? "", /theirs|zak_/);
  });
}

test("our own field changed just before our write: replaced, with a warning", async (t) => {
  const fixture = await connectFixture(t);
  meanwhile(fixture, "before", setField("keyid", "theirs"));
  await fixture.store.write(KEY, NEW);
  assert.equal(valueOf(await fixture.item(), "keyid"), NEW.reveal());
  assert.match(fixture.warnings[0] ?? "", /^ONEPASSWORD_CHANGED_MEANWHILE .*item's history/);
});

test("our own field changed just after our write: an error", async (t) => {
  const fixture = await connectFixture(t);
  meanwhile(fixture, "after", setField("keyid", "theirs"));
  await fails(
    fixture.store.write(KEY, NEW),
    "ONEPASSWORD_NOT_STORED",
    /returns another one.*something else writes that field/,
  );
  assert.equal(valueOf(await fixture.item(), "keyid"), "theirs");
});

test("a field removed during the write is created again", async (t) => {
  const fixture = await connectFixture(t);
  meanwhile(fixture, "before", { op: "remove", path: "/fields/keyid" });
  await fixture.store.write(KEY, NEW);
  const item = await fixture.item();
  assert.deepEqual(
    item.fields.filter(({ label }) => label === "zot-ci-api").map(({ type, value }) => [type, value]),
    [["CONCEALED", NEW.reveal()]],
  );
});

test("an item deleted during the write", async (t) => {
  const { store, between } = await connectFixture(t);
  between.meddle = ({ method }, forward) =>
    method === "PATCH"
      ? Promise.resolve({ status: 404, body: `{"status":404,"message":"item ${ITEM} not found"}` })
      : forward();
  await fails(store.write(KEY, NEW), "ONEPASSWORD_ITEM_MISSING", /does not exist/);
});

test("after a conflict, reads the item again and retries, at most five times", async (t) => {
  const { store, between, item } = await connectFixture(t);
  let refused = 0;
  let refuse = 2;
  between.meddle = ({ method }, forward) => {
    if (method !== "PATCH" || refused >= refuse) return forward();
    refused++;
    return Promise.resolve({ status: 409, body: '{"status":409,"message":"Conflict"}' });
  };
  await store.write(KEY, NEW);
  assert.equal(refused, 2);
  assert.equal(valueOf(await item(), "keyid"), NEW.reveal());
  refuse = Infinity;
  await fails(store.write(FRESH, NEW), "ONEPASSWORD_CONFLICT", /failed 5 times, because the item changed/);
  assert.equal(refused, 7);
});

for (const lost of ["hang up", "500"] as const) {
  for (const reference of [KEY, FRESH]) {
    test(`the response is lost (${lost}) but the write arrived: ${reference}`, async (t) => {
      const { store, between, item } = await connectFixture(t);
      let patches = 0;
      between.meddle = async ({ method }, forward) => {
        const reply = await forward();
        if (method !== "PATCH") return reply;
        patches++;
        return lost === "500" ? { status: 500, body: `{"message":"${NEW.reveal()}"}` } : lost;
      };
      await store.write(reference, NEW);
      assert.equal(patches, 1);
      assert.equal((await item()).fields.filter(({ value }) => value === NEW.reveal()).length, 1);
    });
  }
}

for (const reference of [KEY, FRESH]) {
  test(`the response is lost and the write did not arrive: it is sent again: ${reference}`, async (t) => {
    const { store, between, item } = await connectFixture(t);
    let patches = 0;
    between.meddle = ({ method }, forward) =>
      method === "PATCH" && ++patches === 1 ? Promise.resolve({ status: 502, body: "" }) : forward();
    await store.write(reference, NEW);
    assert.equal(patches, 2);
    assert.equal((await item()).fields.filter(({ value }) => value === NEW.reveal()).length, 1);
  });
}

test("no write arrives: reports the write's error, and the next run writes", async (t) => {
  const { store, between, item } = await connectFixture(t);
  between.meddle = ({ method }, forward) =>
    method === "PATCH"
      ? Promise.resolve({ status: 502, body: `{"message":"upstream said ${NEW.reveal()}"}` })
      : forward();
  await fails(store.write(KEY, NEW), "UNEXPECTED_ANSWER", /502.*upstream said \[secret\]/);
  assert.equal(valueOf(await item(), "keyid"), "zak_old");
  between.meddle = (_asked, forward) => forward();
  await store.write(KEY, NEW);
  assert.equal(valueOf(await item(), "keyid"), NEW.reveal());
});

test("any other rejection is reported at once, without the value", async (t) => {
  const { store, between } = await connectFixture(t);
  const body = JSON.stringify({ status: 400, message: `Invalid value ${NEW.reveal()}` });
  between.meddle = ({ method }, forward) => (method === "PATCH" ? Promise.resolve({ status: 400, body }) : forward());
  await fails(store.write(KEY, NEW), "UNEXPECTED_ANSWER", /400.*Invalid value \[secret\]/);
  assert.equal(between.asked.filter((asked) => asked.startsWith("PATCH")).length, 1);
});

/** A Connect that shows the item as it was for some reads after a write. */
function lag({ between }: Fixture, reads: number): void {
  let before: string | undefined;
  let left = 0;
  between.meddle = async ({ method, path }, forward) => {
    if (method === "PATCH") {
      left = reads;
      return forward();
    }
    const reply = await forward();
    if (!path.endsWith(ITEM)) return reply;
    if (left > 0 && before !== undefined) {
      left--;
      return { ...reply, body: before };
    }
    before = reply.body;
    return reply;
  };
}

test("waits for a Connect that lags behind", async (t) => {
  const fixture = await connectFixture(t);
  for (const reference of [KEY, FRESH]) {
    lag(fixture, 3);
    await fixture.store.write(reference, NEW);
  }
  lag(fixture, 2);
  await fixture.store.blank(KEY);
  const item = await fixture.item();
  assert.equal(item.fields.filter(({ value }) => value === NEW.reveal()).length, 1);
  assert.equal(valueOf(item, "keyid"), "");
  assert.deepEqual(fixture.warnings, []);
});

test("times out if Connect keeps lagging behind", async (t) => {
  const fixture = await connectFixture(t);
  lag(fixture, Infinity);
  await fails(
    fixture.store.write(KEY, NEW),
    "ONEPASSWORD_LAGGING",
    /1 second .*for 1Password Connect to return the new value of op:.*still returns version 1.*\/health/,
  );
});

test("detects a Connect that changes more than requested", async (t) => {
  const { store, between } = await connectFixture(t);
  between.meddle = async ({ method }, forward) => {
    const reply = await forward();
    const item = JSON.parse(reply.body) as { version: number; urls: unknown; fields: { id: string }[] };
    if (method === "PATCH" || item.version === 1) return reply;
    item.urls = [];
    item.fields = item.fields.filter(({ id }) => id !== "totpid");
    return { ...reply, body: JSON.stringify(item) };
  };
  await fails(
    store.write(KEY, NEW),
    "ONEPASSWORD_ITEM_DAMAGED",
    /is stored, but other parts of its item changed \(the URLs, the field "code"; from version 1 to 2\).*history/,
  );
});

test("values that a server computes do not count as a change", async (t) => {
  const { store, between, warnings } = await connectFixture(t);
  let read = 0;
  between.meddle = async (_asked, forward) => {
    const reply = await forward();
    const item = JSON.parse(reply.body) as {
      updatedAt: string;
      fields: { type: string; totp?: string; entropy?: number }[];
    };
    item.updatedAt = new Date().toISOString();
    for (const field of item.fields) {
      if (field.type === "OTP") field.totp = String(++read);
      else field.entropy = read;
    }
    return { ...reply, body: JSON.stringify(item) };
  };
  await store.write(KEY, NEW);
  assert.ok(read >= 2);
  assert.deepEqual(warnings, []);
});

test("an aborted write ends at once and does not block the next one", async (t) => {
  const fixture = await connectFixture(t);
  lag(fixture, Infinity);
  const cut = new AbortController();
  const writing = fixture.store.write(KEY, NEW, cut.signal);
  setTimeout(() => cut.abort(), 100);
  await assert.rejects(writing, { name: "AbortError" });
  fixture.between.meddle = (_asked, forward) => forward();
  await fixture.store.write(KEY, NEW);
  assert.equal(valueOf(await fixture.item(), "keyid"), NEW.reveal());
});
