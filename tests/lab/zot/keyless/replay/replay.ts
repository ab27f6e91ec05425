// Sends a recorded request to a zot of this run and compares the answer with the recorded one.
import assert from "node:assert/strict";
import { withoutBuild } from "../../support/releaseDifferences.ts";
import type { Image } from "../../support/images.ts";
import { digestOf } from "../../support/images.ts";
import type { Exchange } from "./recording.ts";
import { recorded } from "../support/registry.ts";
import type { KeylessRegistry } from "../support/registry.ts";
import { seed } from "../support/registry.ts";

/** What a test puts into a recorded request instead of what was removed from it. */
export interface Sent {
  readonly authorization?: string;
  readonly cookie?: string;
  /** The image whose manifest is pushed. */
  readonly image?: Image;
  readonly path?: string;
  readonly body?: string;
}

export interface Answer {
  readonly status: number;
  readonly location: string;
  readonly body: string;
}

const headerNames = [
  "cache-control",
  "content-type",
  "docker-content-digest",
  "docker-distribution-api-version",
  "location",
  "set-cookie",
  "www-authenticate",
];

/** Replays one exchange. Fails if the answer is another. */
export async function replay(keyless: KeylessRegistry, exchange: Exchange, sent: Sent = {}): Promise<Answer> {
  const { method, headers, body, path } = exchange.request;
  const response = await fetch(`${keyless.registry.url}${sent.path ?? keyless.live(path)}`, {
    method,
    redirect: "manual",
    headers: {
      "User-Agent": "",
      ...headers,
      ...(sent.authorization === undefined ? {} : { Authorization: sent.authorization }),
      ...(sent.cookie === undefined ? {} : { Cookie: sent.cookie }),
    },
    ...(sent.image === undefined && body === undefined
      ? {}
      : { body: sent.image?.manifest ?? sent.body ?? body ?? "" }),
  });
  const text = await response.text();
  const ours = (value: string): string => comparable(keyless, withoutImages(value, sent));
  const theirs = (value: string): string => comparable(keyless, withoutRecordedImages(value));
  const seen = {
    status: response.status,
    headers: [...response.headers]
      .filter(([name]) => headerNames.includes(name))
      .map(([name, value]) => [name, ours(value)] as const)
      .sort(byText),
    body: ours(text),
  };
  const expected = {
    status: exchange.response.status,
    headers: exchange.response.headers
      .map(([name, value]) => [name.toLowerCase(), theirs(value)] as const)
      .sort(byText),
    body: theirs(exchange.response.body),
  };
  assert.deepEqual(cut(seen, exchange), cut(expected, exchange), exchange.label);
  return { status: response.status, location: response.headers.get("location") ?? "", body: text };
}

/** The recorder cut long bodies. The metrics are those of another program. */
function cut<T extends { readonly body: string }>(answer: T, { request, response }: Exchange): T {
  if (request.path === "/metrics" && response.status === 200) return { ...answer, body: "" };
  if (response.body.endsWith("…")) return { ...answer, body: answer.body.slice(0, response.body.length - 1) };
  return response.status === 302
    ? { ...answer, body: answer.body.replace(/state=<state>.*$/s, "state=<state>") }
    : answer;
}

function byText(left: readonly [string, string], right: readonly [string, string]): number {
  return left.join(" ") < right.join(" ") ? -1 : 1;
}

/** An answer of this run, with the digests and contents of its images removed. */
function withoutImages(text: string, { image }: Sent): string {
  if (text === seed.manifest) return "<manifest>";
  const images = image === undefined ? [seed] : [seed, image];
  return images.reduce((rest, { manifest }) => rest.replaceAll(digestOf(manifest), "<digest>"), text);
}

/** A recorded answer, likewise. */
function withoutRecordedImages(text: string): string {
  return text.replace(/^\{"schemaVersion".*$/s, "<manifest>").replaceAll(/sha256:[0-9a-f]{64}/g, "<digest>");
}

/** Text without what differs with every run: addresses, secrets, ids and times. */
function comparable({ host, registry }: KeylessRegistry, text: string): string {
  return withoutBuild(text.replace('"commit":"overlay"', '"commit":"v0"'))
    .replaceAll(host, recorded.zot)
    .replaceAll(encodeURIComponent(host), encodeURIComponent(recorded.zot))
    .replaceAll(registry.idp.issuer, recorded.people)
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "<uuid>")
    .replaceAll(/zot_cred_v1\.(?:<base64url of \{.*?\}>|[\w-]+)/g, "<wrapped>")
    .replaceAll(/zak_(?:<secret>|[0-9a-f]+)/g, "<key>")
    .replaceAll(/eyJ[\w-]+\.[\w-]+\.[\w-]+|<JWT>|<forgejo-token>/g, "<token>")
    .replaceAll('"creatorUa":"node"', '"creatorUa":""')
    .replaceAll(/"expires_in":\d+/g, '"expires_in":<seconds>')
    .replaceAll(/20\d\d-\d\d-\d\dT[\d:.]+Z/g, "<time>")
    .replaceAll(/Expires=\w{3}, \d\d \w{3} 20\d\d [\d:]{8} GMT/g, "Expires=<time>")
    .replaceAll(/(state|statecookie)=(?:<redacted>|[^;&"\s]+)/g, "$1=<state>");
}
