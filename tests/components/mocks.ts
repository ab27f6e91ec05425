import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { runtime } from "@pulumi/pulumi";
import { REAL_CASE } from "../support/settings.ts";

/** A resource as the program registered it. */
export interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

export interface MockedRun {
  /** In the order in which the engine would have been asked. */
  readonly resources: readonly Registered[];
  readonly outputs: Readonly<Record<string, unknown>>;
}

export interface HostOptions {
  /** zot's release on the host. Default: 2.1.20. */
  readonly release?: string;
  /** What the host reports beyond its version. */
  readonly facts?: string;
  /** Gets what is registered, also if the program fails. */
  readonly resources?: Registered[];
}

const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const SIGNATURE = "4dabf18193072939515e22adb298388d";

/** Whether an input went to the engine as a secret. */
export function isSecret(value: unknown): boolean {
  return typeof value === "object" && value !== null && (value as Record<string, unknown>)[SIGNATURE] === SECRET;
}

export const CLIENT_SECRET = "the-client-secret";
/** What 1Password's provider gives of an item. */
const SECTIONS = [
  { id: "s1", label: "registry", fields: [{ id: "f1", label: "zot-client-secret", value: CLIENT_SECRET }] },
  {
    id: "s2",
    label: "test registry",
    fields: [{ id: "f2", label: "zot-client-secret", value: "the-test-registry-secret" }],
  },
];

// The real case's zot is on an ssh host. This `ssh` answers what its facts script would print.
const bin = mkdtempSync(join(tmpdir(), "zot-auth-ssh-"));
// Several files use it in one process, so it is not the first one's.
process.once("exit", () => rmSync(bin, { recursive: true }));
writeFileSync(
  join(bin, "ssh"),
  `#!/bin/sh
printf "version=v$ZOT_AUTH_TEST_RELEASE\\nconfig_repairs=0\\ncredentials_repairs=0\\n"
printf '%s' "$ZOT_AUTH_TEST_FACTS"
exit 83
`,
  {
    mode: 0o755,
  },
);
process.env["PATH"] = `${bin}${delimiter}${process.env["PATH"] ?? ""}`;

/** What our provider's resources give back beside their inputs. */
const COMPUTED: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "zot-auth:zot:ApiKey": {
    uuid: "uuid-1",
    label: "zot-auth/test/1",
    generation: 1,
    fingerprint: "0123456789abcdef",
    created: "2026-01-01T00:00:00Z",
    expires: "2026-04-01T00:00:00Z",
    rotates: "2026-03-02T00:00:00Z",
    superseded: [],
  },
  "zot-auth:argocd:Sync": { revision: "0123abcd", keyInGit: "" },
  "zot-auth:authentik:ObjectCleanup": { former: [], generation: 1, others: [] },
  "zot-auth:zot:KeyCleanup": { formerOwners: [], formerAccounts: [] },
  "zot-auth:forgejo:SecretCleanup": { former: [], generation: 1 },
  "zot-auth:acceptance:SignInProof": { checks: [{ name: "groups claim", result: "arrives" }] },
  "zot-auth:acceptance:Services": { rows: [], result: "6 passed, 1 skipped" },
  "zot-auth:acceptance:AccessProof": { result: "15 of 15 checks passed", checked: "2026-01-01T00:00:00Z" },
  "command:local:Command": { stdout: "ok", stderr: "" },
};

/**
 * Runs the whole program against Pulumi's mocks. It proves which resources are registered, with which inputs and in which order; it does
 * not prove what a provider or the engine does with them (the engine tests do).
 */
export async function runProgram(
  change: Readonly<Record<string, unknown>> = {},
  { release = "2.1.20", facts = "", resources = [] }: HostOptions = {},
): Promise<MockedRun> {
  process.env["ZOT_AUTH_TEST_FACTS"] = facts;
  process.env["ZOT_AUTH_TEST_RELEASE"] = release;
  const settings = Object.entries({ ...REAL_CASE, ...change }).map(
    ([key, value]) => [`zot-auth:${key}`, JSON.stringify(value)] as const,
  );
  runtime.setAllConfig(Object.fromEntries(settings));
  await runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => {
        const given = inputs as Record<string, unknown>;
        resources.push({ type, name, inputs: given });
        return { id: `${name}-id`, state: { ...given, ...COMPUTED[type] } };
      },
      call: ({ inputs }) => {
        const { title } = inputs as Record<string, unknown>;
        if (title === "no item") throw new Error('"no item" isn\'t an item');
        return { sections: title === "two sections" ? SECTIONS : SECTIONS.slice(0, 1) };
      },
    },
    "zot-auth",
    "test",
    false,
  );
  // A module is evaluated once; the query makes it another one.
  const program = (await import(`../../index.ts?run=${resources.length}-${Date.now()}-${Math.random()}`)) as Record<
    string,
    unknown
  >;
  await runtime.disconnect();
  const outputs = await Promise.all(
    Object.entries(program).map(async ([key, value]) => [key, await resolved(value)] as const),
  );
  return { resources, outputs: Object.fromEntries(outputs) };
}

async function resolved(value: unknown): Promise<unknown> {
  if (typeof value !== "object" || value === null || !("promise" in value)) return value;
  return (value as { promise(): Promise<unknown> }).promise();
}
