// What a person makes who sets a registry up by hand: zot's config, and the blueprint in the GitOps repository.

/** zot's config, deployed by hand: sign-in, API keys, three tiers, metrics, search. Like that of the real case, it has no time limits. */
export function handMadeConfig(host: {
  readonly dataDirectory: string;
  readonly port: number;
  readonly registryUrl: string;
  readonly credentialsFile: string;
  readonly authentikUrl: string;
}): string {
  const config = {
    distSpecVersion: "1.1.0",
    storage: { rootDirectory: host.dataDirectory, gc: true, gcDelay: "1h", gcInterval: "24h" },
    http: {
      address: "127.0.0.1",
      port: String(host.port),
      externalUrl: host.registryUrl,
      auth: {
        openid: {
          providers: {
            oidc: {
              credentialsFile: host.credentialsFile,
              issuer: `${host.authentikUrl}/application/o/zot/`,
              scopes: ["openid", "email", "profile"],
              claimMapping: { username: "preferred_username" },
            },
          },
        },
        apikey: true,
      },
      accessControl: {
        metrics: { anonymousPolicy: ["read"] },
        repositories: {
          "**": {
            policies: [
              { groups: ["artifact-workloads"], actions: ["read", "create"] },
              { groups: ["admins"], actions: ["read", "create", "update", "delete"] },
            ],
            anonymousPolicy: ["read"],
            defaultPolicy: ["read"],
          },
        },
      },
    },
    log: { level: "info" },
    extensions: {
      metrics: { enable: true, prometheus: { path: "/metrics" } },
      search: { enable: true, cve: { updateInterval: "24h" } },
      ui: { enable: true },
    },
  };
  return JSON.stringify(config, null, 2);
}

/** The blueprint, written by hand and kept in Git: without a way for machines to sign in. */
export function handMadeBlueprint(registryUrl: string): string {
  const mapping = (scope: string): string =>
    `        - !Find [authentik_providers_oauth2.scopemapping, [managed, goauthentik.io/providers/oauth2/scope-${scope}]]`;
  return `version: 1
metadata:
  name: Zot registry
entries:
  - model: authentik_core.group
    id: workloads
    identifiers: { name: artifact-workloads }
    attrs: { name: artifact-workloads }
  - model: authentik_core.user
    id: zot-ci
    identifiers: { username: zot-ci }
    attrs:
      name: Zot CI
      type: service_account
      path: service-accounts
      groups:
        - !KeyOf workloads
  - model: authentik_providers_oauth2.oauth2provider
    id: provider
    identifiers: { name: Zot Provider }
    attrs:
      authorization_flow: !Find [authentik_flows.flow, [slug, default-provider-authorization-implicit-consent]]
      invalidation_flow: !Find [authentik_flows.flow, [slug, default-provider-invalidation-flow]]
      client_type: confidential
      client_id: zot
      client_secret: !Env AUTHENTIK_ZOT_CLIENT_SECRET
      redirect_uris:
        - matching_mode: strict
          url: ${registryUrl}/zot/auth/callback/oidc
      signing_key: !Find [authentik_crypto.certificatekeypair, [name, authentik Self-signed Certificate]]
      property_mappings:
${["openid", "email", "profile"].map(mapping).join("\n")}
      sub_mode: hashed_user_id
      include_claims_in_id_token: true
  - model: authentik_core.application
    id: app
    identifiers: { slug: zot }
    attrs:
      name: Container registry
      provider: !KeyOf provider
      meta_launch_url: ${registryUrl}
      policy_engine_mode: any
  - model: authentik_policies.policybinding
    identifiers: { target: !KeyOf app, order: 0 }
    attrs:
      group: !Find [authentik_core.group, [name, admins]]
  - model: authentik_policies.policybinding
    identifiers: { target: !KeyOf app, order: 1 }
    attrs:
      group: !KeyOf workloads
`;
}
