import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fingerprint } from "../../../core/secrets/fingerprint.ts";
import { portOf } from "../../../lab/homelab/layout.ts";
import type { EngineLab } from "../support/harness.ts";

const ROOT = resolve(import.meta.dirname, "../../..");

/** A resource in a state. */
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
  /** Settings that zot reads only at startup. The record next to its config has their digest. */
  readonly zotStart: unknown;
  readonly resources: readonly StoredResource[];
}

export async function exportState(lab: EngineLab): Promise<Export> {
  const { code, output } = await lab.pulumi("stack", "export", "--show-secrets");
  assert.equal(code, 0, output);
  return JSON.parse(output.slice(output.indexOf("{"))) as Export;
}

/** The resource of that name. */
export function rowOf({ resources }: Export["deployment"], name: string): StoredResource {
  const row = resources.find(({ urn }) => urn.endsWith(`::${name}`));
  assert.ok(row, `the state has ${name}`);
  return row;
}

/**
 * Replaces the lab's state and the record on zot's host with those that commit 1608c1e wrote for the same settings. Values that differ from run
 * to run (ports, dates, the key's UUID, hashes, secrets) are `{{name}}` in the test data and come from the lab, which must have had an `up`.
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
  assert.equal(readFileSync(registry.configFile, "utf8"), config, "zot's config is unchanged");
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

/** Replaces each `{{name}}` in a JSON text with its value. Keeps those without a value. */
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

/** The current versions of the official plugins, which this test does not cover. */
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
