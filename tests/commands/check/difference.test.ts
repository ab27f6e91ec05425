import assert from "node:assert/strict";
import test from "node:test";
import { differenceIn } from "../../../commands/check/difference.ts";
import { readEvents } from "../../../report/events.ts";

const SERVICES =
  "urn:pulumi:lab::zot-auth::zot-auth:index:Acceptance$zot-auth:acceptance:Services::acceptance-services";
const SECRET = "urn:pulumi:lab::zot-auth::zot-auth:forgejo:ActionsSecret::forgejo-own/one";
const OFFLINE = "Forgejo's runners for own/one: expected one that is online, got offline: one. Start a runner.";

/** What is said of a preview in which these differ: by what a refresh found, or by inputs. */
function said(differing: readonly (readonly [urn: string, drift: string])[]): string {
  const events = differing.flatMap(([urn, drift]) => [
    { resOutputsEvent: { planning: true, metadata: { op: "refresh", urn, new: { outputs: { drift } } } } },
    {
      resOutputsEvent: { planning: true, metadata: { op: "update", urn, diffs: [drift === "" ? "targets" : "drift"] } },
    },
  ]);
  const same = { resOutputsEvent: { planning: true, metadata: { op: "same", urn: `${SECRET}-same` } } };
  return differenceIn(readEvents([...events, same].map((event) => JSON.stringify(event)).join("\n")), "`up`");
}

test("a service that does not work, and nothing else: what it is, without a command that would not repair it", () => {
  assert.equal(said([[SERVICES, OFFLINE]]), `a service does not work: ${OFFLINE}`);
});

test("other drift, or other settings: the message says what up repairs, and what it does not", () => {
  const repairs = "not everything is as declared, see above. `up` repairs it.";
  assert.equal(said([[SECRET, "own/one has no secret KEY"]]), repairs);
  assert.equal(said([[SERVICES, ""]]), repairs, "its inputs differ");
  assert.equal(differenceIn(undefined, "`up`"), repairs, "the events could not be read");
  assert.equal(
    said([
      [SECRET, "own/one has no secret KEY"],
      [SERVICES, OFFLINE],
    ]),
    `${repairs} It does not repair this: a service does not work: ${OFFLINE}`,
  );
});
