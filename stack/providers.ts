import { ProviderResource, RunError, log, output, runtime, secret } from "@pulumi/pulumi";
import type { Output } from "@pulumi/pulumi";
import { Provider as OnePasswordProvider } from "@1password/pulumi-onepassword/provider.js";
import { Provider as KubernetesProvider } from "@pulumi/kubernetes/provider.js";
import { deliveryOf } from "../systems/authentik/blueprint/delivery.ts";
import { messageOf } from "../core/errors.ts";
import type { SecretReference } from "../core/secretReference.ts";
import type { Settings } from "../settings/schema.ts";
import { resolveSecret } from "../systems/onePassword/resolver.ts";

/** Our own provider: it gets references to secrets, and resolves them where it uses them. */
class ZotAuthProvider extends ProviderResource {
  constructor(settings: Settings["onePassword"]) {
    super("zot-auth", "zot-auth", { ...settings });
  }
}

/** The providers of the program, set up from the settings. */
export interface Providers {
  readonly zotAuth: ProviderResource;
  /** Absent where the blueprint does not go by a ConfigMap: no kubeconfig is read then. */
  readonly kubernetes: ProviderResource | undefined;
  readonly onePassword: ProviderResource;
}

export function providers(settings: Settings): Providers {
  const { kubernetes, onePassword } = settings;
  return {
    zotAuth: new ZotAuthProvider(onePassword),
    kubernetes:
      deliveryOf(settings).kind === "configMap"
        ? new KubernetesProvider("kubernetes", {
            ...(kubernetes.kubeconfig === undefined ? {} : { kubeconfig: kubernetes.kubeconfig }),
            ...(kubernetes.context === undefined ? {} : { context: kubernetes.context }),
          })
        : undefined,
    onePassword: new OnePasswordProvider("onepassword", {
      ...(onePassword.connectUrl === undefined ? {} : { url: onePassword.connectUrl }),
      ...token("token", "onePassword.connectToken", onePassword.connectToken),
      ...(onePassword.account === undefined ? {} : { account: onePassword.account }),
      ...token("serviceAccountToken", "onePassword.serviceAccountToken", onePassword.serviceAccountToken),
    }),
  };
}

/** 1Password's provider wants its token itself. In the state it is encrypted, as every Pulumi secret. */
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
