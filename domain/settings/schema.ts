import * as z from "zod";
import { REPOSITORY_NAME } from "../imageNames.ts";
import { access } from "./access.ts";
import { registry } from "./registry.ts";
import { baseUrl, duration, name, onePasswordReference, secretReference, text } from "./types.ts";
import { zot } from "./zot.ts";

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
    .describe("The variable of Authentik's worker that holds the same secret."),
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
  blueprintPath: text
    .default("custom/zot.yaml")
    .describe("The path under which Authentik's worker sees the blueprint."),
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
  syncTimeout: duration.default("5 minutes").describe("How long a sync may take."),
});

const ci = z.strictObject({
  user: name.default("zot-ci").describe("The service account's user name. A change makes a new account and a new key."),
  keyStore: onePasswordReference.describe(
    "The 1Password field that holds the key. The item must exist; every other field stays as it is.",
  ),
  keyLifetime: duration.default("90 days").describe("How long a key is valid."),
  rotateAfter: duration
    .optional()
    .describe("The age at which `pulumi up` makes a new key. Default: two thirds of keyLifetime."),
  gracePeriod: duration
    .default("1 hour")
    .describe("How long the previous key stays valid after a rotation, for jobs that started with it."),
  rotationTrigger: text.optional().describe("Any text. A change makes the next `pulumi up` rotate the key."),
  onDestroy: z.enum(["blank", "leave"]).default("blank").describe("What `pulumi destroy` does to the 1Password field."),
  imagePrefix: z
    .string()
    .regex(REPOSITORY_NAME, { error: "a repository name, such as blumeops" })
    .describe("The namespace that CI pushes images under."),
});

const forgejo = z.strictObject({
  url: baseUrl.describe("Forgejo's address."),
  token: secretReference.describe(
    "A token with write:repository (and write:organization for organisations) of an owner.",
  ),
  secretName: z
    .string()
    .regex(/^(?!(?:GITEA|GITHUB|FORGEJO)_)(?!CI$)[A-Z_][A-Z0-9_]*$/, {
      error:
        "a secret's name: capitals, digits and underscores, not beginning with a digit, GITEA_, GITHUB_ or FORGEJO_",
    })
    .default("ZOT_CI_API_KEY")
    .describe("The name of the Actions secret."),
  repositories: z
    .array(
      z.string().regex(/^[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)?$/, {
        error: "owner/repository, or an organisation's name alone",
      }),
    )
    .min(1, { error: "at least one repository that gets the secret" })
    .refine((list) => new Set(list.map((entry) => entry.toLowerCase())).size === list.length, {
      error: "every repository once",
    })
    .describe("The repositories (`owner/name`) and organisations (`name`) that get the secret."),
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
      repository: z
        .string()
        .regex(/^[A-Za-z0-9._-]+\/[A-Za-z0-9._-]+$/, { error: "owner/repository" })
        .describe("The repository that holds it: `owner/name`."),
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
    kubernetes: kubernetes.prefault({}).describe("The ConfigMap that Authentik's worker mounts its blueprints from."),
    argocd: argocd
      .optional()
      .describe("Argo CD, when it owns the rest of that ConfigMap. Leave the group out when there is none."),
    ci: ci.describe("The account that CI pushes with, and its key."),
    forgejo: forgejo.describe("Forgejo, whose Actions push images."),
    onePassword: onePassword.describe("1Password: by a Connect server, or by the `op` CLI when there is none."),
    acceptance: acceptance.prefault({}).describe("How the result is proved."),
  })
  .describe("Settings of zot-auth");

/** What `Pulumi.<stack>.yaml` says, checked, with every default filled in. */
export type Settings = z.output<typeof settingsSchema>;
