import { ZotAuthError, messageOf } from "../../core/errors.ts";
import { Unreachable } from "../../core/http/http.ts";
import type { ProofRow } from "../../core/proofRow.ts";
import { resolveSecret } from "../onePassword/resolver.ts";
import { Registry } from "../zot/access/proof/registry.ts";
import type { RegistryAccount } from "./args.ts";

// What only an account shows of the registry: whether it fetches images from others, and whether an administrator still gets in.

/** Seconds for which zot may fetch an image before it answers. */
const FETCH_SECONDS = 120;
/** With the permission to delete, zot answers 404 for it. It can exist nowhere, so nothing is deleted. */
const NO_MANIFEST = `sha256:${"0".repeat(64)}`;

/** Pulls an image's manifest, which zot fetches from the registry that it mirrors. It stays in zot's storage, as after any pull. */
export async function pullThroughRow(
  registryUrl: string,
  account: RegistryAccount,
  image: string,
  signal: AbortSignal,
): Promise<ProofRow> {
  const at = image.lastIndexOf(":");
  const path = `/v2/${image.slice(0, at)}/manifests/${image.slice(at + 1)}`;
  const row = { name: `pull of ${image} through zot`, expected: "200" };
  const lookAt =
    "See zot's log: the registry that it mirrors may be down, limit pulls, or have no such image (registry.pullThrough, zot.sync.credentialsFile).";
  return asked(row, lookAt, signal, async () => {
    const registry = await registryFor(registryUrl, account, signal);
    return (await registry.get(path, { timeout: FETCH_SECONDS })).status;
  });
}

/** Break-glass: an administrator's own API key still may delete. */
export async function adminRow(
  registryUrl: string,
  admin: RegistryAccount,
  repository: string,
  signal: AbortSignal,
): Promise<ProofRow> {
  const row = { name: `break-glass with the key of ${admin.username}`, expected: "404" };
  const lookAt = `Expected is the answer to somebody who may delete. Check that the key of acceptance.admin.apiKey has not expired, and that ${admin.username} is in access.adminGroup.`;
  return asked(row, lookAt, signal, async () => {
    const registry = await registryFor(registryUrl, admin, signal);
    return (await registry.deleteManifest(repository, NO_MANIFEST)).status;
  });
}

async function registryFor(url: string, { username, key }: RegistryAccount, signal: AbortSignal): Promise<Registry> {
  return new Registry(url, { kind: "key", username, key: await resolveSecret(key, signal) }, signal);
}

async function asked(
  row: Pick<ProofRow, "name" | "expected">,
  lookAt: string,
  signal: AbortSignal,
  ask: () => Promise<number>,
): Promise<ProofRow> {
  try {
    const measured = String(await ask());
    return measured === row.expected
      ? { ...row, measured, outcome: "passed", lookAt: "" }
      : { ...row, measured, outcome: "failed", lookAt };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Unreachable)
      return { ...row, measured: `no answer (${error.reason})`, outcome: "failed", lookAt };
    if (!(error instanceof ZotAuthError)) throw error;
    return { ...row, measured: "the key could not be read", outcome: "skipped", lookAt: messageOf(error) };
  }
}
