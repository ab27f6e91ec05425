import { inlineName } from "../blueprint/delivery.ts";
import { ZotAuthError } from "../../../core/errors.ts";
import type { Authentik } from "../client.ts";
import type { BlueprintInstance } from "./blueprintInstance.ts";
import { waitFor } from "../../../core/time/wait.ts";
import type { Context } from "../../../provider/resource.ts";

/** A blueprint on its way to Authentik. */
export interface Delivered {
  /** The path under which the worker sees the file, `custom/zot.yaml`; or `inline:` and a name. */
  readonly path: string;
  /** SHA-512 (hex) of the delivered text. */
  readonly hash: string;
  /** Seconds for the file to arrive, and again for it to be applied. */
  readonly timeout: number;
}

/**
 * Waits until Authentik's worker sees the delivered text.
 *
 * @param arrival what must happen first, in a sentence
 * @throws ZotAuthError `BLUEPRINT_NOT_SEEN`, `BLUEPRINT_INSTANCE_MISSING`, `AUTHENTIK_WORKER_SILENT`
 */
export async function arrived(
  authentik: Authentik,
  { path, hash, timeout }: Delivered,
  arrival: string,
  context: Context,
): Promise<BlueprintInstance> {
  if (inlineName(path) !== undefined) return inlineInstance(authentik, { path, hash, timeout });
  const wait = { timeoutSeconds: timeout, signal: context.signal };
  let files: ReadonlyMap<string, string> = new Map();
  let known: BlueprintInstance | undefined;
  let elsewhere: string | undefined;
  context.progress(`waiting for Authentik's worker to see the blueprint. ${arrival}`);
  await waitFor(
    async () => {
      files = await availableFiles(authentik);
      if (files.get(path) === hash) return true;
      // No error yet: it may be on its way from there, as after a change of the path.
      const found = [...files].find(([, seen]) => seen === hash)?.[0];
      if (found !== undefined && found !== elsewhere)
        context.progress(`Authentik's worker has the blueprint at ${found}; waiting until it appears at ${path}`);
      elsewhere = found;
      known ??= await authentik.blueprint(path);
      return undefined;
    },
    {
      ...wait,
      code: "BLUEPRINT_NOT_SEEN",
      what: `Authentik's worker to see the new ${path}`,
      remedy: () => `${whatItSees({ path, hash }, files, known)} ${arrival}`,
    },
  );
  return waitFor(async () => authentik.blueprint(path), {
    ...wait,
    code: "BLUEPRINT_INSTANCE_MISSING",
    what: `Authentik to list the blueprint ${path}`,
    remedy: () =>
      "The worker sees the file but has not created a blueprint from it: its hourly discovery does. Check the blueprints in Authentik's admin interface, and the worker's log.",
  });
}

/** The name of an API-delivered blueprint in Authentik: each new text has a new name. */
export function inlineInstanceName(name: string, hash: string): string {
  return `${name} ${hash.slice(0, 12)}`;
}

/** The current blueprint instance in Authentik; `undefined` if there is none. */
export async function presentInstance(
  authentik: Authentik,
  { path, hash }: Pick<Delivered, "path" | "hash">,
): Promise<BlueprintInstance | undefined> {
  const name = inlineName(path);
  if (name === undefined) return authentik.blueprint(path);
  return (await authentik.blueprintsNamed(inlineInstanceName(name, hash)))[0];
}

async function inlineInstance(authentik: Authentik, place: Delivered): Promise<BlueprintInstance> {
  const found = await presentInstance(authentik, place);
  if (found !== undefined) return found;
  throw new ZotAuthError(
    "BLUEPRINT_INSTANCE_MISSING",
    `The blueprint "${inlineInstanceName(inlineName(place.path) ?? "", place.hash)}", which was delivered through Authentik's API, no longer exists. Run \`pulumi refresh\`, then \`pulumi up\`.`,
  );
}

/** The worker creates the list: without a worker this request gets no response, while the server responds to all others. */
async function availableFiles(authentik: Authentik): Promise<ReadonlyMap<string, string>> {
  try {
    return await authentik.available();
  } catch (error) {
    if (!(error instanceof ZotAuthError) || error.code !== "SERVER_UNREACHABLE") throw error;
    await authentik.owner();
    throw new ZotAuthError(
      "AUTHENTIK_WORKER_SILENT",
      "Authentik responds, but its worker does not list the blueprint files. Check that the worker is running, and run again.",
    );
  }
}

function whatItSees(
  { path, hash }: Pick<Delivered, "path" | "hash">,
  files: ReadonlyMap<string, string>,
  known: BlueprintInstance | undefined,
): string {
  const same = [...files].find(([, seen]) => seen === hash)?.[0];
  if (same !== undefined) return `The worker has this blueprint at ${same}. Set authentik.blueprintPath to that path.`;
  if (files.has(path))
    return "It still sees different content: something else writes the file, or the new content has not arrived yet.";
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  const beside = [...files.keys()].filter((file) => file.startsWith(folder));
  if (beside.length === 0) return `It sees no files in ${folder}: nothing is mounted there.`;
  return known === undefined || known.lastAppliedHash === ""
    ? `It sees other files in ${folder}, but not this one.`
    : "It saw the file before but no longer lists it: the file was deleted or has a syntax error, which Authentik does not report.";
}
