import { RunError, log, output, runtime, secret } from "@pulumi/pulumi";
import type { Output, ProviderResource } from "@pulumi/pulumi";
import { Provider as OnePasswordProvider } from "@1password/pulumi-onepassword/provider.js";
import { Provider as KubernetesProvider } from "@pulumi/kubernetes/provider.js";
import { ZotAuthProvider } from "../components/parts/provider.ts";
import { messageOf } from "../core/errors.ts";
import type { SecretReference } from "../core/secrets/reference.ts";
import type { Settings } from "../settings/schema.ts";
import type { KubernetesSettings } from "../systems/kubernetes/settings.ts";
import { resolveSecret } from "../systems/onePassword/resolver.ts";

/** The providers of the program, configured from the settings. */
export interface Providers {
  /** Providers of the components. Kubernetes is among them only when a ConfigMap delivers the blueprint: otherwise no kubeconfig is read. */
  readonly components: ProviderResource[];
  readonly zotAuth: ProviderResource;
  readonly onePassword: ProviderResource;
}

export function providers({ authentik, kubernetes, onePassword }: Settings): Providers {
  const zotAuth = new ZotAuthProvider("zot-auth", onePassword);
  return {
    zotAuth,
    components: authentik.delivery === "configMap" ? [zotAuth, kubernetesProvider(kubernetes)] : [zotAuth],
    onePassword: new OnePasswordProvider("onepassword", {
      ...(onePassword.connectUrl === undefined ? {} : { url: onePassword.connectUrl }),
      ...token("token", "onePassword.connectToken", onePassword.connectToken),
      ...(onePassword.account === undefined ? {} : { account: onePassword.account }),
      ...token("serviceAccountToken", "onePassword.serviceAccountToken", onePassword.serviceAccountToken),
    }),
  };
}

/**
 * Without an identifier, a new address of the API server replaces the provider and the ConfigMap patch: the new patch is applied, and then the old one's
 * deletion takes the key away again, as both have the same field manager.
 */
export function kubernetesProvider({ kubeconfig, context, clusterName }: KubernetesSettings): ProviderResource {
  return new KubernetesProvider("kubernetes", {
    clusterIdentifier: clusterName,
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
  });
}

/** 1Password's own provider needs the token itself. The state holds it encrypted, like every Pulumi secret. */
function token(
  property: "token" | "serviceAccountToken",
  setting: string,
  reference: SecretReference | undefined,
): Record<string, Output<string>> {
  return reference === undefined ? {} : { [property]: secret(output(reveal(setting, reference))) };
}

async function reveal(setting: string, reference: SecretReference): Promise<string> {
  try {
    return (await resolveSecret(reference)).reveal();
  } catch (error) {
    const message = `${setting}: ${messageOf(error)}`;
    if (!runtime.isDryRun()) throw new RunError(message);
    void log.warn(message);
    return runtime.unknownValue;
  }
}
