import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { fromSeconds, isDuration, toSeconds } from "../../../../core/time/duration.ts";
import {
  generationOf,
  isDue,
  isOfStack,
  judgeKeyDates,
  keyDates,
  keyLabel,
  nextGeneration,
  rotationPlan,
  rotationNotice,
} from "../../../../systems/zot/keys/rotation.ts";

test("a key of 90 days rotates on day 60", () => {
  const dates = keyDates("2026-01-01T00:00:00Z", rotationPlan("90 days"));
  assert.deepEqual(dates, { expires: "2026-04-01T00:00:00Z", rotates: "2026-03-02T00:00:00Z" });
});

test("a key always rotates before it expires, and after it was made", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 5_000 }),
      fc.constantFrom("seconds", "minutes", "hours", "days"),
      (count, unit) => {
        const lifetime = `${count} ${unit}` as const;
        assert.ok(isDuration(lifetime));
        const created = "2026-05-05T05:05:05Z";
        const { expires, rotates } = keyDates(created, rotationPlan(lifetime));
        assert.ok(Date.parse(created) < Date.parse(rotates) && Date.parse(rotates) < Date.parse(expires));
      },
    ),
  );
});

test("a date is due from its second on", () => {
  assert.equal(isDue("2026-03-02T00:00:00Z", new Date("2026-03-01T23:59:59Z")), false);
  assert.equal(isDue("2026-03-02T00:00:00Z", new Date("2026-03-02T00:00:00Z")), true);
});

test("labels that a thief gives to further keys do not make our next key one that nobody recognizes", () => {
  for (const label of ["zot-auth/lab/999999", "zot-auth/lab/999999999999999", `zot-auth/lab/${"9".repeat(400)}`]) {
    const found = generationOf("zot-auth/lab", label);
    let last = 3;
    for (let rotation = 1; rotation <= 3; rotation += 1) {
      const next = nextGeneration(last, found === undefined ? [] : [found]);
      assert.ok(next > last);
      assert.equal(generationOf("zot-auth/lab", keyLabel("zot-auth/lab", next)), next, label);
      last = next;
    }
  }
  assert.equal(nextGeneration(3, [5, 2]), 6);
  assert.equal(nextGeneration(0, []), 1);
});

test("a label reveals its generation to its owner only", () => {
  fc.assert(
    fc.property(
      fc.stringMatching(/^[a-z/-]+$/),
      fc.stringMatching(/^[a-z/-]+$/),
      fc.integer({ min: 1, max: 1e6 }),
      (owner, other, generation) => {
        assert.equal(generationOf(owner, keyLabel(owner, generation)), generation);
        fc.pre(owner !== other);
        assert.equal(generationOf(other, keyLabel(owner, generation)), undefined);
      },
    ),
  );
});

test("durations are written in their largest whole unit and read back the same", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10_000_000 }), (seconds) => {
      assert.equal(toSeconds(fromSeconds(seconds)), seconds);
    }),
  );
  assert.equal(fromSeconds(90 * 86_400), "90 days");
  assert.equal(fromSeconds(3600), "1 hour");
});

test("the notice says in whole units when a key is replaced, or that it is due", () => {
  const dates = { rotates: "2027-01-24T12:00:00Z", expires: "2027-02-23T12:00:00Z" };
  const at = (now: string): string => rotationNotice(dates, new Date(now));
  assert.equal(at("2027-01-12T00:00:00Z"), "rotates in 12 days, on 2027-01-24; expires on 2027-02-23");
  assert.equal(at("2027-01-23T11:00:00Z"), "rotates in 1 day, on 2027-01-24; expires on 2027-02-23");
  assert.equal(at("2027-01-24T10:30:00Z"), "rotates in 1 hour, on 2027-01-24; expires on 2027-02-23");
  assert.equal(at("2027-01-24T11:59:30Z"), "rotates in 30 seconds, on 2027-01-24; expires on 2027-02-23");
  assert.equal(at("2027-01-24T12:00:00Z"), "rotates now; the current one expires on 2027-02-23");
  assert.equal(at("2027-03-01T00:00:00Z"), "rotates now; the current one expired on 2027-02-23");
});

test("a key whose day has come and that was not replaced is an error, from that second on, and more so once it has expired", () => {
  const outputs = { keyRotates: "2027-01-24T12:00:00Z", keyExpires: "2027-02-23T12:00:00Z" };
  const due = "has been due for rotation since 2027-01-24T12:00:00Z";
  const expired = "expired on 2027-02-23T12:00:00Z";
  const rows: readonly (readonly [now: string, verdict: string, says: string])[] = [
    ["2027-01-12T00:00:00Z", "good", "rotates in 12 days, on 2027-01-24; expires on 2027-02-23"],
    ["2027-01-24T11:59:59Z", "good", "rotates in 1 second, on 2027-01-24; expires on 2027-02-23"],
    ["2027-01-24T12:00:00Z", "due", `${due}, 1 second ago, and expires in 30 days, on 2027-02-23T12:00:00Z`],
    ["2027-01-27T13:00:00Z", "due", `${due}, 3 days ago, and expires in 26 days, on 2027-02-23T12:00:00Z`],
    ["2027-02-23T11:59:59Z", "due", `${due}, 29 days ago, and expires in 1 second, on 2027-02-23T12:00:00Z`],
    ["2027-02-23T12:00:00Z", "expired", `${expired}, 1 second ago, and was not replaced: CI cannot push`],
    ["2027-03-01T12:00:00Z", "expired", `${expired}, 6 days ago, and was not replaced: CI cannot push`],
  ];
  for (const [now, verdict, says] of rows)
    assert.deepEqual(judgeKeyDates(outputs, new Date(now)), { verdict, says }, now);
});

test("a key without dates is never good", () => {
  const good = { keyRotates: "2027-01-24T12:00:00Z", keyExpires: "2027-02-23T12:00:00Z" };
  const now = new Date("2026-12-24T12:00:00Z");
  assert.equal(judgeKeyDates(good, now).verdict, "good");
  for (const bad of [undefined, null, "", "soon", "2027-13-24T12:00:00Z", 1_800_000_000, "31"]) {
    for (const name of Object.keys(good)) {
      assert.equal(judgeKeyDates({ ...good, [name]: bad }, now).verdict, "unknown", `${name}: ${String(bad)}`);
    }
  }
  assert.equal(judgeKeyDates({}, now).says, "there is no key: no `up` has completed, or `destroy` revoked it");
});

test("a label of the stack's is one of any of its accounts, also under the stack's former name", () => {
  const stack = "zot-auth/lab";
  const site = { owner: "zot-auth/lab/site", formerOwners: ["zot-auth/old/site"], stack };
  for (const label of ["zot-auth/lab/1", "zot-auth/lab/site/2", "zot-auth/lab/web-2/3", "zot-auth/old/4"])
    assert.ok(isOfStack(site, label), label);
  for (const label of ["zot-auth/lab", "zot-auth/lab/web", "zot-auth/labs/1", "zot-auth/lab/a/b/1", "mine/1"])
    assert.ok(!isOfStack(site, label), label);
  assert.ok(isOfStack({ owner: stack, stack }, "zot-auth/lab/site/1"));
  assert.ok(!isOfStack({ owner: stack }, "zot-auth/lab/site/1"));
});
