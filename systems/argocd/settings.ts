import * as z from "zod";
import { durationFrom, kubernetesName, namespace, secretReference, serverUrl } from "../../core/settings/types.ts";

/** Argo CD, where it manages the ConfigMap that holds the blueprint. */
export const argocd = z.strictObject({
  url: serverUrl.describe("Argo CD's address, with the path of its `--rootpath` if it has one."),
  token: secretReference.describe("The token of an account that may `get` and `sync` the application."),
  application: kubernetesName.default("authentik").describe("The application that manages the ConfigMap."),
  applicationNamespace: namespace
    .optional()
    .describe("The namespace of the application, if it is not Argo CD's own (applications in any namespace)."),
  project: kubernetesName.default("default").describe("The application's project."),
  busyTimeout: durationFrom("1 second", "nothing could finish in time")
    .default("1 minute")
    .describe("How long to wait for another operation on the application to finish."),
  syncTimeout: durationFrom("1 second", "nothing could finish in time")
    .default("5 minutes")
    .describe("How long a sync may take."),
});

export type ArgoCdSettings = z.output<typeof argocd>;
