// Part of the lab: starts and stops all its servers.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { startArgoCd } from "../argocd/server.ts";
import { defaultSeed, withSeed } from "../authentik/models/seed.ts";
import { startAuthentik } from "../authentik/server.ts";
import { startForgejo } from "../forgejo/server.ts";
import { kubeconfig, startKubernetes } from "../kubernetes/server.ts";
import { pathsOf, portOf } from "./layout.ts";
import type { Layout } from "./layout.ts";
import { startConnect } from "../onePassword/server.ts";
import { labSecrets } from "./secrets.ts";
import type { LabSecrets } from "./secrets.ts";
import { authentikSeed, forgejoSeed, onePasswordSeed, openZotConfig, writeGitops } from "./seeds.ts";
import { assertPortFree } from "../shared/listen.ts";
import type { RunningServer } from "../shared/listen.ts";
import { supervise } from "./supervisor.ts";

export interface Lab {
  readonly layout: Layout;
  readonly secrets: LabSecrets;
  /** URLs by server name. */
  readonly urls: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Starts all servers of the lab. A server without data starts with its seed. */
export async function startLab(layout: Layout): Promise<Lab> {
  const { settings, directory, settingsFile } = layout;
  const paths = pathsOf(layout);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const secrets = labSecrets(layout);
  const from = (setting: string): string => `${setting} in ${settingsFile}`;
  const running: { close(): Promise<void> }[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(running.reverse().map(async (server) => server.close()));
  };
  const started = async (server: Promise<RunningServer>): Promise<RunningServer> => {
    const result = await server;
    running.push(result);
    return result;
  };
  try {
    await assertPortFree({ name: "zot", port: settings.registry.port, setting: from("registry.port") });
    const kubernetes = await started(
      startKubernetes({
        // Any: clients find it in the kubeconfig.
        port: 0,
        data: join(directory, "kubernetes"),
        tokens: [{ token: secrets.kubernetes }],
        // client-go, which the official Kubernetes plugin uses, sends no token to a server without TLS.
        anonymous: { namespaces: [settings.kubernetes.namespace] },
        projections: [
          {
            namespace: settings.kubernetes.namespace,
            configMap: settings.kubernetes.configMap,
            directory: paths.blueprints,
          },
        ],
        seed: { namespaces: [settings.kubernetes.namespace] },
      }),
    );
    writeFileSync(
      settings.kubernetes.kubeconfig ?? join(directory, "kubeconfig"),
      kubeconfig(kubernetes.url, secrets.kubernetes),
      { mode: 0o600 },
    );

    const [authentik, forgejo, connect, argocd] = await Promise.all([
      started(
        startAuthentik({
          port: portOf(settings.authentik.url),
          setting: from("authentik.url"),
          data: join(directory, "authentik", "data"),
          blueprintsDirectory: paths.blueprints,
          environment: { [settings.authentik.clientSecretVariable]: secrets.clientSecret },
          // Server and worker share their environment, as in Docker Compose. Only `delivery: api` needs it in the server.
          serverEnvironment: { [settings.authentik.clientSecretVariable]: secrets.clientSecret },
          seed: withSeed(defaultSeed(), authentikSeed(secrets)),
        }),
      ),
      started(
        startForgejo({
          port: portOf(settings.forgejo.url),
          setting: from("forgejo.url"),
          data: join(directory, "forgejo"),
          ...releaseOfForgejo(settings),
          seed: forgejoSeed(layout, secrets),
          // Jobs find skopeo here. It runs the real skopeo if PATH has one.
          runner: { pathPrefix: [resolve(import.meta.dirname, "../bin")] },
        }),
      ),
      started(
        startConnect({
          port: portOf(settings.onePassword.connectUrl ?? ""),
          setting: from("onePassword.connectUrl"),
          data: join(directory, "onepassword"),
          seed: onePasswordSeed(layout, secrets),
        }),
      ),
      settings.argocd === undefined ? undefined : started(argocdOf(layout, secrets, kubernetes.url, settings.argocd)),
    ]);
    if (argocd !== undefined) await syncOnce(argocd.url, layout, secrets);
    running.push(zotOf(layout));
    return {
      layout,
      secrets,
      urls: {
        zot: settings.registry.url,
        Authentik: authentik.url,
        Forgejo: forgejo.url,
        ...(argocd === undefined ? {} : { "Argo CD": argocd.url }),
        Kubernetes: kubernetes.url,
        "1Password Connect": connect.url,
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The release that gives jobs tokens, if an account needs it. */
function releaseOfForgejo({ jobAccounts }: Layout["settings"]): { readonly version?: string } {
  const asked = process.env["FORGEJO_LAB_VERSION"] ?? "";
  if (asked !== "") return { version: asked };
  return Object.keys(jobAccounts).length > 0 ? { version: "15.0.3" } : {};
}

async function argocdOf(
  layout: Layout,
  secrets: LabSecrets,
  kubernetesUrl: string,
  argocd: NonNullable<Layout["settings"]["argocd"]>,
): Promise<RunningServer> {
  const { gitops } = pathsOf(layout);
  if (!existsSync(gitops)) writeGitops(layout, gitops);
  return startArgoCd({
    port: portOf(argocd.url),
    setting: `argocd.url in ${layout.settingsFile}`,
    data: join(layout.directory, "argocd"),
    kubernetesUrl,
    kubernetesToken: secrets.kubernetes,
    applications: [
      {
        name: argocd.application,
        project: argocd.project,
        namespace: layout.settings.kubernetes.namespace,
        manifestsDirectory: gitops,
        targetRevision: "main",
      },
    ],
    accounts: [
      { name: "admin", token: secrets.argocdAdmin },
      {
        name: "workflow-bot",
        token: secrets.argocd,
        actions: ["get", "sync"],
        applications: [`${argocd.project}/${argocd.application}`],
      },
    ],
  });
}

/** Deploys the GitOps repository to the cluster, as in a homelab that existed before zot-auth. */
async function syncOnce(url: string, { settings }: Layout, secrets: LabSecrets): Promise<void> {
  const headers = { authorization: `Bearer ${secrets.argocdAdmin}`, "content-type": "application/json" };
  const path = `${url}/api/v1/applications/${settings.argocd?.application ?? ""}`;
  const state = (await (await fetch(path, { headers })).json()) as {
    status?: { sync?: { status?: string }; operationState?: unknown };
  };
  if (state.status?.operationState !== undefined) return;
  const answer = await fetch(`${path}/sync`, { method: "POST", headers, body: "{}" });
  if (!answer.ok) throw new Error(`The lab's Argo CD rejected the first sync: ${answer.status} ${await answer.text()}`);
}

function zotOf(layout: Layout): { close(): Promise<void> } {
  const { registry } = layout.settings;
  const { pid, zotLog } = pathsOf(layout);
  const config = resolve(registry.configFile);
  mkdirSync(dirname(config), { recursive: true, mode: 0o700 });
  if (!existsSync(config)) writeFileSync(config, openZotConfig(layout, resolve(registry.dataDirectory)));
  return supervise({ binary: resolve(registry.binary), arguments: ["serve", config], pidFile: pid, logFile: zotLog });
}
