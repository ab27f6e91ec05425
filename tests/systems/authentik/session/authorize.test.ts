import assert from "node:assert/strict";
import test from "node:test";
import type { TestContext } from "node:test";
import { signedIn } from "../../../../systems/zot/signIn/check.ts";
import type { SignInArgs, SignedIn } from "../../../../systems/zot/signIn/check.ts";
import { authorizeAt } from "../../../../systems/authentik/session/authorize.ts";
import { signIn } from "../../../../systems/authentik/session/machineSignIn.ts";
import { Secret } from "../../../../core/secrets/secret.ts";
import type { AuthentikOptions } from "../../../../lab/authentik/server.ts";
import { callback, startLab } from "../../../lab/authentik/support.ts";
import type { Lab } from "../../../lab/authentik/support.ts";
import {
  NOTHING,
  SIGNAL,
  authentik,
  authorizeUrl,
  blueprintFor,
  coded,
  contextWith,
  inFrontOf,
  settingsFor,
  zotThatSendsTo,
} from "../../zot/signIn/support.ts";

// Each way in which a sign-in fails at the authorization request. The account stays signed in at Authentik.

interface Both {
  readonly lab: Lab;
  readonly settings: SignInArgs;
}

/** An Authentik with our blueprint, and a minimal zot that redirects to it. */
async function both(
  t: TestContext,
  more: {
    readonly asked?: Readonly<Record<string, string>>;
    readonly options?: Partial<AuthentikOptions>;
    readonly change?: (blueprint: string) => string;
  } = {},
): Promise<Both> {
  const lab = await startLab(t, more.options);
  const zot = await zotThatSendsTo(t, lab.server.url, more.asked);
  await lab.apply("zot.yaml", (more.change ?? ((text) => text))(blueprintFor(zot)));
  return { lab, settings: settingsFor(lab, zot) };
}

async function fails({ settings }: Both, code: string, text: RegExp): Promise<void> {
  await assert.rejects(signedIn(settings, contextWith([]), NOTHING), coded(code, text));
}

async function bindingsOfZot(lab: Lab): Promise<readonly string[]> {
  const { json: application } = await lab.api("GET", "/core/applications/zot/");
  const { json } = await lab.api("GET", `/policies/bindings/?target=${String(application["pk"])}`);
  return (json["results"] as { readonly pk: string; readonly group_obj: { readonly name: string } }[])
    .filter((binding) => binding.group_obj.name === "artifact-workloads")
    .map(({ pk }) => pk);
}

async function providerOf(lab: Lab): Promise<string> {
  return `/providers/oauth2/${String((await lab.one("/providers/oauth2/?client_id=zot"))["pk"])}/`;
}

test("with the declared blueprint, the sign-in returns to zot with a session", async (t) => {
  const { settings } = await both(t);
  const warnings: string[] = [];
  const kind = async ({ zot }: SignedIn): Promise<string> => Promise.resolve(zot.credentials.kind);
  assert.equal(await signedIn(settings, contextWith(warnings), kind), "session");
  assert.match(warnings.join(), /A session at zot was not ended; .*404/, "this zot ends none");
});

test("work done in a session counts even if zot does not respond to the sign-out", async (t) => {
  const lab = await startLab(t);
  const zot = await zotThatSendsTo(t, lab.server.url, {}, undefined, "silence");
  await lab.apply("zot.yaml", blueprintFor(zot));
  const settings = settingsFor(lab, zot);
  const warnings: string[] = [];
  assert.equal(await signedIn(settings, contextWith(warnings), async () => Promise.resolve("done")), "done");
  assert.match(warnings.join(), /A session at zot was not ended; .*does not answer .*timed out/);
});

test("the application is denied: the PolicyBinding is disabled, then gone", async (t) => {
  const made = await both(t);
  const [binding = ""] = await bindingsOfZot(made.lab);
  assert.equal((await made.lab.api("PATCH", `/policies/bindings/${binding}/`, { enabled: false })).status, 200);
  await fails(
    made,
    "APPLICATION_DENIED",
    /denies zot-ci access to the application "zot"\. Its PolicyBindings: group "admins", group "artifact-workloads" \(disabled\)\. The account's groups: "artifact-workloads"/,
  );
  assert.equal((await made.lab.api("DELETE", `/policies/bindings/${binding}/`)).status, 204);
  await fails(made, "APPLICATION_DENIED", /Its PolicyBindings: group "admins"\. .*`pulumi up` restore it/);
});

test("consent is asked for", async (t) => {
  const made = await both(t);
  const { json: stage } = await made.lab.api("POST", "/stages/consent/", { name: "ask", mode: "always_require" });
  const flow = await made.lab.one("/flows/instances/?slug=default-provider-authorization-implicit-consent");
  const bound = await made.lab.api("POST", "/flows/bindings/", { target: flow["pk"], stage: stage["pk"], order: 0 });
  assert.equal(bound.status, 201, bound.text);
  await fails(
    made,
    "CONSENT_ASKED",
    /flow "default-provider-authorization-implicit-consent" asks for consent, .* Set authentik\.authorizationFlow to one with implicit consent/,
  );
});

test("another stage is in the authorization flow", async (t) => {
  const made = await both(t);
  const password = await made.lab.one("/stages/password/?name=default-authentication-password");
  const flow = await made.lab.one("/flows/instances/?slug=default-provider-authorization-implicit-consent");
  const binding = { target: flow["pk"], stage: password["pk"], order: 0 };
  assert.equal((await made.lab.api("POST", "/flows/bindings/", binding)).status, 201);
  await fails(made, "AUTHORIZATION_STAGE_UNKNOWN", /asks for "ak-stage-password", .*to one without stages/);
});

test("the redirect URI differs", async (t) => {
  const made = await both(t, { asked: { redirect_uri: "http://127.0.0.1:5601/zot/auth/callback/oidc" } });
  await fails(
    made,
    "REDIRECT_URI_REFUSED",
    /rejects the redirect URI http:\/\/127\.0\.0\.1:5601\/zot\/auth\/callback\/oidc that zot sends \(Redirect URI Error\).*set registry\.url/,
  );
});

test("the client is unknown: zot has another id, or the provider is gone", async (t) => {
  const other = await both(t, { asked: { client_id: "registry" } });
  await fails(other, "CLIENT_UNKNOWN", /does not know zot's OAuth2 client "registry".*authentik\.clientId/);
  const gone = await both(t);
  assert.equal((await gone.lab.api("DELETE", await providerOf(gone.lab))).status, 204);
  await fails(gone, "CLIENT_UNKNOWN", /does not know zot's OAuth2 client "zot"/);
});

test("grant_types are empty, from Authentik 2026.5 on", async (t) => {
  const change = (blueprint: string): string =>
    blueprint.replace("      grant_types: [authorization_code, refresh_token]\n", "");
  const made = await both(t, { options: { version: "2026.5.0" }, change });
  assert.deepEqual((await made.lab.one("/providers/oauth2/?client_id=zot"))["grant_types"], []);
  await fails(
    made,
    "GRANT_TYPES_EMPTY",
    /OAuth2 provider "Zot" lacks the grant type "authorization_code"; it has: none\. Authentik 2026\.5 and later/,
  );
});

test("before 2026.5 a provider has no grant types, and a similar error is not attributed to them", async (t) => {
  const made = await both(t, { asked: { response_type: "nothing" } });
  await fails(made, "OIDC_REFUSED", /refuses zot's authorization request \(unsupported_response_type/);
});

test("Authentik rejects the request: the error quotes its message and says where to look", async (t) => {
  const made = await both(t);
  const page = await inFrontOf(
    t,
    () => made.lab,
    (request, response) => {
      if (request.url?.startsWith("/application/o/authorize/") !== true) return false;
      response.writeHead(500).end("<html><title>Server Error</title></html>");
      return true;
    },
  );
  const registryUrl = await zotThatSendsTo(t, page);
  await fails(
    { ...made, settings: { ...made.settings, registryUrl, authentikUrl: page } },
    "OIDC_REFUSED",
    /answers zot's authorization request with status 500 \(Server Error\).*Authentik's log/,
  );
  const sentBack = await inFrontOf(
    t,
    () => made.lab,
    (request, response) => {
      if (request.url?.startsWith("/application/o/authorize/") !== true) return false;
      const location = `${callback}?error=invalid_request&error_description=The+request+is+otherwise+malformed&state=s`;
      response.writeHead(302, { location }).end();
      return true;
    },
  );
  await fails(
    {
      ...made,
      settings: {
        ...made.settings,
        registryUrl: await zotThatSendsTo(t, sentBack),
        authentikUrl: sentBack,
      },
    },
    "GRANT_REFUSED",
    /\(invalid_request: The request is otherwise malformed\).*2026\.5.*`authorization_code`/,
  );
});

test("the issuer is elsewhere: zot sends people to another Authentik", async (t) => {
  const made = await both(t);
  const registryUrl = await zotThatSendsTo(t, "https://other.example.test");
  await fails(
    { ...made, settings: { ...made.settings, registryUrl } },
    "ISSUER_ELSEWHERE",
    /zot sends people to https:\/\/other\.example\.test\/application\/o\/authorize\/ to sign in, not to authentik\.url/,
  );
});

test("Authentik sends the sign-in to another address than the registry's", async (t) => {
  // The provider allows that address, too: another registry's, or the previous one.
  const made = await both(t, {
    asked: { redirect_uri: callback },
    change: (blueprint) =>
      blueprint.replace(
        "redirect_uris:\n",
        `redirect_uris:\n        - matching_mode: strict\n          url: ${callback}\n`,
      ),
  });
  await fails(
    made,
    "REDIRECT_ELSEWHERE",
    /sends the sign-in to http:\/\/127\.0\.0\.1:5600, not to registry\.url http:\/\/127\.0\.0\.1:\d+\. Set registry\.url/,
  );
});

test("the session has ended before the authorization", async (t) => {
  const lab = await authentik(t);
  const url = await inFrontOf(
    t,
    () => lab,
    (request) => {
      const path = request.url ?? "";
      if (path.startsWith("/application/") || path.includes("/executor/default-")) delete request.headers.cookie;
      return false;
    },
  );
  const account = { flow: "machine-login", username: "zot-ci", appPassword: new Secret(await lab.appPassword()) };
  const session = await signIn({ ...account, authentikUrl: url }, SIGNAL);
  await assert.rejects(
    authorizeAt(session, authorizeUrl(url)),
    coded("SESSION_UNKNOWN", /has lost the session .* flow "default-authentication-flow"/),
  );
});

test("older Authentik redirects to its flow page, and the flow executor gives the next address", async (t) => {
  const lab = await authentik(t);
  const answers: string[] = [];
  const url = await inFrontOf(
    t,
    () => lab,
    (request, response) => {
      const { pathname, search } = new URL(request.url ?? "/", "http://127.0.0.1");
      if (pathname === "/application/o/authorize/") {
        response
          .writeHead(302, { location: `/if/flow/default-provider-authorization-implicit-consent/${search}` })
          .end();
        return true;
      }
      if (!pathname.includes("/executor/default-provider-authorization-implicit-consent/")) return false;
      answers.push(search);
      response.end(JSON.stringify({ component: "xak-flow-redirect", to: `${callback}?code=c&state=zots-own-state` }));
      return true;
    },
  );
  const account = { flow: "machine-login", username: "zot-ci", appPassword: new Secret(await lab.appPassword()) };
  const session = await signIn({ ...account, authentikUrl: url }, SIGNAL);
  const to = await authorizeAt(session, authorizeUrl(url));
  assert.equal(to.href, `${callback}?code=c&state=zots-own-state`);
  const query = new URLSearchParams(answers[0]).get("query");
  assert.equal(query, authorizeUrl(url).search.slice(1), "the executor gets the request's own query");
});
