// Part of the lab's kube-apiserver: the routes of its resources.
import { Hono } from "hono";
import type { Context } from "hono";
import type { User } from "./access.ts";
import { authorize } from "./access.ts";
import { applyOptions, readObject, readPatch, refuseForce, writeOptions } from "./body.ts";
import type { Cluster } from "../objects/cluster.ts";
import type { Resource } from "../objects/objects.ts";
import { kinds } from "../objects/objects.ts";
import { jsonPatch, mergePatch, strategicMergePatch } from "../writes/patches.ts";
import { select } from "./selection.ts";
import { notFound, success } from "./status.ts";
import { watch } from "./watch.ts";
import { create, patchWith, replace, serverSideApply } from "../writes/writes.ts";
import type { Target, WriteResult } from "../writes/writes.ts";

/** The variables of a request's context, set before its route runs. */
export interface Env {
  Variables: { user: User };
}

export function resourceRoutes(cluster: Cluster): Hono<Env> {
  const routes = new Hono<Env>();
  collection(routes, cluster, "namespaces", "/namespaces");
  collection(routes, cluster, "configmaps", "/configmaps");
  collection(routes, cluster, "configmaps", "/namespaces/:namespace/configmaps");
  single(routes, cluster, "namespaces", "/namespaces/:name");
  single(routes, cluster, "configmaps", "/namespaces/:namespace/configmaps/:name");
  for (const path of ["/events", "/namespaces/:namespace/events"]) noEvents(routes, cluster, path);
  return routes;
}

function collection(routes: Hono<Env>, cluster: Cluster, resource: Resource, path: string): void {
  const kind = kinds[resource];
  routes.get(path, (context) => {
    const namespace = resource === "namespaces" ? undefined : context.req.param("namespace");
    const watching = isWatch(context);
    permit(context, watching ? "watch" : "list", resource);
    const selection = select(context, resource, namespace);
    if (watching) return watch(context, cluster, { kind, selection });
    const items = cluster.list(resource, namespace).filter(selection.matches);
    return context.json({ kind: `${kind}List`, apiVersion: "v1", metadata: listMeta(cluster), items });
  });
  if (path === "/configmaps") return;
  routes.post(path, async (context) => {
    permit(context, "create", resource);
    const result = create(cluster, target(context, resource), await readObject(context), writeOptions(context));
    return written(context, result);
  });
}

function single(routes: Hono<Env>, cluster: Cluster, resource: Resource, path: string): void {
  const live = (context: Context) => {
    const { namespace, name } = target(context, resource);
    const object = cluster.get(resource, namespace, name);
    if (object === undefined) throw notFound(resource, name);
    return object;
  };
  routes.get(path, (context) => {
    permit(context, "get", resource);
    return context.json(live(context));
  });
  routes.put(path, async (context) => {
    permit(context, "update", resource);
    const body = await readObject(context);
    return written(context, replace(cluster, target(context, resource), body, writeOptions(context)));
  });
  routes.patch(path, async (context) => {
    permit(context, "patch", resource);
    const { type, body } = await readPatch(context);
    if (type === "application/apply-patch+yaml") {
      return written(context, serverSideApply(cluster, target(context, resource), body, applyOptions(context)));
    }
    refuseForce(context);
    const formats = {
      "application/json-patch+json": jsonPatch,
      "application/merge-patch+json": mergePatch,
      "application/strategic-merge-patch+json": strategicMergePatch,
    };
    const patch = (object: Parameters<typeof jsonPatch>[0]) => formats[type](object, body);
    return written(context, patchWith(cluster, target(context, resource), patch, writeOptions(context)));
  });
  routes.delete(path, (context) => {
    permit(context, "delete", resource);
    const object = live(context);
    if (!writeOptions(context).dryRun) cluster.remove(resource, object);
    return context.json(success(object.metadata.name, resource, object.metadata.uid));
  });
}

/** The stand-in creates no events, but clients list and watch them after every write. */
function noEvents(routes: Hono<Env>, cluster: Cluster, path: string): void {
  routes.get(path, (context) => {
    const watching = isWatch(context);
    permit(context, watching ? "watch" : "list", "events");
    if (watching) return watch(context, cluster, { kind: "Event", selection: undefined });
    return context.json({ kind: "EventList", apiVersion: "v1", metadata: listMeta(cluster), items: [] });
  });
}

const isWatch = (context: Context) => ["true", "1"].includes(context.req.query("watch") ?? "");

const listMeta = (cluster: Cluster) => ({ resourceVersion: String(cluster.version) });

function target(context: Context, resource: Resource): Target {
  const { namespace = "", name = "" } = context.req.param() as Record<string, string | undefined>;
  return { resource, namespace, name };
}

function permit(context: Context<Env>, verb: string, resource: Resource | "events"): void {
  const { namespace = "", name = "" } = context.req.param() as Record<string, string | undefined>;
  // A request for a Namespace object needs permission in that namespace.
  authorize(context.var.user, { verb, resource, namespace: resource === "namespaces" ? name : namespace, name });
}

function written(context: Context, { object, status }: WriteResult): Response {
  return context.json(object, status);
}
