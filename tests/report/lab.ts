import type { Report } from "../../report/report.ts";

/** A resource of a `pulumi stack export`. */
export function resource(name: string, type: string, more: object = {}): object {
  return { urn: urn(name, type), type, custom: true, ...more };
}

export function urn(name: string, type: string): string {
  return `urn:pulumi:prod::zot-auth::${type}::${name}`;
}

const CHECKED = "2026-11-29T07:41:46Z";
const COMPONENT = urn("ci", "zot-auth:index:CiServiceAccount");
const PREFLIGHT = urn("preflight", "zot-auth:acceptance:Preflight");

/** A small state with everything that a report shows. */
export const STATE = {
  deployment: {
    resources: [
      resource("zot-auth-prod", "pulumi:pulumi:Stack", {
        custom: false,
        outputs: {
          zotVersion: "2.1.20",
          ciUser: "zot-ci",
          keyLabel: "zot-auth/prod/3",
          keyCreated: "2026-11-01T00:00:00Z",
          keyRotates: "2026-12-31T00:00:00Z",
          keyExpires: "2027-01-30T00:00:00Z",
        },
      }),
      resource("zot-auth", "pulumi:providers:zot-auth"),
      resource("preflight", "zot-auth:acceptance:Preflight"),
      resource("ci", "zot-auth:index:CiServiceAccount", { custom: false, dependencies: [PREFLIGHT] }),
      resource("ci-account", "zot-auth:authentik:ServiceAccount", { parent: COMPONENT }),
      resource("ci-key", "zot-auth:zot:ApiKey", {
        parent: COMPONENT,
        dependencies: [urn("ci-account", "zot-auth:authentik:ServiceAccount"), PREFLIGHT],
      }),
      resource("acceptance-access", "zot-auth:acceptance:AccessProof", {
        dependencies: [COMPONENT],
        outputs: {
          checked: CHECKED,
          measured: [
            { subject: "anonymous", operation: "pull", expected: 200, measured: 200 },
            { subject: "ci", operation: "list tags", target: "private/<app>", expected: 403, measured: 200 },
          ],
        },
      }),
      resource("acceptance-services", "zot-auth:acceptance:Services", {
        outputs: {
          rows: [
            { name: "Forgejo", expected: "an answer", measured: "an answer", outcome: "passed", lookAt: "" },
            { name: "runners", expected: "one", measured: "offline: two", outcome: "failed", lookAt: "Start one." },
          ],
          versions: { Forgejo: "15.0.1" },
        },
      }),
      resource("acceptance-sign-in", "zot-auth:acceptance:SignInProof", {
        outputs: { checks: [{ name: "groups claim", result: '"groups" arrives with "a | b"' }] },
      }),
      resource("acceptance-build", "zot-auth:acceptance:TestBuild", {
        outputs: { repository: "homelab/apps", workflow: "build.yaml", result: "failure" },
      }),
      resource("acceptance-other-keys", "zot-auth:zot:OtherKeys", { outputs: { unmanaged: [{}, {}] } }),
      resource("old-key", "zot-auth:zot:ApiKey", { delete: true }),
    ],
  },
};

const ROW = { operation: "pull", expected: 200 };

/** The same with a second account. A state has its resources in the order in which they were done. */
export const STATE_OF_TWO = {
  deployment: {
    resources: [
      resource("ci-site-key", "zot-auth:zot:ApiKey", {
        outputs: {
          username: "a-site",
          label: "zot-auth/prod/site/1",
          created: "2026-11-02T00:00:00Z",
          rotates: "2027-01-01T00:00:00Z",
          expires: "2027-01-31T00:00:00Z",
        },
      }),
      resource("acceptance-site-access", "zot-auth:acceptance:AccessProof", {
        outputs: {
          username: "a-site",
          checked: "2026-11-28T00:00:00Z",
          measured: [
            { ...ROW, subject: "wrong key", expected: 401, measured: 401 },
            { ...ROW, subject: "ci", measured: 200 },
          ],
        },
      }),
      resource("acceptance-site-sign-in", "zot-auth:acceptance:SignInProof", {
        outputs: { username: "a-site", checks: [{ name: "groups claim", result: "arrives" }] },
      }),
      resource("acceptance-site-other-keys", "zot-auth:zot:OtherKeys", {
        outputs: { username: "a-site", unmanaged: [{ label: "by hand" }] },
      }),
      ...STATE.deployment.resources.map((one) =>
        "urn" in one && /::(ci-key|acceptance-(access|sign-in|other-keys))$/.test(String(one.urn))
          ? { ...one, outputs: { ...("outputs" in one ? (one.outputs as object) : {}), username: "zot-ci" } }
          : one,
      ),
    ],
  },
};

/** A report with something of every kind, and texts that HTML, XML and Markdown would interpret. */
export const REPORT: Report = {
  version: 1,
  stack: "prod",
  command: "up",
  ended: "2026-12-10T07:41:46Z",
  succeeded: false,
  says: ["The engine did not come to its end."],
  seconds: 75,
  key: {
    account: "zot-ci",
    label: "zot-auth/prod/3",
    created: "2026-11-01T00:00:00Z",
    rotates: "2026-12-31T00:00:00Z",
    expires: "2027-01-30T00:00:00Z",
    unmanaged: 2,
  },
  steps: [
    { urn: "a", name: "preflight", type: "t:a:A", component: "", dependsOn: [], state: "unchanged", seconds: 1 },
    { urn: "b", name: "zot-config", type: "t:b:B", component: "zot", dependsOn: ["a"], state: "updated", seconds: 4 },
    {
      urn: "c",
      name: "zot-<key>",
      type: "t:c:C",
      component: "zot",
      dependsOn: ["a", "b"],
      state: "failed",
      seconds: 70,
    },
    { urn: "d", name: "secret", type: "t:d:D", component: "forgejo", dependsOn: ["c"], state: "not run" },
    {
      urn: "e",
      name: "binding",
      type: "t:e:E",
      component: "",
      dependsOn: [],
      state: "differs",
      difference: "drift | of <b>",
    },
    { urn: "f", name: "account", type: "t:f:F", component: "", dependsOn: [], state: "created", seconds: 0 },
  ],
  access: {
    checked: CHECKED,
    rows: [
      { subject: "anonymous", operation: "pull", expected: 200, measured: 200 },
      { subject: "ci", operation: "list tags", target: "private/<app>", expected: 403, measured: 200 },
    ],
  },
  proofs: [
    { group: "sign-in", name: "groups claim", result: "passed", found: '"groups" arrives' },
    { group: "build", name: "build.yaml in homelab/apps", result: "failed", found: "failure" },
    { group: "services", name: "runners", result: "skipped", found: "the token may not read them" },
  ],
  findings: [
    {
      severity: "error",
      step: "zot-<key>",
      text: "zot answers 500.\n<script>alert(1)</script> ![x](https://tracker.example/x) @admin",
    },
    { severity: "warning", text: "2 unmanaged keys." },
  ],
  versions: { zot: "2.1.20" },
  standIns: ["plugin command 1.2.1"],
};
