import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { ProcessSampler } from "../../engine/leaks/processSampler.ts";
import { MARK } from "../pushing.ts";
import { noCrane } from "./crane/crane.ts";
import { JOB } from "./servers.ts";
import { LAB, TokenJob, pathOf } from "./tokenJob.ts";

// The push script with a key that the job creates with its token, for skopeo.

const skip = noCrane;

let job: TokenJob;
before(async () => {
  if (skip === false) job = await TokenJob.start();
});
beforeEach(() => {
  if (skip === false) job.servers.reset();
});
after(async () => {
  if (skip === false) await job.close();
});

test("with shortkey=true, skopeo pushes with a key of ten minutes that is deleted at the end", { skip }, async () => {
  const sampler = new ProcessSampler(MARK);
  const { code, said } = await sampler.during(
    job.push([job.image, "short", "v1"], { ...job.shortKey(), PATH: pathOf(LAB) }),
  );
  assert.equal(code, 0, said);
  assert.equal(await job.status("short", "v1"), 200);
  const [made, ...more] = job.servers.created;
  assert.ok(made !== undefined && more.length === 0);
  assert.match(made.label, /^push-image 77 \w{6}$/);
  const minutes = (Date.parse(made.expires) - Date.now()) / 60_000;
  assert.ok(minutes > 9 && minutes <= 10, made.expires);
  assert.equal(job.servers.keys.size, 0);
  const basicKey = Buffer.from(`${JOB}:${made.key}`).toString("base64");
  for (const secret of [...job.servers.secrets, basicKey])
    assert.deepEqual(
      [...sampler.argumentLists].filter((line) => line.includes(secret)),
      [],
    );
});

test("a job that is stopped deletes its key, and ends with the signal's code", { skip }, async () => {
  const large = job.fresh(100_000_000);
  const uploads = (): boolean => job.servers.log.some((line) => line.includes("/homelab/stopped/blobs/uploads/"));
  const { code, said } = await job.push([large, "stopped", "v1"], job.shortKey(), uploads);
  assert.equal(code, 143, said);
  assert.equal(job.servers.created.length, 1);
  assert.equal(job.servers.keys.size, 0);
});

test("a push that outlasts its key goes on with a new one, and deletes both", { skip }, async () => {
  job.servers.faults.requestsOfAKey = 9;
  const { code, said } = await job.push([job.fresh(), "outlasting", "v1"], job.shortKey());
  assert.equal(code, 0, said);
  assert.equal(job.servers.created.length, 2, job.servers.log.join("\n"));
  assert.equal(job.servers.keys.size, 0);
});

test("a key whose answer is lost is deleted, too", { skip }, async () => {
  job.servers.faults.losesTheKey = true;
  const { code, said } = await job.push([job.image, "lost", "v1"], job.shortKey());
  assert.equal(code, 1, said);
  assert.match(said, /created no key for this job \(HTTP 000\)/);
  assert.ok(job.servers.created.length > 0);
  assert.equal(job.servers.keys.size, 0);
});

test("a key that cannot be deleted is a warning, which says until when it works", { skip }, async () => {
  job.servers.faults.deletion = 500;
  const { code, said } = await job.push([job.image, "kept-key", "v1"], job.shortKey());
  assert.equal(code, 0, said);
  const [{ expires } = { expires: "" }] = job.servers.keys.values();
  assert.ok(said.includes(`WARNING: the key of this job could not be deleted. It expires on ${expires}.\n`), said);
});

test("a key that has expired when it is created is no success, and the error names the clock", { skip }, async () => {
  job.servers.faults.requestsOfAKey = 0;
  const { code, said } = await job.push([job.image, "clock", "v1"], job.shortKey());
  assert.equal(code, 1, said);
  assert.match(said, /does not accept the key that it created for this job.*clock/);
  assert.equal(job.servers.keys.size, 0);
  const instead = await job.push([job.image, "clock", "v1"], { ...job.shortKey(), ...job.storedKey() });
  assert.equal(instead.code, 0, instead.said);
  assert.match(instead.said, /the key is used instead/);
  assert.equal(job.servers.created.length, 2);
  assert.equal(job.servers.keys.size, 0);
});
