import type { Settings } from "../settings/schema.ts";
import type { PreflightInputs } from "../systems/preflight.ts";

/** What the preflight looks at: every server and token of the settings. */
export function preflightInputs({ authentik, argocd, forgejo, ci }: Settings): PreflightInputs {
  return {
    authentik: { authentikUrl: authentik.url, authentikToken: authentik.token },
    argocd:
      argocd === undefined
        ? null
        : {
            argocdUrl: argocd.url,
            argocdToken: argocd.token,
            application: argocd.application,
            project: argocd.project,
          },
    forgejo: { forgejoUrl: forgejo.url, forgejoToken: forgejo.token },
    targets: [...new Set([...forgejo.repositories, ...forgejo.secrets.flatMap((secret) => secret.repositories)])],
    sources: forgejo.secrets.map((secret) => secret.source),
    keyStore: ci.keyStore,
  };
}
