// Replays the recorded access matrix against the stand-in for each measured release, and against a real zot if PATH has one.
import assert from "node:assert/strict";
import test, { after, before, describe } from "node:test";
import { digestOf, image } from "../support/images.ts";
import { bySubject, MatrixReplay, rows } from "./matrix.ts";
import { isKnown, rowOf } from "../support/releaseDifferences.ts";
import { findRealZot, standIn } from "../support/zotPrograms.ts";

const realZot = findRealZot();
const programs = [standIn(), standIn("v2.1.18"), standIn("v2.1.13"), ...(realZot === undefined ? [] : [realZot])];

for (const program of programs) {
  const skip = isKnown(program.release) ? false : `differences between ${program.release} and v2.1.20 are unknown`;
  describe(program.name, { skip }, () => {
    let replay: MatrixReplay;
    before(async () => {
      replay = await MatrixReplay.start(program);
    });
    after(() => replay.close());

    test("the recording is complete", () => {
      assert.equal(rows.length, 506);
      assert.deepEqual([...bySubject.keys()].sort(), [...replay.credentials.keys()].sort());
    });

    for (const [subject, operations] of bySubject) {
      test(subject, async (t) => {
        await replay.seed(subject);
        const uploads = new Map<string, string>();
        for (const row of operations) await t.test(row.operation, () => replay.replay(row, uploads));
      });
    }
  });
}

test("the images match the recording", () => {
  const [head] = rows.filter(({ operation, subject }) => operation === "pull-manifest-head" && subject === "anonymous");
  assert.equal(digestOf(image("anonymous-v1").manifest), head?.["Docker-Content-Digest"]);
});

test("older releases differ in exactly these rows", () => {
  const differing = (release: string): string[] =>
    rows
      .filter((row) => rowOf(release, row) !== row)
      .map(({ operation, subject }) => `${operation} ${subject}`)
      .sort();
  const byQuery = "push-manifest-digest-with-existing-tag-query";
  const ci = ["zot-ci-apikey", "zot-ci-session"];
  assert.deepEqual(differing("v2.1.20"), []);
  assert.deepEqual(
    differing("v2.1.18"),
    ci.map((subject) => `${byQuery} ${subject}`),
  );
  assert.deepEqual(
    differing("v2.1.13"),
    [
      ...ci.flatMap((subject) => [`${byQuery} ${subject}`, `push-manifest-overwrite-latest ${subject}`]),
      "ping-docker-ua anonymous",
      "ping-docker-ua zot-ci-session-without-ui-header",
      ...[...bySubject.keys()]
        .filter(isKnownSubject)
        .flatMap((subject) => [`pull-blob ${subject}`, `pull-blob-head ${subject}`]),
    ].sort(),
  );
});

function isKnownSubject(subject: string): boolean {
  return subject !== "bad-credentials" && subject !== "unknown-user";
}
