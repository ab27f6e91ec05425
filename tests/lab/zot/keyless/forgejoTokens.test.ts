// Replays what zot answered to tokens of a real Forgejo 15.0.3: the tokens of this run have their claims.
import assert from "node:assert/strict";
import test from "node:test";
import { image, pushBlob, pushImage } from "../support/images.ts";
import { basic } from "../support/registry.ts";
import type { Claims } from "./replay/recording.ts";
import { claimsOf, recording } from "./replay/recording.ts";
import type { KeylessRegistry } from "./support/registry.ts";
import { startKeyless, validationsOf } from "./support/registry.ts";
import { Script } from "./replay/script.ts";

/** A token with the claims of a recorded one. Issuer, audience and times are those of this run. */
function tokenLike({ jobs }: KeylessRegistry, claims: Claims, changes: Claims = {}): Promise<string> {
  const { iss: _issuer, aud: _audience, exp: _end, iat: _start, nbf: _notBefore, ...others } = claims;
  return jobs.token({ ...others, ...changes });
}

const byEvent: Readonly<Record<string, Claims>> = {
  "push to branch dev": claimsOf("push to another branch"),
  "pull_request inside the repository": claimsOf("pull_request inside the repository"),
  // Recorded without its claims. It differs from one of a fork in the actor.
  "pull_request_target inside": { ...claimsOf("pull_request_target from a fork"), actor: "dev" },
  "pull_request_target from a fork": claimsOf("pull_request_target from a fork"),
  "push to main": claimsOf("push"),
};

await test("real Forgejo 15.0.3 tokens", async (t) => {
  const keyless = await startKeyless("plain");
  t.after(() => keyless.close());
  const { registry } = keyless;
  const script = new Script("real Forgejo 15.0.3 tokens");
  const token = await tokenLike(keyless, claimsOf("push"));
  const headers = { Authorization: `Bearer ${token}` };
  for (const tag of ["crane-10", "skopeo-10"]) {
    assert.equal(await pushImage(registry.url, "acme/app", tag, image(tag), headers), 201);
  }
  await script.play(keyless, "real Forgejo: tags after the job");
  await script.playWith(keyless, "real Forgejo token, push on main", token);
  const defaultAudience = recording.forgejo.claims["default audience"];
  const withDefault = await tokenLike(keyless, claimsOf("push"), { aud: defaultAudience });
  await script.playWith(keyless, "real Forgejo token, default audience", withDefault);
  const evil = { repository: "evil/app", repository_owner: "evil", sub: "repo:evil/app:ref:refs/heads/main" };
  const other = await tokenLike(keyless, claimsOf("push"), evil);
  await script.playWith(keyless, "real Forgejo token, other repository evil/app", other);
  const pushed = image("real");
  await script.playWith(keyless, "real Forgejo token: start upload", token);
  await script.playWith(keyless, "real Forgejo token: start upload", token);
  for (const blob of [pushed.layer, pushed.config]) await pushBlob(registry.url, "acme/app", blob, headers);
  await script.playWith(keyless, "real Forgejo token: put manifest", token, { image: pushed });
  await script.playWith(keyless, "real Forgejo token: delete", token);

  const named = await startKeyless("plain", (config) => {
    const expression = "claims.workflow_ref.startsWith('acme/app/.forgejo/workflows/top.yml@')";
    validationsOf(config).push({ expression, message: "workflow not allowed" });
  });
  t.after(() => named.close());
  const dispatched = await tokenLike(named, claimsOf("workflow_dispatch"));
  await script.playWith(named, "real Forgejo token, workflow job.yml not named", dispatched);
  script.end();
});

await test("real Forgejo 15.0.3 tokens by event", async (t) => {
  const script = new Script("real Forgejo 15.0.3 tokens by event");
  const rules: Readonly<Record<string, (validations: { expression: string; message: string }[]) => void>> = {
    "three validations": () => undefined,
    "without the event rule": (validations) => validations.splice(2, 1),
    "rule on sub only": (validations) => {
      const expression = "claims.sub == 'repo:acme/app:ref:refs/heads/main'";
      validations.splice(0, validations.length, { expression, message: "subject not allowed" });
    },
  };
  for (const [rule, change] of Object.entries(rules)) {
    const keyless = await startKeyless("plain", (config) => change(validationsOf(config)));
    t.after(() => keyless.close());
    for (const [event, claims] of Object.entries(byEvent)) {
      await script.playWith(keyless, `real Forgejo token, ${rule}, ${event}`, await tokenLike(keyless, claims));
    }
  }
  const keyless = await startKeyless("realm");
  t.after(() => keyless.close());
  const authorization = basic("any", await tokenLike(keyless, claimsOf("push")));
  await script.play(keyless, "realm: exchange of a real token", { authorization });
  script.end();
});
