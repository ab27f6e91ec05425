// Replays the recorded conversations (sign-in, cookies, API keys, denials, logout, identity provider down) with every available zot.
import assert from "node:assert/strict";
import test, { after, before, describe } from "node:test";
import { zotVersion } from "../../../../lab/zot/version.ts";
import { startRegistry } from "../support/registry.ts";
import type { TestConfig, TestRegistry } from "../support/registry.ts";
import { isKnown, metricsAccess } from "../support/releaseDifferences.ts";
import { Conversation, entries, entryOf } from "./transcript.ts";
import type { Entry } from "./transcript.ts";
import type { ZotProgram } from "../support/zotPrograms.ts";
import { findRealZot, standIn } from "../support/zotPrograms.ts";

interface Part {
  readonly title: string;
  /** The first entry and the last. */
  readonly entries: readonly [number, number];
  readonly since?: string;
  readonly configure?: (config: TestConfig) => void;
  /** Runs before the entry with this number. */
  readonly before?: Readonly<Record<number, (registry: TestRegistry) => Promise<void>>>;
}

const parts: readonly Part[] = [
  { title: "sign-in, sessions and logout", entries: [0, 63] },
  { title: "API keys", entries: [64, 143] },
  {
    title: "identity provider down",
    entries: [144, 175],
    before: { 151: ({ idp }) => idp.pause(), 164: ({ idp }) => idp.resume() },
  },
  {
    title: "denials with a custom realm",
    entries: [176, 192],
    configure: ({ http }) => (http["realm"] = "zot lab"),
  },
  {
    title: "API keys without OpenID",
    entries: [223, 225],
    configure: ({ http }) => (http.auth = { apikey: true }),
  },
  {
    title: "with the web UI",
    entries: [227, 232],
    configure: ({ extensions }) => Object.assign(extensions ?? {}, { ui: { enable: true } }),
  },
  {
    title: "bearer tokens disable OpenID and API keys",
    entries: [233, 235],
    since: "2.1.19",
    configure: ({ http }) => {
      const host = `${http.address}:${http.port}`;
      const bearer = {
        realm: `http://${host}/zot/auth/token`,
        service: host,
        oidc: [{ issuer: "http://127.0.0.1:1", audiences: ["zot"] }],
      };
      http.auth = { ...http.auth, bearer };
    },
  },
];

/** Entries that are not replayed, and why. */
const leftOut: readonly { readonly entries: readonly [number, number]; readonly reason: string }[] = [
  { entries: [193, 216], reason: "rate limits, which the stand-in does not have; 216 repeats 4" },
  { entries: [217, 222], reason: "a sign-in whose session is not used afterwards" },
  { entries: [226, 226], reason: "the same as an unknown path" },
  {
    entries: [236, 247],
    reason:
      "bearer tokens: tests/lab/zot/keyless replays a recording with all of these, whose issuer and claims are known",
  },
];

const realZot = findRealZot();
const programs = [standIn(), standIn("v2.1.18"), standIn("v2.1.13"), ...(realZot === undefined ? [] : [realZot])];
for (const program of programs) {
  const skip = isKnown(program.release) ? false : `differences between ${program.release} and v2.1.20 are unknown`;
  describe(program.name, { skip }, () => {
    for (const part of parts) {
      if (part.since === undefined || zotVersion(program.release).atLeast(part.since)) replayPart(program, part);
    }
  });
}

function replayPart(program: ZotProgram, part: Part): void {
  describe(part.title, () => {
    let registry: TestRegistry;
    let conversation: Conversation;
    before(async () => {
      registry = await startRegistry((config) => {
        if (config.http.accessControl !== undefined) {
          config.http.accessControl.metrics = metricsAccess(program.release);
        }
        part.configure?.(config);
      }, program);
      conversation = new Conversation(registry, program.release);
    });
    after(() => registry.close());

    const [first, last] = part.entries;
    entries.slice(first, last + 1).forEach((entry, index) => {
      test(titleOf(first + index, entry), async () => {
        await part.before?.[first + index]?.(registry);
        await conversation.replay(entry);
      });
    });
  });
}

function titleOf(number: number, { who, note, request, response }: Entry): string {
  const path = request.url.replace(/^http:\/\/127\.0\.0\.1:\d+/, "").slice(0, 60);
  return `${number} ${who}${note === null ? "" : ` (${note})`} ${request.method} ${path} ${response.status}`;
}

test("every recorded entry is replayed or listed with a reason", () => {
  const covered = [...parts, ...leftOut].flatMap(({ entries: [first, last] }) =>
    Array.from({ length: last - first + 1 }, (_, index) => first + index),
  );
  assert.deepEqual(
    covered.sort((a, b) => a - b),
    entries.map((_, index) => index),
  );
});

test("older releases differ in the sign-in redirect, the logout and the size limit of an API key request", () => {
  const differing = (release: string): number[] =>
    entries.flatMap((entry, index) => (entryOf(release, entry) === entry ? [] : [index]));
  assert.deepEqual([differing("v2.1.20"), differing("v2.1.18"), differing("v2.1.13")], [[], [], [47, 62, 103]]);
});
