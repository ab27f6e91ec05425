// The program of configMap.test.ts, with only the delivery. It runs in the test's folder.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { ComponentResource } from "@pulumi/pulumi";
import { ZotAuthProvider } from "../../../components/parts/provider.ts";
import { deliver } from "../../../components/parts/blueprintDelivery.ts";
import { kubernetesProvider } from "../../../stack/providers.ts";
import { kubernetes } from "../../../systems/kubernetes/settings.ts";

const kubeconfig = resolve(readFileSync("which", "utf8"));
const providers = [new ZotAuthProvider("zot-auth", {}), kubernetesProvider(kubernetes.parse({ kubeconfig }))];
const parent = new ComponentResource("test:index:Delivery", "delivery", {}, { providers });

deliver(
  "authentik",
  {
    authentikUrl: "https://authentik.example.test",
    authentikToken: "env:NOBODY_ASKS",
    delivery: {
      kind: "configMap",
      namespace: "authentik",
      configMap: "authentik-blueprints",
      key: "zot.yaml",
      blueprintPath: "custom/zot.yaml",
    },
    argocd: undefined,
    kubernetes: { kubeconfig },
    place: "custom/zot.yaml",
    text: readFileSync("text", "utf8"),
    hash: "",
    appliedAfter: [],
    clientSecretVariable: "ZOT_CLIENT_SECRET",
  },
  { parent },
);
