import * as z from "zod";
import { argocd } from "../systems/argocd/settings.ts";
import { authentik } from "../systems/authentik/settings.ts";
import { forgejo } from "../systems/forgejo/settings.ts";
import { kubernetes } from "../systems/kubernetes/settings.ts";
import { onePassword } from "../systems/onePassword/settings.ts";
import { access } from "../systems/zot/access/settings.ts";
import { zot } from "../systems/zot/config/settings.ts";
import { registry } from "../systems/zot/host/settings.ts";
import { acceptance } from "./acceptance.ts";
import { ciWithAccounts } from "./accounts/accountSchema.ts";
import type { CiAccount, JobAccount } from "./accounts/accounts.ts";

/** All settings of a stack, each group from its system: the one schema behind the types, the checks and the docs. */
export const settingsSchema = z
  .strictObject({
    registry: registry.describe("The registry: where zot runs, and how it is reached and restarted."),
    zot: zot.prefault({}).describe("The rest of zot's config, under zot's own names."),
    access: access
      .prefault({})
      .describe("Access control: three tiers for all repositories, and separate rules for namespaces."),
    authentik: authentik.describe("Authentik, and the objects that the blueprint creates there."),
    kubernetes: kubernetes
      .prefault({})
      .describe("The ConfigMap that Authentik's worker mounts. Only for `authentik.delivery: configMap`."),
    argocd: argocd
      .optional()
      .describe(
        "Argo CD, if it manages that ConfigMap: the application is synced before the key is written. Omit the group if you do not use Argo CD.",
      ),
    ci: ciWithAccounts.describe("The account that CI pushes with, and its key."),
    forgejo: forgejo.describe("Forgejo, whose Actions push images."),
    onePassword: onePassword.describe("1Password, through a Connect server or the `op` CLI."),
    acceptance: acceptance.prefault({}).describe("How the result is tested on the live servers."),
  })
  .describe("Settings of zot-auth");

/** The settings of `Pulumi.<stack>.yaml` as they are written, each valid by itself, with defaults. */
export type WrittenSettings = z.output<typeof settingsSchema>;

/** The checked settings, in which only `accounts` says what CI's accounts are. */
export interface Settings extends Omit<WrittenSettings, "ci" | "access" | "forgejo"> {
  readonly access: Omit<WrittenSettings["access"], "ciGroup">;
  readonly forgejo: Omit<WrittenSettings["forgejo"], "secretName" | "repositories">;
  /** CI's accounts with a key by their ids: at least one. */
  readonly accounts: Readonly<Record<string, CiAccount>>;
  /** The accounts whose jobs push with their tokens, by their ids. One that does both is in `accounts`, too. */
  readonly jobAccounts: Readonly<Record<string, JobAccount>>;
}
