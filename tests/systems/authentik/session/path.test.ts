import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import test from "node:test";
import { authorizeAt } from "../../../../systems/authentik/session/authorize.ts";
import { readClaims } from "../../../../systems/authentik/session/idToken.ts";
import { signIn } from "../../../../systems/authentik/session/machineSignIn.ts";
import { Authentik } from "../../../../systems/authentik/client.ts";
import { Secret } from "../../../../core/secrets/secret.ts";
import { callback, clientSecret } from "../../../lab/authentik/support.ts";
import type { Lab } from "../../../lab/authentik/support.ts";
import { SIGNAL, authentik, authorizeUrl, coded, inFrontOf } from "../../zot/signIn/support.ts";

// An Authentik at a path (AUTHENTIK_WEB__PATH): its links have the path, and nothing answers beside it.

const PATH = "/auth";

/** Puts the path before the links of a response. */
function withPath(response: ServerResponse): void {
  const [setHeader, end] = [response.setHeader.bind(response), response.end.bind(response)];
  Object.assign(response, {
    setHeader: (name: string, value: string) =>
      setHeader(name, name === "location" && value.startsWith("/") ? PATH + value : value),
    end: (body = "") => end(body.replaceAll('"to":"/', `"to":"${PATH}/`)),
  });
}

for (const version of ["2026.2.0", "2025.10.0"]) {
  test(`sign-in, claims and API of an Authentik at a path, ${version}`, async (t) => {
    const origin = await inFrontOf(
      t,
      () => lab,
      (request, response) => {
        if (request.url?.startsWith(`${PATH}/`) === true) {
          request.url = request.url.slice(PATH.length);
          withPath(response);
          return false;
        }
        response.writeHead(404).end("nothing is here");
        return true;
      },
    );
    const url = origin + PATH;
    const lab: Lab = await authentik(t, undefined, { publicUrl: url, version });
    const client = new Authentik({ authentikUrl: url, authentikToken: "env:SIGN_IN_TEST_TOKEN" }, SIGNAL);
    assert.equal((await client.blueprint("custom/zot.yaml"))?.status, "successful");
    const account = { flow: "machine-login", username: "zot-ci", appPassword: new Secret(await lab.appPassword()) };
    const session = await signIn({ ...account, authentikUrl: url }, SIGNAL);
    assert.ok((await authorizeAt(session, authorizeUrl(url))).href.startsWith(`${callback}?code=`));
    const party = {
      issuer: `${url}/application/o/zot/`,
      groupsClaim: "groups",
      clientSecret: new Secret(clientSecret),
    };
    assert.deepEqual((await readClaims(session, authorizeUrl(url), party, SIGNAL)).groups, ["artifact-workloads"]);
    await assert.rejects(
      authorizeAt(session, authorizeUrl(origin)),
      coded(
        "ISSUER_ELSEWHERE",
        /sends people to http:\/\/127\.0\.0\.1:\d+\/application\/o\/authorize\/ to sign in, not to authentik\.url http.*\/auth\./,
      ),
    );
  });
}
