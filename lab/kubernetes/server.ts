// Stands in for a kube-apiserver 1.35 with namespaces and ConfigMaps, and for the kubelet that mounts ConfigMaps.
import { join } from "node:path";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { RunningServer } from "../shared/listen.ts";
import { listen } from "../shared/listen.ts";
import type { AccessOptions } from "./api/access.ts";
import { authenticate, authorizePath } from "./api/access.ts";
import type { SeedConfigMap } from "./objects/cluster.ts";
import { Cluster } from "./objects/cluster.ts";
import {
  apiGroups,
  apiVersions,
  coreResources,
  kubernetesVersion,
  openapiV3Index,
  root,
  version,
} from "./discovery/discovery.ts";
import { openapiV3, protobufAccepted, protobufSent, swagger, swaggerProtobuf } from "./discovery/openapi.ts";
import type { Projection } from "./projection.ts";
import { project } from "./projection.ts";
import type { Env } from "./api/resourceRoutes.ts";
import { resourceRoutes } from "./api/resourceRoutes.ts";
import { StatusError } from "./api/status.ts";
import { create } from "./writes/writes.ts";

export type { AnonymousAccess, KubernetesToken } from "./api/access.ts";
export type { SeedConfigMap } from "./objects/cluster.ts";
export type { KubeconfigOptions } from "./kubeconfig.ts";
export { kubeconfig } from "./kubeconfig.ts";
export type { Projection } from "./projection.ts";

export interface KubernetesOptions extends AccessOptions {
  /** 0 for any free port. */
  readonly port: number;
  /** The setting of the port, for the error if the port is in use. */
  readonly setting?: string;
  /** Folder for the cluster's state. */
  readonly data: string;
  /** ConfigMaps to write as files. */
  readonly projections?: readonly Projection[];
  /** The initial objects of a new cluster. */
  readonly seed?: KubernetesSeed;
}

export interface KubernetesSeed {
  /** In addition to `default` and `kube-system`. */
  readonly namespaces?: readonly string[];
  readonly configMaps?: readonly SeedConfigMap[];
}

/** Starts the API server and the projections. */
export async function startKubernetes(options: KubernetesOptions): Promise<RunningServer> {
  const cluster = new Cluster(join(options.data, "kubernetes.json"));
  if (cluster.empty) sow(cluster, options.seed ?? {});
  const stops = (options.projections ?? []).map((projection) => project(cluster, projection));
  const { port, setting } = options;
  const listener = getRequestListener(routes(cluster, options).fetch);
  const where = { name: "Kubernetes", port, ...(setting === undefined ? {} : { setting }) };
  const stop = () => stops.forEach((end) => end());
  try {
    const server = await listen((request, response) => void listener(request, response), where);
    return {
      url: server.url,
      close: async () => {
        stop();
        await server.close();
      },
    };
  } catch (error) {
    stop();
    throw error;
  }
}

function sow(cluster: Cluster, { namespaces = [], configMaps = [] }: KubernetesSeed): void {
  for (const name of new Set(["default", "kube-system", ...namespaces])) {
    const target = { resource: "namespaces", namespace: "", name } as const;
    create(cluster, target, { metadata: { name } }, { manager: "kube-apiserver", dryRun: false });
  }
  for (const { namespace, name, data, manager = "kubectl-create" } of configMaps) {
    const target = { resource: "configmaps", namespace, name } as const;
    create(cluster, target, { metadata: { name, namespace }, data: { ...data } }, { manager, dryRun: false });
  }
}

const publicPaths = new Set(["/version", "/healthz", "/livez", "/readyz"]);

function routes(cluster: Cluster, access: AccessOptions): Hono<Env> {
  const app = new Hono<Env>();
  app.use(async (context, next) => {
    const user = authenticate(context.req.header("authorization"), access);
    context.set("user", user);
    const { path } = context.req;
    if (!publicPaths.has(path) && !path.startsWith("/api/v1/")) authorizePath(user, path);
    await next();
  });
  for (const path of ["/healthz", "/livez", "/readyz"]) app.get(path, (context) => context.text("ok"));
  app.get("/", (context) => context.json(root));
  app.get("/version", (context) => context.json(version));
  app.get("/api", (context) => context.json(apiVersions(new URL(context.req.url).host)));
  app.get("/apis", (context) => context.json(apiGroups));
  app.get("/api/v1", (context) => context.json(coreResources));
  app.get("/openapi/v2", (context) => {
    if (context.req.header("accept")?.startsWith(protobufAccepted) !== true)
      return context.json(swagger(kubernetesVersion));
    return context.body(new Uint8Array(swaggerProtobuf(kubernetesVersion)), 200, { "content-type": protobufSent });
  });
  app.get("/openapi/v3", (context) => context.json(openapiV3Index));
  app.get("/openapi/v3/api/v1", (context) => context.json(openapiV3(kubernetesVersion)));
  app.route("/api/v1", resourceRoutes(cluster));
  app.notFound((context) => context.text("404 page not found\n", 404));
  app.onError((error, context) => {
    if (error instanceof StatusError) return context.json(error.status, error.status.code as ContentfulStatusCode);
    const { status } = new StatusError(500, "InternalError", `Internal error occurred: ${error.message}`);
    return context.json(status, 500);
  });
  return app;
}
