import { lookAt, passed } from "../matrix.ts";
import type { AccessRow, MeasuredRow, Subject } from "../matrix.ts";
import { at, list, string } from "../../../../core/json.ts";
import { probeImage } from "./probeImage.ts";
import { unexpected } from "../../../../core/http/http.ts";
import { Registry } from "./registry.ts";
import { Secret } from "../../../../core/secrets/secret.ts";
import { zotEndpoint } from "../../client.ts";

/** Registry and credentials for the proofs. */
export interface ProofContext {
  readonly registryUrl: string;
  /** The image repository that the proofs use. */
  readonly repository: string;
  readonly username: string;
  readonly key: Secret;
  readonly signal: AbortSignal;
}

/** The one permanent tag: testing overwrite and delete requires an existing tag. */
export const PROBE_TAG = "probe";

const KEPT = probeImage("Kept by zot-auth: CI may neither overwrite nor delete this tag.");
const OTHER = probeImage(
  "Pushed by zot-auth to prove that CI may create. It has no tag, so zot's garbage collection removes it.",
);
/** The beginning of what docker sends as its user agent, which zot looks for. */
const DOCKER = "docker/29.0.0 zot-auth";
const WRONG_KEY = new Secret("zak_00000000000000000000000000000000");

/**
 * Tests every row on the live registry.
 *
 * It leaves one tag of a few hundred bytes, once. A create-only account can never delete what it pushed, so the right to create is proved
 * with a manifest pushed by digest, without a tag.
 */
export async function measure(rows: readonly AccessRow[], context: ProofContext): Promise<readonly MeasuredRow[]> {
  await ensureProbeTag(context);
  return Promise.all(
    rows.map(async (row) => {
      const measured = { ...row, measured: await tryOperation(row, context) };
      return passed(measured) ? measured : { ...measured, lookAt: lookAt(measured) };
    }),
  );
}

async function ensureProbeTag(context: ProofContext): Promise<void> {
  const registry = registryFor("ci", context);
  if ((await registry.headManifest(context.repository, PROBE_TAG)) === 200) return;
  await registry.uploadBlobs(context.repository, KEPT);
  const answer = await registry.putManifest(context.repository, KEPT, PROBE_TAG);
  if (answer.status === 201) return;
  // A concurrent run may have created it: then this request is denied, but the tag exists.
  if ((await registry.headManifest(context.repository, PROBE_TAG)) === 200) return;
  throw unexpected(
    zotEndpoint(context.registryUrl),
    `accept the tag ${context.repository}:${PROBE_TAG} from ${context.username}`,
    answer,
  );
}

async function tryOperation(row: AccessRow, context: ProofContext): Promise<number> {
  const registry = registryFor(row.subject, context);
  const { repository } = context;
  const { target = repository } = row;
  switch (row.operation) {
    case "ping":
      return registry.ping(row.subject === "anonymous docker" ? DOCKER : undefined);
    case "pull":
      return (await registry.get(`/v2/${repository}/manifests/${PROBE_TAG}`)).status;
    case "list tags":
      return (await registry.get(`/v2/${target}/tags/list`)).status;
    case "begin an upload":
      return (await registry.startUpload(target)).status;
    case "push a new image": {
      const started = await registry.startUpload(repository);
      if (started.status !== 202) return started.status;
      await registry.uploadBlobs(repository, OTHER);
      return (await registry.putManifest(repository, OTHER)).status;
    }
    case "overwrite a tag":
      return (await registry.putManifest(repository, OTHER, PROBE_TAG)).status;
    case "delete a tag":
      return (await registry.deleteManifest(repository, PROBE_TAG)).status;
    case "overwrite or delete an image":
      return overwriteOrDelete(registry, target);
    case "read metrics":
      return (await registry.get(target)).status;
    case "begin an OIDC sign-in":
      return (await registry.get("/zot/auth/login?provider=oidc&callback_ui=%2F")).status;
  }
}

/** zot decides about permissions before it looks whether the manifest exists: with the permission to delete, it answers 404. */
const NO_MANIFEST = `sha256:${"0".repeat(64)}`;

/**
 * Whether anything below a prefix may be overwritten or deleted: the first status other than 403. It changes nothing even if it is permitted:
 * the manifest to delete does not exist, and the one to overwrite an image with is no manifest. Only an existing tag can be tried to be overwritten.
 */
async function overwriteOrDelete(registry: Registry, prefix: string): Promise<number> {
  const deleted = await registry.deleteManifest(`${prefix}/zot-auth-sample`, NO_MANIFEST);
  if (deleted.status !== 403) return deleted.status;
  const image = await firstImage(registry, prefix);
  if (image === undefined) return deleted.status;
  return typeof image === "number" ? image : (await registry.putNoManifest(image.repository, image.tag)).status;
}

/** Any image below a prefix; the status of a list that CI may not read. `latest` is no example: some releases let every creator move it. */
async function firstImage(
  registry: Registry,
  prefix: string,
): Promise<{ readonly repository: string; readonly tag: string } | number | undefined> {
  const catalog = await registry.get("/v2/_catalog");
  if (catalog.status !== 200) return catalog.status;
  for (const repository of list(at(catalog.json, "repositories")).map(string)) {
    if (!repository.startsWith(`${prefix}/`)) continue;
    const tags = await registry.get(`/v2/${repository}/tags/list`);
    const tag = list(at(tags.json, "tags"))
      .map(string)
      .find((name) => name !== "latest");
    if (tag !== undefined) return { repository, tag };
  }
  return undefined;
}

function registryFor(subject: Subject, context: ProofContext): Registry {
  const { registryUrl, username, signal } = context;
  switch (subject) {
    case "anonymous":
    case "anonymous docker":
      return new Registry(registryUrl, undefined, signal);
    case "wrong key":
      return new Registry(registryUrl, { kind: "key", username, key: WRONG_KEY }, signal);
    case "ci":
      return new Registry(registryUrl, { kind: "key", username, key: context.key }, signal);
  }
}
