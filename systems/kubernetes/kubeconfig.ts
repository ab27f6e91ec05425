import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { yaml } from "../../core/yaml.ts";

/** A cluster's address, and credentials for it. */
export interface Access {
  /** Base URL without a trailing slash. */
  readonly server: string;
  /** The context's namespace; `default` if it has none. */
  readonly namespace: string;
  readonly token?: string;
  readonly basic?: { readonly username: string; readonly password: string };
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
  /** A program that prints the credentials. */
  readonly exec?: ExecPlugin;
  readonly insecure: boolean;
  readonly serverName?: string;
  /** The cluster's own proxy. */
  readonly proxyUrl?: string;
}

/** A credential plugin of client-go. */
export interface ExecPlugin {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly apiVersion: string;
}

/** The provider's settings that select from the kubeconfig. */
export interface Choice {
  readonly context?: string | undefined;
  readonly cluster?: string | undefined;
  readonly namespace?: string | undefined;
}

type Settings = Readonly<Record<string, unknown>>;

type Entries<Kind extends string> = readonly ({ readonly name: string } & Readonly<Record<Kind, Settings>>)[];

interface Kubeconfig {
  readonly contexts?: Entries<"context">;
  readonly clusters?: Entries<"cluster">;
  readonly users?: Entries<"user">;
  readonly "current-context"?: string;
}

interface Source {
  /** Relative paths in the file start here. */
  readonly folder: string;
  readonly config: Kubeconfig;
}

/** @param pathOrContents the provider's setting; default: `KUBECONFIG`, then `~/.kube/config` */
export function accessFrom(pathOrContents: string | undefined, choice: Choice): Access {
  const sources = pathOrContents === undefined || pathOrContents === "" ? defaultSources() : [given(pathOrContents)];
  const currents = sources
    .map(({ config }) => config["current-context"])
    .filter((name) => name !== undefined && name !== "");
  const contextName = choice.context ?? currents[0];
  const context = find(sources, "contexts", "context", contextName);
  if (context === undefined && choice.context !== undefined)
    throw new Error(`context ${JSON.stringify(choice.context)} does not exist`);
  const clusterName = choice.cluster ?? text(context?.settings, "cluster");
  const cluster = find(sources, "clusters", "cluster", clusterName);
  if (cluster === undefined) {
    if (clusterName !== undefined) throw new Error(`cluster ${JSON.stringify(clusterName)} does not exist`);
    throw new Error(
      "invalid configuration: no configuration has been provided, try setting KUBERNETES_MASTER environment variable",
    );
  }
  const server = text(cluster.settings, "server");
  if (server === undefined) throw new Error(`cluster ${JSON.stringify(clusterName)} in the kubeconfig has no server`);
  const user = find(sources, "users", "user", text(context?.settings, "user"));
  const proxyUrl = text(cluster.settings, "proxy-url");
  return {
    server: server.replace(/\/$/, ""),
    namespace: choice.namespace ?? text(context?.settings, "namespace") ?? "default",
    ...(proxyUrl === undefined ? {} : { proxyUrl }),
    // Like client-go, sends credentials only over TLS.
    ...(server.startsWith("https:") ? { ...trust(cluster), ...identity(user) } : { insecure: false }),
  };
}

/** The settings of the cluster that a kubeconfig's context names; `undefined` without a kubeconfig, or if it names none. */
export function activeCluster(pathOrContents: string | undefined, choice: Choice): Settings | undefined {
  if (pathOrContents === undefined) return undefined;
  const source = given(pathOrContents);
  const context = find([source], "contexts", "context", choice.context ?? source.config["current-context"]);
  if (context === undefined) return undefined;
  return find([source], "clusters", "cluster", choice.cluster ?? text(context.settings, "cluster"))?.settings;
}

function trust(cluster: Found): Pick<Access, "ca" | "insecure" | "serverName"> {
  const ca = material(cluster, "certificate-authority");
  const serverName = text(cluster.settings, "tls-server-name");
  return {
    insecure: cluster.settings["insecure-skip-tls-verify"] === true,
    ...(ca === undefined ? {} : { ca }),
    ...(serverName === undefined ? {} : { serverName }),
  };
}

function identity(user: Found | undefined): Pick<Access, "token" | "basic" | "cert" | "key" | "exec"> {
  if (user === undefined) return {};
  if (user.settings["auth-provider"] !== undefined)
    throw new Error("the kubeconfig user authenticates with auth-provider, which Kubernetes no longer supports");
  const exec = execPlugin(user);
  if (exec !== undefined) return { exec };
  const file = text(user.settings, "tokenFile");
  const token =
    file === undefined ? text(user.settings, "token") : readFileSync(resolve(user.folder, file), "utf8").trim();
  const username = text(user.settings, "username");
  const cert = material(user, "client-certificate");
  const key = material(user, "client-key");
  return {
    ...(token === undefined ? {} : { token }),
    ...(username === undefined ? {} : { basic: { username, password: text(user.settings, "password") ?? "" } }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

/** A command with a slash is relative to the kubeconfig. */
function execPlugin({ settings, folder }: Found): ExecPlugin | undefined {
  const exec = settings["exec"] as Settings | undefined;
  const command = text(exec, "command");
  if (exec === undefined || command === undefined) return undefined;
  const entries = (exec["env"] ?? []) as readonly { readonly name: string; readonly value: string }[];
  return {
    command: command.includes("/") ? resolve(folder, command) : command,
    args: (exec["args"] ?? []) as readonly string[],
    env: Object.fromEntries(entries.map(({ name, value }) => [name, value])),
    apiVersion: text(exec, "apiVersion") ?? "client.authentication.k8s.io/v1",
  };
}

/** A certificate or key, inline (`<name>-data`, base64) or from a file. */
function material({ settings, folder }: Found, name: string): Buffer | undefined {
  const inline = text(settings, `${name}-data`);
  if (inline !== undefined) return Buffer.from(inline, "base64");
  const file = text(settings, name);
  return file === undefined ? undefined : readFileSync(resolve(folder, file));
}

interface Found {
  readonly settings: Settings;
  readonly folder: string;
}

/** If several files have the same entry, the first one wins. */
function find<Kind extends "context" | "cluster" | "user">(
  sources: readonly Source[],
  list: `${Kind}s`,
  kind: Kind,
  name: string | undefined,
): Found | undefined {
  for (const { config, folder } of sources) {
    const entries = (config[list] ?? []) as Entries<Kind>;
    const entry = entries.find((candidate) => candidate.name === name);
    if (entry !== undefined) return { settings: entry[kind], folder };
  }
  return undefined;
}

function text(settings: Settings | undefined, name: string): string | undefined {
  const value = settings?.[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

function given(pathOrContents: string): Source {
  // Contents have a newline, a brace or ": "; a path has none of them.
  if (!/[\n{]|: /.test(pathOrContents)) return fromFile(pathOrContents.replace(/^~(?=\/)/, homedir()));
  return { config: parsed(pathOrContents), folder: process.cwd() };
}

function defaultSources(): Source[] {
  const files = (process.env["KUBECONFIG"] ?? join(homedir(), ".kube", "config"))
    .split(delimiter)
    .filter((file) => file !== "");
  return files.flatMap((file) => {
    try {
      return [fromFile(file)];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return []; // like kubectl, treats a missing file as empty
      throw error;
    }
  });
}

function fromFile(file: string): Source {
  return { config: parsed(readFileSync(file, "utf8")), folder: dirname(resolve(file)) };
}

function parsed(contents: string): Kubeconfig {
  const config: unknown = yaml().parse(contents);
  if (typeof config !== "object" || config === null) throw new Error("the kubeconfig must be a map");
  return config;
}
