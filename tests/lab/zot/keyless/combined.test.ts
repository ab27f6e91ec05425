// Replays the recorded exchanges with a zot that takes bearer tokens beside sign-in, API keys and anonymous users: without a realm and a service ("plain") and with them ("realm").
import assert from "node:assert/strict";
import test, { after, before, describe } from "node:test";
import { image, pushBlob } from "../support/images.ts";
import type { Image } from "../support/images.ts";
import { basic } from "../support/registry.ts";
import { jobUser, keyIn } from "./support/keys.ts";
import type { Claims } from "./replay/recording.ts";
import { exchangesOf } from "./replay/recording.ts";
import type { KeylessRegistry } from "./support/registry.ts";
import { pushSeed, startKeyless } from "./support/registry.ts";
import type { Sent } from "./replay/replay.ts";
import { replay } from "./replay/replay.ts";

/** What makes a token wrong. */
const wrongClaims: Readonly<Record<string, Claims>> = {
  "other repository": { repository: "evil/app", repository_owner: "evil" },
  "repository, other case": { repository: "Acme/App" },
  "other branch": { ref: "refs/heads/dev" },
  "pull_request event": { event_name: "pull_request" },
  "wrong audience": { aud: "http://other.example" },
  expired: { exp: Math.floor(Date.now() / 1000) - 3600 },
  "expired 5 s ago": { exp: Math.floor(Date.now() / 1000) - 5 },
  "foreign issuer": { iss: "http://evil.example/api/actions" },
};

const [first, other] = [image("first"), image("other")];

/** The image whose manifest a request pushes: its blobs are uploaded before. */
function imageOf(label: string): Image {
  return label.startsWith("token: overwrite") ? other : first;
}

for (const mode of ["plain", "realm"] as const) {
  describe(mode, () => {
    let keyless: KeylessRegistry;
    let session = "";
    /** By recorded name, as this run has them. */
    const keys = new Map<string, string>();
    let wrapped = "";
    before(async () => {
      keyless = await startKeyless(mode);
      await pushSeed(keyless);
      session = (await keyless.registry.signIn("ci")).cookies(keyless.registry.url);
    });
    after(() => keyless.close());

    const tokenOf = (label: string): Promise<string> => {
      const [, wrong] = /^token with (.+):/.exec(label) ?? [];
      if (wrong === undefined) return keyless.jobs.token();
      const claims = wrongClaims[wrong];
      if (claims !== undefined) return keyless.jobs.token(claims);
      assert.equal(wrong, "foreign key");
      return keyless.jobs.forge();
    };

    const authorizationOf = async (label: string, removed: string): Promise<string> => {
      if (/^Bearer <(?:forgejo-token|JWT)>$/.test(removed)) return `Bearer ${await tokenOf(label)}`;
      if (removed === "Bearer <zak>") return `Bearer ${keys.get("ci") ?? ""}`;
      if (removed.startsWith("Bearer zot_cred_v1.")) return `Bearer ${wrapped}`;
      if (removed !== "Basic <redacted>") return removed;
      if (label === "wrong API key") return basic("ci", `zak_${"0".repeat(32)}`);
      if (label.startsWith("API key made by the token")) return basic(jobUser, keys.get(jobUser) ?? "");
      const usesKey = /^(?:API key|metrics key|token exchange with API key)/.test(label);
      return usesKey ? basic("ci", keys.get("ci") ?? "") : basic("any", await tokenOf(label));
    };

    for (const [index, exchange] of exchangesOf(mode).entries()) {
      const { label, request } = exchange;
      test(`${index} ${label}`, async () => {
        const { authorization } = Object.fromEntries(
          Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]),
        );
        const pushes = request.body === "<413 bytes>";
        const sent: Sent = {
          ...(authorization === undefined ? {} : { authorization: await authorizationOf(label, authorization) }),
          ...(request.headers["Cookie"] === "session=<session>" ? { cookie: session } : {}),
          ...(pushes ? { image: imageOf(label) } : {}),
          ...(request.body?.startsWith("grant_type") === true
            ? { body: keyless.live(request.body).replace("<forgejo-token>", await keyless.jobs.token()) }
            : {}),
        };
        if (pushes) await uploadBlobs(keyless, request.path, sent);
        const { body } = await replay(keyless, exchange, sent);
        if (label === "API key of a person, made in a browser session") keys.set("ci", keyIn(body));
        if (label === "token: CREATE an API key") keys.set(jobUser, keyIn(body));
        if (label === "token exchange with API key") wrapped = (JSON.parse(body) as { token: string }).token;
      });
    }
  });
}

async function uploadBlobs({ registry }: KeylessRegistry, path: string, sent: Sent): Promise<void> {
  const repository = /^\/v2\/(.+)\/manifests\//.exec(path)?.[1] ?? "";
  const headers = { Authorization: sent.authorization ?? "" };
  for (const content of [sent.image?.layer ?? "", sent.image?.config ?? ""]) {
    await pushBlob(registry.url, repository, content, headers);
  }
}
