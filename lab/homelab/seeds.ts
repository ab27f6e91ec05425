// Part of the lab: the initial data of its servers, a small homelab with objects that zot-auth must not touch.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { stringify } from "yaml";
import { NEEDED_RIGHTS } from "../../systems/authentik/rights/needed.ts";
import type { AuthentikSeed } from "../authentik/models/seed.ts";
import type { ForgejoSeed } from "../forgejo/server.ts";
import type { Layout } from "./layout.ts";
import { itemOf } from "./layout.ts";
import type { LabSecrets } from "./secrets.ts";
import { mainAccount } from "../../settings/accounts/accounts.ts";

const SEED = join(import.meta.dirname, "seed");

/** An administrator's token for the lab's tests: `<the program's token>-admin`. */
export function adminToken(secrets: LabSecrets): string {
  return `${secrets.authentik}-admin`;
}

export function authentikSeed(secrets: LabSecrets): AuthentikSeed {
  return {
    // Names that do not collide with docs/reference/authentik-role.yaml, which can be applied too.
    users: [{ username: "lab-program", type: "service_account" }],
    tokens: [
      {
        identifier: "lab-program-api",
        user: "lab-program",
        intent: "api",
        key: secrets.authentik,
        permissions: NEEDED_RIGHTS.map(({ right }) => right),
      },
      { identifier: "akadmin-api", user: "akadmin", intent: "api", key: adminToken(secrets) },
    ],
  };
}

export function forgejoSeed({ settings }: Layout, secrets: LabSecrets): ForgejoSeed {
  const { forgejo } = settings;
  const names = new Set(
    [...Object.values(settings.accounts), ...Object.values(settings.jobAccounts), ...forgejo.secrets].flatMap(
      ({ repositories }) => repositories,
    ),
  );
  const targets = [...names].filter((target) => !target.startsWith("user:"));
  const owners = new Set(targets.filter((target) => target.includes("/")).map((target) => target.split("/")[0] ?? ""));
  const [first = ""] = owners;
  const { workflow, workflows } = settings.acceptance;
  const building = [workflow, ...workflows].map((build) => build?.repository);
  const proving = Object.values(settings.jobAccounts).map(({ proof }) => proof?.repository);
  return {
    users: [...owners].map((login) => ({ login })),
    organisations: targets.filter((target) => !target.includes("/")).map((name) => ({ name, owners: [first] })),
    tokens: [{ token: secrets.forgejo, user: first, scopes: ["write:repository", "write:organization", "write:user"] }],
    repositories: targets
      .filter((target) => target.includes("/"))
      .map((target) => {
        const [owner = "", name = ""] = target.split("/");
        return {
          owner,
          name,
          private: true,
          files: {
            ...(building.includes(target) ? workflowFiles() : { "README.md": `# ${name}\n` }),
            ...(proving.includes(target) ? proofWorkflow() : {}),
          },
          // Secrets that zot-auth must not touch.
          secrets: { ARGOCD_AUTH_TOKEN: "not ours", FLY_DEPLOY_TOKEN: "not ours" },
          variables: { REGISTRY: new URL(settings.registry.url).host },
        };
      }),
  };
}

/** 1Password's vaults with the items named in the settings. The items also have fields that zot-auth must not touch. */
export function onePasswordSeed({ settings }: Layout, secrets: LabSecrets) {
  const key = itemOf(mainAccount(settings).keyStores[0]);
  const client = itemOf(settings.authentik.clientSecret);
  const other = (label: string) => ({ label, type: "CONCEALED", value: "not ours", section: "more" });
  const items = [
    {
      vault: key.vault,
      title: key.item,
      category: "SECURE_NOTE",
      sections: [{ id: "more", label: "Tokens" }],
      fields: [other("api-token"), other("fly-deploy-token")],
      tags: ["homelab"],
    },
    {
      vault: client.vault,
      title: client.item,
      category: "SECURE_NOTE",
      sections: [{ id: "more", label: "OAuth2" }],
      fields: [
        { label: client.field, type: "CONCEALED", value: secrets.clientSecret, section: "more" },
        other("grafana-client-secret"),
      ],
      tags: [],
    },
  ];
  const vaults = [...new Set(items.map((item) => item.vault))];
  return {
    vaults: vaults.map((name) => ({
      name,
      items: items.filter((item) => item.vault === name).map(({ vault: _vault, ...item }) => item),
    })),
    tokens: [{ token: secrets.connect, vaults: Object.fromEntries(vaults.map((name) => [name, "write" as const])) }],
  };
}

/** Writes the lab's GitOps repository: a manifest of the ConfigMap, without zot-auth's key. */
export function writeGitops({ settings }: Layout, directory: string): void {
  mkdirSync(directory, { recursive: true });
  const { namespace, configMap } = settings.kubernetes;
  const manifest = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: configMap, namespace },
    data: filesBelow(join(SEED, "blueprints")),
  };
  writeFileSync(join(directory, "blueprints.yaml"), stringify(manifest));
}

/** zot's configuration before zot-auth: no authentication, everyone may do everything. */
export function openZotConfig({ settings }: Layout, dataDirectory: string): string {
  const { address, port } = settings.registry;
  const config = {
    distSpecVersion: "1.1.0",
    storage: { rootDirectory: dataDirectory, gc: true },
    http: { address, port: String(port) },
    log: { level: "info" },
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

function filesBelow(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files
      .map(
        (entry) => [join(entry.parentPath, entry.name), relative(folder, join(entry.parentPath, entry.name))] as const,
      )
      .map(([path, name]) => [name, readFileSync(path, "utf8")]),
  );
}

/** The repository that builds an image and pushes it, with the script that users copy into theirs. */
function workflowFiles(): Record<string, string> {
  const script = join(import.meta.dirname, "../../ci/push-image.sh");
  return { ...filesBelow(join(SEED, "apps")), "ci/push-image.sh": readFileSync(script, "utf8") };
}

/** The workflow that shows what a job can do with its token, as users copy it. */
function proofWorkflow(): Record<string, string> {
  const name = "zot-auth-proof.yaml";
  return { [`.forgejo/workflows/${name}`]: readFileSync(join(import.meta.dirname, "../../ci/forgejo", name), "utf8") };
}
