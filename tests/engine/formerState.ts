import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fingerprint } from "../../core/secrets/fingerprint.ts";
import { portOf } from "../../lab/homelab/layout.ts";
import type { EngineLab } from "./harness.ts";

const ROOT = resolve(import.meta.dirname, "../..");

/** A resource as a state has it. */
export interface StoredResource {
  readonly urn: string;
  readonly type: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

interface Export {
  readonly deployment: { readonly resources: readonly StoredResource[] };
}

interface FormerState {
  /** What zot reads at its start only: the digest of this text stands in the record beside its config. */
  readonly zotStart: unknown;
  readonly resources: readonly StoredResource[];
}

export async function exportState(lab: EngineLab): Promise<Export> {
  const { code, output } = await lab.pulumi("stack", "export", "--show-secrets");
  assert.equal(code, 0, output);
  return JSON.parse(output.slice(output.indexOf("{"))) as Export;
}

/** The row of that name. */
export function rowOf({ resources }: Export["deployment"], name: string): StoredResource {
  const row = resources.find(({ urn }) => urn.endsWith(`::${name}`));
  assert.ok(row, `the state has ${name}`);
  return row;
}

/**
 * Replaces the lab's state with the one that commit 1608c1e made of the same settings, and the record on zot's host with the one that it wrote.
 * What differs from run to run (ports, dates, the key's uuid, hashes, secrets) stands in the test data as `{{name}}` and is filled in from the lab,
 * which an `up` has brought up before.
 *
 * @param change may alter the state that is imported
 */
export async function importFormerState(
  lab: EngineLab,
  change: (resources: readonly StoredResource[]) => readonly StoredResource[] = (resources) => resources,
): Promise<void> {
  const exported = await exportState(lab);
  const { resources, record } = formerState(lab, exported);
  const deployment = { ...exported.deployment, resources: change(resources) };
  const file = join(lab.directory, "former.json");
  writeFileSync(file, JSON.stringify({ ...exported, deployment }));
  const { code, output } = await lab.pulumi("stack", "import", "--file", file);
  assert.equal(code, 0, output);
  writeFileSync(`${lab.layout.settings.registry.configFile}.zot-auth`, record);
}

function formerState(
  lab: EngineLab,
  { deployment }: Export,
): { readonly resources: readonly StoredResource[]; readonly record: string } {
  const { registry } = lab.layout.settings;
  const credentials = fingerprint(readFileSync(registry.credentialsFile, "utf8"));
  const text = fill(readFileSync(join(ROOT, "tests/data/state-1608c1e.json"), "utf8"), {
    ...placesOf(lab),
    ...secretsOf(lab),
    ...keyOf(deployment),
    ...versions(),
    credentialsFingerprint: credentials,
    blueprintInstance: rowOf(deployment, "authentik-applied").outputs?.["instance"],
    gitRevision: rowOf(deployment, "authentik-sync").outputs?.["revision"],
  });
  const { zotStart, resources } = JSON.parse(text) as FormerState;
  const config = String(rowOf({ resources }, "zot-config").inputs?.["stdin"]);
  assert.equal(readFileSync(registry.configFile, "utf8"), config, "zot's config is what it was");
  const start = digest("sha256", JSON.stringify(zotStart));
  const derived = {
    startDigest: start,
    configHash: digest("sha256", config),
    blueprintHash: digest("sha512", String(rowOf({ resources }, "authentik-applied").inputs?.["text"])),
  };
  return {
    resources: JSON.parse(fill(JSON.stringify(resources), derived)) as readonly StoredResource[],
    record: `written=${derived.configHash}\nstart=${start} ${credentials} 0\nrepairs=0\nstate=settled\n`,
  };
}

/** Replaces each `{{name}}` of a JSON text by its value; those without a value stay. */
function fill(text: string, values: Readonly<Record<string, unknown>>): string {
  return text.replaceAll(/\{\{(\w+)\}\}/g, (place, name: string) =>
    name in values ? JSON.stringify(String(values[name])).slice(1, -1) : place,
  );
}

function digest(algorithm: "sha256" | "sha512", text: string): string {
  return createHash(algorithm).update(text).digest("hex");
}

function placesOf({ directory, layout: { settings } }: EngineLab): Readonly<Record<string, unknown>> {
  return {
    directory,
    root: ROOT,
    registryPort: portOf(settings.registry.url),
    authentikPort: portOf(settings.authentik.url),
    forgejoPort: portOf(settings.forgejo.url),
    argocdPort: portOf(settings.argocd?.url ?? ""),
    connectPort: portOf(settings.onePassword.connectUrl ?? ""),
  };
}

function secretsOf({ secrets: { connect, clientSecret } }: EngineLab): Readonly<Record<string, unknown>> {
  return { connectToken: connect, clientSecret, clientSecretFingerprint: fingerprint(clientSecret) };
}

function keyOf(deployment: Export["deployment"]): Readonly<Record<string, unknown>> {
  const { uuid, fingerprint: print, created, expires, rotates } = rowOf(deployment, "ci-key").outputs ?? {};
  return { keyUuid: uuid, keyFingerprint: print, keyCreated: created, keyExpires: expires, keyRotates: rotates };
}

/** The official plugins that the program uses now: plugin versions are not under test here. */
function versions(): Readonly<Record<string, unknown>> {
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    dependencies: Readonly<Record<string, string>>;
  };
  const command = dependencies["@pulumi/command"] ?? "";
  return {
    commandVersion: command,
    commandProvider: `default_${command.replaceAll(".", "_")}`,
    kubernetesVersion: dependencies["@pulumi/kubernetes"],
    onepasswordVersion: dependencies["@1password/pulumi-onepassword"],
  };
}
