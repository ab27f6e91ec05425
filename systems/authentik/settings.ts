import * as z from "zod";
import {
  duration,
  isWithoutDuplicates,
  name,
  onePasswordReference,
  secretReference,
  serverUrl,
  slug,
  text,
} from "../../core/settings/types.ts";
import { defaultBlueprintPath, isBlueprintPath, parseDelivery } from "./blueprint/delivery.ts";

/** Authentik, and what the blueprint creates there. */
export const authentik = z.strictObject({
  url: serverUrl.describe(
    "Authentik's address. If a change leads to another Authentik, everything is created there, and a warning names what stays at the old one; to remove it, run `pulumi destroy` before the change.",
  ),
  token: secretReference.describe("An API token. docs/reference/least-rights.md lists the permissions that it needs."),
  application: slug
    .default("zot")
    .describe("The application's slug. It is part of the issuer, so a change restarts zot."),
  applicationName: text.default("Zot Registry").describe("The application's display name."),
  providerName: text.default("Zot").describe("The OAuth2 provider's name."),
  clientId: name.default("zot").describe("The OAuth2 client ID."),
  clientSecret: onePasswordReference.describe(
    "A reference to the OAuth2 client secret in 1Password, a field in a section or outside of sections. To change its value, first give Authentik's worker the new one and restart the worker; `up` then restarts zot and proves the sign-in again. Until Authentik has the new value, `up` fails and zot keeps the old one. CI's key stays valid; pushes and pulls fail only while zot restarts, about two seconds.",
  ),
  clientSecretVariable: z
    .string()
    .regex(/^[A-Z_][A-Z0-9_]*$/, { error: "the name of an environment variable, such as AUTHENTIK_ZOT_CLIENT_SECRET" })
    .default("AUTHENTIK_ZOT_CLIENT_SECRET")
    .describe(
      "The environment variable of Authentik's worker that holds the same secret. With `delivery: api`, Authentik's server needs it too, because it validates the blueprint. For Docker Compose and Helm: docs/reference/least-rights.md.",
    ),
  authorizationFlow: slug
    .default("default-provider-authorization-implicit-consent")
    .describe("Slug of the authorization flow."),
  invalidationFlow: slug.default("default-provider-invalidation-flow").describe("Slug of the invalidation flow."),
  signingCertificate: text
    .default("authentik Self-signed Certificate")
    .describe("Name of the certificate that signs tokens."),
  machineFlow: slug
    .default("machine-login")
    .describe("Slug of the sign-in flow for machines. It accepts app passwords only."),
  delivery: z
    .string()
    .refine((value) => parseDelivery(value) !== undefined, {
      error: "configMap, file:path (a file in the clone of your GitOps repository), or api",
      abort: true,
    })
    .refine(
      (value) => {
        const delivery = parseDelivery(value);
        return delivery?.kind !== "file" || isBlueprintPath(defaultBlueprintPath(delivery.file));
      },
      {
        error:
          "file: and a path that ends in .yaml and whose name does not begin with a dot: Authentik reads no others",
      },
    )
    .default("configMap")
    .describe(
      "How Authentik gets the blueprint: `configMap` (a key of a shared ConfigMap), `file:path` (a file in the clone of your GitOps repository, which you commit and push), or `api` (Authentik's API, without Kubernetes).",
    ),
  blueprintPath: text
    .refine(isBlueprintPath, {
      error:
        "a path below Authentik's blueprint folder that ends in .yaml, without hidden files or folders: Authentik reads no others",
    })
    .optional()
    .describe(
      "The path of the blueprint below the blueprint folder of Authentik's worker. Default: `custom/` and the name of the file or of the ConfigMap's key, `custom/zot.yaml`. Not used with `delivery: api`.",
    ),
  appliedAfter: z
    .array(text)
    .refine(isWithoutDuplicates, { error: "a list without duplicates" })
    .default([])
    .describe(
      "Names (`metadata.name`) of your own blueprints that Authentik applies before this one, such as the one that creates `access.adminGroup`. If an object that this blueprint refers to does not exist yet and no blueprint is named here, `up` fails before it changes anything.",
    ),
  acceptRemoved: z
    .array(text)
    .refine(isWithoutDuplicates, { error: "a list without duplicates" })
    .default([])
    .describe(
      "Access in Authentik that the first `up` may take away, each in the words of the preview: redirect URIs, scope mappings and groups of objects that exist already and that the blueprint takes over. Without it, `up` fails before it changes anything there. Needed once.",
    ),
  applyTimeout: duration
    .default("5 minutes")
    .describe("How long to wait until Authentik has found and applied the blueprint."),
});

export type AuthentikSettings = z.output<typeof authentik>;
