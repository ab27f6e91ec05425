import assert from "node:assert/strict";
import test from "node:test";
import { differenceIn } from "../../../commands/check/difference.ts";
import type { Difference } from "../../../commands/check/difference.ts";
import { readEvents } from "../../../report/sources/events.ts";

const SERVICES =
  "urn:pulumi:lab::zot-auth::zot-auth:index:Acceptance$zot-auth:acceptance:Services::acceptance-services";
const SECRET = "urn:pulumi:lab::zot-auth::zot-auth:forgejo:ActionsSecret::forgejo-own/one";
const OFFLINE = "Forgejo's runners for own/one: expected one that is online, got offline: one. Start a runner.";

const ACCESS = "urn:pulumi:lab::zot-auth::zot-auth:index:Acceptance$zot-auth:acceptance:AccessProof::acceptance-access";
const OPTIONS = { state: undefined, repair: "`up`" };

/** A state whose proof measured these rows. */
function measured(...rows: readonly object[]): object {
  const row = { subject: "anonymous", operation: "pull", expected: 200, measured: 200 };
  const outputs = { measured: [row, ...rows] };
  return { deployment: { resources: [{ urn: ACCESS, type: "zot-auth:acceptance:AccessProof", outputs }] } };
}

type Differing = readonly (readonly [urn: string, drift: string])[];

const said = (differing: Differing, state?: object): string => looked(differing, state).says;

/** What a preview means in which these differ: by what a refresh found, or by inputs. */
function looked(differing: Differing, state?: object): Difference {
  const events = differing.flatMap(([urn, drift]) => [
    { resOutputsEvent: { planning: true, metadata: { op: "refresh", urn, new: { outputs: { drift } } } } },
    {
      resOutputsEvent: { planning: true, metadata: { op: "update", urn, diffs: [drift === "" ? "targets" : "drift"] } },
    },
  ]);
  const same = { resOutputsEvent: { planning: true, metadata: { op: "same", urn: `${SECRET}-same` } } };
  return differenceIn(readEvents([...events, same].map((event) => JSON.stringify(event)).join("\n")), {
    ...OPTIONS,
    state,
  });
}

test("a service that does not work, and nothing else: what it is, without a command that would not repair it", () => {
  assert.equal(said([[SERVICES, OFFLINE]]), `a service does not work: ${OFFLINE}`);
});

test("other drift, or other settings: the message says what up repairs, and what it does not", () => {
  const repairs = "not everything is as declared, see above. `up` repairs it.";
  assert.equal(said([[SECRET, "own/one has no secret KEY"]]), repairs);
  assert.equal(said([[SERVICES, ""]]), repairs, "its inputs differ");
  assert.equal(differenceIn(undefined, OPTIONS).says, repairs, "the events could not be read");
  assert.equal(
    said([
      [SECRET, "own/one has no secret KEY"],
      [SERVICES, OFFLINE],
    ]),
    `${repairs} It does not repair this: a service does not work: ${OFFLINE}`,
  );
});

test("a proof that failed, and nothing else: the rows, and what tries them again", () => {
  const row = {
    subject: "ci",
    operation: "overwrite a tag",
    target: "a/b",
    expected: 403,
    measured: 201,
    lookAt: "See x.",
  };
  const state = measured(row);
  const why =
    "access was not as declared when it was tried: ci: overwrite a tag (a/b): expected 403, got 201. See x. `up` tries it again.";
  assert.deepEqual(looked([[ACCESS, ""]], state), { says: why, isUnproved: true });
  assert.equal(
    said(
      [
        [ACCESS, ""],
        [SERVICES, OFFLINE],
      ],
      state,
    ),
    `a service does not work: ${OFFLINE} Besides, ${why}`,
  );
  const repairs = "not everything is as declared, see above. `up` repairs it.";
  assert.equal(
    said(
      [
        [ACCESS, ""],
        [SECRET, "own/one has no secret KEY"],
      ],
      state,
    ),
    `${repairs} It does not repair this: ${why}`,
  );
  const others: readonly Differing[] = [[[ACCESS, ""]], [[SERVICES, OFFLINE]], [[SECRET, "gone"]], []];
  for (const differing of others) assert.equal(looked(differing, measured()).isUnproved, false);
  assert.equal(
    looked(
      [
        [ACCESS, ""],
        [SECRET, "gone"],
      ],
      state,
    ).isUnproved,
    false,
  );
  assert.equal(said([[ACCESS, ""]], measured()), repairs, "all rows passed: its inputs differ");
});
