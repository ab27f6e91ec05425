// Stands in for Forgejo 15.0.3: the issuer of the jobs' tokens, and the endpoint where a job gets one. All without a user's sign-in.
import type { Context, Hono } from "hono";
import { json } from "../api/format/responses.ts";
import type { Instance } from "../state.ts";
import { customClaims } from "./claims.ts";

const path = "/api/actions";
const standardClaims = ["sub", "aud", "exp", "iat", "iss", "nbf"];

/** The issuer, without a slash at its end. */
function issuerOf({ url }: Instance): string {
  return `${url}${path}`;
}

/** The address at which the jobs of a run ask for tokens. Its parameter has no meaning: it lets jobs append `&audience=`. */
export function requestUrl({ url }: Instance, run: number): string {
  return `${url}${path}/_apis/pipelines/workflows/${run}/idtoken?placeholder=true`;
}

export function addJobTokenRoutes(app: Hono, instance: Instance): void {
  const { jobTokens } = instance;
  if (jobTokens === undefined) return;
  app.get(`${path}/.well-known/openid-configuration`, () =>
    json(200, {
      issuer: issuerOf(instance),
      jwks_uri: `${issuerOf(instance)}/.well-known/keys`,
      subject_types_supported: ["public"],
      response_types_supported: ["id_token"],
      claims_supported: [...standardClaims, ...customClaims(instance)],
      id_token_signing_alg_values_supported: [jobTokens.algorithm],
      scopes_supported: ["openid"],
    }),
  );
  app.get(`${path}/.well-known/keys`, () => json(200, { keys: [jobTokens.jwk()] }));
  app.get(`${path}/_apis/pipelines/workflows/:run/idtoken`, async (context) => giveToken(instance, context));
}

async function giveToken(instance: Instance, { req }: Context): Promise<Response> {
  const { jobTokens } = instance;
  const [, token] = /^bearer (.*)$/i.exec(req.header("Authorization") ?? "") ?? [];
  if (token === undefined || jobTokens === undefined) return failed(401, "Bad authorization header");
  const asking = await jobTokens.asking(token);
  if (asking === undefined) return failed(500, "Error runner api parsing authorization token");
  const { run, job, task, claims } = asking;
  if (claims === undefined) return failed(500, "Error runner api parsing custom claims");
  const status = instance.store.data.runs
    .flatMap(({ jobs }) => jobs)
    .find((one) => one.taskId === task && one.id === job)?.status;
  if (status === undefined) return failed(500, "Error runner api getting task by ID");
  if (status !== "running") return failed(500, "Error runner api getting task: task is not running");
  if (Number(req.param("run")) !== run) return failed(400, "run-id does not match");
  const audience = req.query("audience") ?? "";
  const { repository_owner: owner = "" } = claims;
  const wanted = audience === "" ? `${instance.url}/${owner}` : audience;
  return json(200, { value: await jobTokens.idToken(claims, issuerOf(instance), wanted) });
}

/** An error of this endpoint, which is text. */
function failed(status: number, message: string): Response {
  const headers = { "Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff" };
  return new Response(`${message}\n`, { status, headers });
}
