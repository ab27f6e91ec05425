// The program of configMap.test.ts, with only the delivery. It runs in the test's folder.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { output } from "@pulumi/pulumi";
import { Provider } from "@pulumi/kubernetes/provider.js";
import { deliver } from "../../../components/parts/blueprintDelivery.ts";

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
    place: "custom/zot.yaml",
    text: readFileSync("text", "utf8"),
    hash: "",
    appliedAfter: [],
    clientSecretVariable: "ZOT_CLIENT_SECRET",
    former: output([]),
    timeout: 60,
  },
  { provider: new Provider("kubernetes", { kubeconfig: resolve("kubeconfig") }) },
);
