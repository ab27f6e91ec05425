// The configurations of the recorded cases of `zot verify` and `zot serve`, made from the cases' names.
import type { BearerSettings, KeylessConfig } from "../support/registry.ts";
import { jobsPolicy, validationsOf } from "../support/registry.ts";

export type Change = (config: KeylessConfig, oidc: BearerSettings["oidc"][number]) => void;

const realm = { realm: "http://127.0.0.1:21010/zot/auth/token" };
const service = { service: "127.0.0.1:21010" };

function bearer(changes: object): Change {
  return ({ http }) => Object.assign(http.auth.bearer ?? {}, changes);
}

function replaced(by: object): Change {
  return ({ http }) => Object.assign(http.auth, { bearer: by });
}

function issuer(changes: object): Change {
  return (_config, oidc) => Object.assign(oidc, changes);
}

function mapping(changes: object): Change {
  return (_config, oidc) => Object.assign(oidc.claimMapping ?? {}, changes);
}

function validation(expression: string, message = "not allowed"): Change {
  return (config) => validationsOf(config).push({ expression, message });
}

function condition(expression: string): Change {
  return (config) => Object.assign(jobsPolicy(config), { conditions: [{ expression, message: "no" }] });
}

const unchanged: Change = () => undefined;
const withoutMapping: Change = (_config, oidc) => delete oidc.claimMapping;
const twice: Change = ({ http }, oidc) => http.auth.bearer?.oidc.push({ ...oidc, audiences: ["http://other.example"] });
const asObject: Change = ({ http }, oidc) => Object.assign(http.auth.bearer ?? {}, { oidc });

/** By the name of the recorded case. */
export const verifyChanges: Readonly<Record<string, Change>> = {
  "bearer.oidc + openid + apikey, no realm": unchanged,
  "with realm and service": bearer({ ...realm, ...service }),
  "realm without service": bearer(realm),
  "service without realm": bearer(service),
  "no audiences": (_config, oidc) => delete oidc.audiences,
  "empty audiences": issuer({ audiences: [] }),
  "no issuer": (_config, oidc) => delete oidc.issuer,
  "issuer garbage": issuer({ issuer: "garbage" }),
  "issuer unreachable": issuer({ issuer: "http://127.0.0.1:1/api/actions" }),
  "oidc empty list": bearer({ oidc: [] }),
  "bearer {}": replaced({}),
  "CEL does not compile (username)": mapping({ username: "claims." }),
  "CEL wrong type (username is a number)": mapping({ username: "1" }),
  "CEL validation not boolean": validation("'yes'"),
  "validation without message": validation("true", ""),
  "groups not a list": mapping({ groups: "'artifact-workloads'" }),
  "claimMapping empty": issuer({ claimMapping: {} }),
  "no claimMapping": withoutMapping,
  "unknown key in oidc": issuer({ foo: 1 }),
  "unknown variable in CEL": mapping({ username: "token.sub" }),
  "variables used": mapping({
    variables: [{ name: "repository", expression: "claims.repository" }],
    username: "'forgejo-actions/' + vars.repository",
  }),
  "CA inline and file": issuer({ certificateAuthority: "x", certificateAuthorityFile: "/nope" }),
  "CA file missing": issuer({ certificateAuthorityFile: "/nope" }),
  "audiences as a string": issuer({ audiences: "http://127.0.0.1:21010" }),
  "oidc as an object": asObject,
  "upstreamTokenEndpoint http": bearer({ upstreamTokenEndpoint: { realm: "http://127.0.0.1:1/token", service: "x" } }),
  "policy condition, does not compile": condition("req."),
  "policy condition with claims": condition("has(req.claims.repository) && req.claims.repository == 'acme/app'"),
  "two issuers": twice,
  "v2.1.20: bearer.oidc + openid + apikey": unchanged,
  "v2.1.20: realm, service": bearer({ ...realm, ...service }),
};

export const serveChanges: Readonly<Record<string, Change>> = {
  "username CEL does not compile": mapping({ username: "claims." }),
  "username CEL is a number": mapping({ username: "1" }),
  "validation not boolean": validation("'yes'"),
  "groups not a list": mapping({ groups: "'artifact-workloads'" }),
  "no audiences": (_config, oidc) => delete oidc.audiences,
  "no issuer": (_config, oidc) => delete oidc.issuer,
  "claim missing in token (claims.repository_id)": validation("claims.repository_id == '7'"),
  "no claimMapping": withoutMapping,
  "CA file missing": issuer({ certificateAuthorityFile: "/nope" }),
  "issuer with a slash at the end": (_config, oidc) => Object.assign(oidc, { issuer: `${oidc.issuer ?? ""}/` }),
  "realm without service": bearer(realm),
  // The recording used a token of another repository. Here the rule names another.
  "validation message": (config) =>
    Object.assign(validationsOf(config)[0] ?? {}, { expression: "claims.repository == 'x/y'" }),
  "audiences as a string": issuer({ audiences: "http://127.0.0.1:21010" }),
  "oidc as an object": asObject,
  "bearer {}": replaced({}),
  "oidc []": bearer({ oidc: [] }),
  "service without realm": bearer(service),
  "oidc [] with realm and service": bearer({ oidc: [], ...realm, ...service }),
  "same issuer twice": twice,
};
