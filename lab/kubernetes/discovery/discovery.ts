// Part of the lab's kube-apiserver: the discovery documents.

/** The release that the stand-in reports. */
export const kubernetesVersion = "v1.35.3";

const [major = "", minor = ""] = kubernetesVersion.slice(1).split(".");

export const version = {
  major,
  minor,
  gitVersion: kubernetesVersion,
  gitCommit: "0".repeat(40),
  gitTreeState: "clean",
  buildDate: "1970-01-01T00:00:00Z",
  goVersion: "go1.25",
  compiler: "gc",
  platform: "linux/amd64",
};

export function apiVersions(serverAddress: string): unknown {
  return {
    kind: "APIVersions",
    versions: ["v1"],
    serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress }],
  };
}

export const apiGroups = { kind: "APIGroupList", apiVersion: "v1", groups: [] };

const verbs = ["create", "delete", "get", "list", "patch", "update", "watch"];

export const coreResources = {
  kind: "APIResourceList",
  groupVersion: "v1",
  resources: [
    { name: "configmaps", singularName: "configmap", namespaced: true, kind: "ConfigMap", verbs, shortNames: ["cm"] },
    {
      name: "events",
      singularName: "event",
      namespaced: true,
      kind: "Event",
      verbs: ["get", "list", "watch"],
      shortNames: ["ev"],
    },
    { name: "namespaces", singularName: "namespace", namespaced: false, kind: "Namespace", verbs, shortNames: ["ns"] },
  ],
};

export const openapiV3Index = { paths: { "api/v1": { serverRelativeURL: "/openapi/v3/api/v1" } } };

const rootPaths = [
  "/api",
  "/api/v1",
  "/apis",
  "/healthz",
  "/livez",
  "/openapi/v2",
  "/openapi/v3",
  "/readyz",
  "/version",
];
export const root = { paths: rootPaths };
