// Settings that change more than zot's config.
import { CONTEXT, KUBECONFIGS } from "../stack/cluster.ts";
import type { Path, Place } from "../stack/place.ts";
import { at, to } from "./row.ts";
import type { Table } from "./row.ts";

const SERVICE = { elsewhere: "the model's host has no service manager: tests/systems/zot/host/service" };
const MOUNTED = { elsewhere: "the model's worker mounts one ConfigMap only: tests/engine/configMap" };
const ARGO_CD = { elsewhere: "the model has no Argo CD: tests/engine/settings/argocd.ts, tests/systems/argocd" };
const OP = { elsewhere: "the model has a Connect server, not op: tests/systems/onePassword/op.test.ts" };
const WORKFLOW = { elsewhere: "the model's Forgejo runs no workflows: tests/engine/lifecycle" };

const configMap = ({ data }: Place): Readonly<Record<Path, unknown>> => ({
  "authentik.delivery": "configMap",
  "kubernetes.kubeconfig": data(KUBECONFIGS[0]),
});

const ADMIN = () => ({ "acceptance.admin.user": "an-admin", "acceptance.admin.apiKey": "env:MODEL_ADMIN" });

export const REGISTRY: Table = {
  "registry.url": at(({ raw, alias }) => alias(raw["registry"]?.["url"] as string)),
  "registry.host": {
    elsewhere: "the model's host is this machine: tests/engine/zot/moved.ts, tests/systems/zot/host/former",
  },
  "registry.binary": to("/usr/local/bin/zot"),
  "registry.configFile": at(({ path }) => path("other.json")),
  "registry.credentialsFile": at(({ path }) => path("other-credentials.json")),
  "registry.dataDirectory": at(({ data }) => data("zot2"), {
    gap: "zot's keys are in its data directory, and do not move with it",
  }),
  "registry.address": to("0.0.0.0"),
  "registry.port": at(({ ports }) => ports[0], {
    also: ({ ports }) => ({ "registry.url": `http://127.0.0.1:${ports[0] ?? 0}` }),
  }),
  "registry.service": SERVICE,
  "registry.manageService": SERVICE,
  "registry.serviceFile": SERVICE,
  "registry.serviceLog": SERVICE,
  "registry.restartCommand": to("exit 0"),
  "registry.readyTimeout": to("1 minute"),
};

export const ACCESS: Table = {
  "access.adminGroup": to("people"),
  "access.ciGroup": to('Registry "Robots": a/b, größer'),
  "access.ci": to("read", {
    given: ({ raw }) => ({
      "access.namespaces": {
        "docs/**": { ci: "read" },
        [`${String(raw["ci"]?.["imagePrefix"])}/**`]: { ci: "push" },
        "zot-auth/**": { ci: "push" },
      },
    }),
  }),
  "access.signedInActions": to(["create"]),
  "access.anonymousRead": to(false),
  "access.signedInRead": to(false),
  "access.anonymousMetrics": to(false),
  "access.signInGroups": to(["people"]),
  "access.groups": to({ people: ["read"] }),
  "access.users": to({ somebody: ["read"] }),
  "access.namespaces.*.ci": to("push"),
  "access.namespaces.*.anonymousRead": to(false),
  "access.namespaces.*.signedInRead": to(false),
  "access.namespaces.*.signedInActions": to(["delete"]),
  "access.namespaces.*.groups": to({ people: ["read"] }),
  "access.namespaces.*.users": to({ somebody: ["read"] }),
};

export const AUTHENTIK: Table = {
  "authentik.url": at(({ raw, alias }) => alias(raw["authentik"]?.["url"] as string)),
  "authentik.token": to("env:MODEL_AUTHENTIK_2"),
  "authentik.application": to("registry"),
  "authentik.applicationName": to("Registry"),
  "authentik.providerName": to("Registry"),
  "authentik.clientId": to("registry"),
  "authentik.clientSecret": to("op://homelab/zot/same-client-secret"),
  "authentik.clientSecretVariable": to("AUTHENTIK_OTHER_VARIABLE"),
  "authentik.authorizationFlow": to("another-flow"),
  "authentik.invalidationFlow": to("another-flow"),
  "authentik.signingCertificate": to("another certificate"),
  "authentik.machineFlow": to("robots-login"),
  "authentik.delivery": at(({ data }) => `file:${data("blueprints/git.yaml")}`, {
    also: () => ({ "authentik.blueprintPath": "custom/git.yaml" }),
  }),
  "authentik.blueprintPath": to("custom/git2.yaml", {
    given: ({ data }) => ({
      "authentik.delivery": `file:${data("blueprints/git.yaml")}`,
      "authentik.blueprintPath": "custom/git.yaml",
    }),
    also: ({ data }) => ({ "authentik.delivery": `file:${data("blueprints/git2.yaml")}` }),
  }),
  "authentik.appliedAfter": to(["another blueprint"]),
  "authentik.acceptRemoved": to(["group editors of the account zot-ci"]),
  "authentik.applyTimeout": to("6 minutes"),
  "kubernetes.kubeconfig": at(({ data }) => data(KUBECONFIGS[1]), { given: configMap }),
  "kubernetes.context": to(CONTEXT, { given: configMap }),
  "kubernetes.clusterName": {
    elsewhere: "the model replaces no provider, as Kubernetes' does for another cluster: tests/engine/configMap",
  },
  "kubernetes.namespace": MOUNTED,
  "kubernetes.configMap": MOUNTED,
  "kubernetes.key": to("other.yaml", {
    given: configMap,
    also: () => ({ "authentik.blueprintPath": "custom/other.yaml" }),
  }),
  "argocd.url": ARGO_CD,
  "argocd.token": ARGO_CD,
  "argocd.application": ARGO_CD,
  "argocd.applicationNamespace": ARGO_CD,
  "argocd.project": ARGO_CD,
  "argocd.busyTimeout": ARGO_CD,
  "argocd.syncTimeout": ARGO_CD,
};

export const CI: Table = {
  "ci.user": to("robot.ü+1@ci"),
  "ci.keyStore": to("op://homelab/CI/another-field"),
  "ci.keyLifetime": to("60 days"),
  "ci.rotateAfter": to("30 days"),
  "ci.gracePeriod": to("1 hour"),
  "ci.rotationTrigger": to("now"),
  "ci.revocationTrigger": to("now", { gap: "every key is revoked before a new one is created" }),
  "ci.unmanagedKeys": to("revoke"),
  "ci.onDestroy": to("leave", { leaves: ["1Password: zot-ci-api = a key that zot refuses"] }),
  "ci.imagePrefix": to("images"),
  "forgejo.url": at(({ raw, alias }) => alias(raw["forgejo"]?.["url"] as string)),
  "forgejo.rootUrl": { elsewhere: "only for job tokens: tests/settings/jobTokens.test.ts, tests/systems/forgejo" },
  "forgejo.token": to("env:MODEL_FORGEJO_2"),
  "forgejo.secretName": to("REGISTRY_KEY"),
  "forgejo.repositories": to(["own/two", "own/three"]),
  "forgejo.secrets[].name": to("ANOTHER"),
  "forgejo.secrets[].source": to("env:MODEL_OTHER_2"),
  "forgejo.secrets[].repositories": to(["own/two"]),
  "onePassword.connectUrl": at(({ raw, alias }) => alias(raw["onePassword"]?.["connectUrl"] as string)),
  "onePassword.connectToken": to("env:MODEL_CONNECT_2"),
  "onePassword.account": OP,
  "onePassword.serviceAccountToken": OP,
  "acceptance.repository": to("zot-auth/other"),
  "acceptance.pullThrough": { elsewhere: "the model's zot mirrors nothing: tests/systems/services" },
  "acceptance.admin.user": to("another-admin", {
    given: ADMIN,
    also: () => ({ "acceptance.admin.apiKey": "env:MODEL_OTHER_ADMIN" }),
  }),
  "acceptance.admin.apiKey": to("env:MODEL_ADMIN_2", { given: ADMIN }),
  "acceptance.workflow.repository": WORKFLOW,
  "acceptance.workflow.file": WORKFLOW,
  "acceptance.workflow.ref": WORKFLOW,
  "acceptance.workflow.inputs": WORKFLOW,
  "acceptance.workflow.timeout": WORKFLOW,
  "acceptance.workflows[].repository": WORKFLOW,
  "acceptance.workflows[].file": WORKFLOW,
  "acceptance.workflows[].ref": WORKFLOW,
  "acceptance.workflows[].inputs": WORKFLOW,
  "acceptance.workflows[].timeout": WORKFLOW,
};
