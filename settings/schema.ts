import * as z from "zod";
import { parseDelivery } from "../systems/authentik/blueprint/delivery.ts";
import { REPOSITORY_NAME } from "../systems/zot/access/imageNames.ts";
import { access } from "../systems/zot/access/settings.ts";
import { forgejo, repository as forgejoRepository } from "../systems/forgejo/settings.ts";
import { ci } from "../systems/zot/keys/settings.ts";
import { registry } from "../systems/zot/host/settings.ts";
import {
  baseUrl,
  duration,
  isWithoutDuplicates,
  name,
  onePasswordReference,
  secretReference,
  text,
} from "../core/settings/types.ts";
import { zot } from "../systems/zot/config/settings.ts";

const authentik = z.strictObject({
  url: baseUrl.describe("Authentik's address."),
  token: secretReference.describe("An API token. docs/least-rights.md lists the rights that it needs."),
  application: name.default("zot").describe("The application's slug; part of the issuer, so a change restarts zot."),
  applicationName: text.default("Zot Registry").describe("The application's name, as people see it."),
  providerName: text.default("Zot").describe("The OAuth2 provider's name."),
  clientId: name.default("zot").describe("The OAuth2 client id."),
  clientSecret: onePasswordReference.describe("Where the OAuth2 client secret is. A change restarts zot."),
  clientSecretVariable: z
    .string()
    .regex(/^[A-Z_][A-Z0-9_]*$/, { error: "the name of an environment variable, such as AUTHENTIK_ZOT_CLIENT_SECRET" })
    .default("AUTHENTIK_ZOT_CLIENT_SECRET")
    .describe(
      "The variable of Authentik's worker that holds the same secret. With `delivery: api` its server needs it too, since that checks the blueprint.",
    ),
  authorizationFlow: name
    .default("default-provider-authorization-implicit-consent")
    .describe("Slug of the authorization flow."),
  invalidationFlow: name.default("default-provider-invalidation-flow").describe("Slug of the invalidation flow."),
  signingCertificate: text
    .default("authentik Self-signed Certificate")
    .describe("Name of the certificate that signs tokens."),
  machineFlow: name
    .default("machine-login")
    .describe("Slug of the sign-in flow for machines, which accepts app passwords only."),
  delivery: z
    .string()
    .refine((value) => parseDelivery(value) !== undefined, {
      error: "configMap, file:path (a file of your GitOps repository's clone), or api",
    })
    .default("configMap")
    .describe(
      "How the blueprint gets to Authentik: `configMap` (a key of a shared ConfigMap), `file:path` (a file of your GitOps repository's clone, which you commit and push), `api` (Authentik's API; no Kubernetes needed).",
    ),
  blueprintPath: text
    .default("custom/zot.yaml")
    .describe("The path under which Authentik's worker sees the blueprint. Without meaning for `delivery: api`."),
  appliedAfter: z
    .array(text)
    .refine(isWithoutDuplicates, { error: "every name once" })
    .default([])
    .describe(
      "Names (`metadata.name`) of your own blueprints that Authentik applies before ours, such as the one that makes `access.adminGroup`. Without it ours is tried again until what it looks for is there.",
    ),
  applyTimeout: duration.default("5 minutes").describe("How long Authentik may take to see and apply the blueprint."),
});

const kubernetes = z.strictObject({
  kubeconfig: text.optional().describe("The kubeconfig's path. Default: KUBECONFIG, then ~/.kube/config."),
  context: text.optional().describe("The kubeconfig's context. Default: the current one."),
  namespace: name.default("authentik").describe("The ConfigMap's namespace."),
  configMap: name.default("authentik-blueprints").describe("The ConfigMap's name. Only one key of it is written."),
  key: text
    .regex(/^[-._A-Za-z0-9]+$/, { error: "a ConfigMap key: letters, digits, dots, underscores and hyphens" })
    .default("zot.yaml")
    .describe("The key that holds our blueprint. All other keys stay as they are."),
});

const argocd = z.strictObject({
  url: baseUrl.describe("Argo CD's address."),
  token: secretReference.describe("The token of an account that may get and sync the application."),
  application: name.default("authentik").describe("The application that owns the ConfigMap."),
  project: name.default("default").describe("The application's project."),
  busyTimeout: duration
    .default("1 minute")
    .describe("How long another operation of the application, started by somebody else, is waited for."),
  syncTimeout: duration.default("5 minutes").describe("How long a sync may take."),
});

const onePassword = z
  .strictObject({
    connectUrl: baseUrl.optional().describe("The Connect server's address."),
    connectToken: secretReference
      .optional()
      .describe("Its token, with write access to the vault of ci.keyStore. `env:` or `file:`."),
    account: text.optional().describe("Without Connect: the account that `op` uses, by sign-in address or id."),
    serviceAccountToken: secretReference
      .optional()
      .describe("Without Connect: a service account's token. `env:` or `file:`."),
  })
  .refine((value) => (value.connectUrl === undefined) === (value.connectToken === undefined), {
    error: "connectUrl and connectToken together, or neither",
  })
  .refine(
    (value) =>
      ![value.connectToken, value.serviceAccountToken].some((reference) => reference?.startsWith("op:") === true),
    {
      error: "env:NAME or file:path for its own tokens: 1Password cannot be opened with a secret that lies in it",
    },
  )
  .refine(
    (value) => value.connectUrl !== undefined || value.account !== undefined || value.serviceAccountToken !== undefined,
    {
      error: "one way in: connectUrl with connectToken, account, or serviceAccountToken",
    },
  );

const acceptance = z.strictObject({
  repository: z
    .string()
    .regex(REPOSITORY_NAME, { error: "a repository name, such as zot-auth/acceptance" })
    .default("zot-auth/acceptance")
    .describe("The image repository that the proofs use. One small tag stays there for good."),
  workflow: z
    .strictObject({
      repository: forgejoRepository.describe("The repository that holds it: `owner/name`."),
      file: text.describe("The workflow's file name: `build-container.yaml`."),
      ref: text.default("main").describe("The branch or tag that it runs on."),
      inputs: z
        .record(z.string(), z.string())
        .default({})
        .describe("The workflow's inputs; never a secret, since readers see them."),
      timeout: duration.default("10 minutes").describe("How long it may take."),
    })
    .optional()
    .describe(
      "A workflow that builds and pushes an image: it is dispatched whenever the key changed, and has to succeed.",
    ),
});

/** All settings of a stack: one schema for the types, the checks and the docs. */
export const settingsSchema = z
  .strictObject({
    registry: registry.describe("The registry: where zot runs, how it is reached and restarted."),
    zot: zot.prefault({}).describe("The rest of zot's config, as zot calls it."),
    access: access
      .prefault({})
      .describe("Who may do what: three tiers on all repositories, and rules of their own for namespaces."),
    authentik: authentik.describe("Authentik, and what the blueprint makes there."),
    kubernetes: kubernetes
      .prefault({})
      .describe(
        "The ConfigMap that Authentik's worker mounts its blueprints from; for `authentik.delivery: configMap` only.",
      ),
    argocd: argocd
      .optional()
      .describe(
        "Argo CD, when it owns the rest of that ConfigMap: it is synced before our key is written. Leave the group out when there is none.",
      ),
    ci: ci.describe("The account that CI pushes with, and its key."),
    forgejo: forgejo.describe("Forgejo, whose Actions push images."),
    onePassword: onePassword.describe("1Password: by a Connect server, or by the `op` CLI when there is none."),
    acceptance: acceptance.prefault({}).describe("How the result is proved."),
  })
  .describe("Settings of zot-auth");

/** What `Pulumi.<stack>.yaml` says, checked, with every default filled in. */
export type Settings = z.output<typeof settingsSchema>;
