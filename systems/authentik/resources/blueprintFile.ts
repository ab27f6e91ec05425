import { lstat, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { ZotAuthError } from "../../../core/errors.ts";
import { unlessGone } from "../../../core/serverGone.ts";
import { unlessUnreadable } from "../../../core/time/lookAhead.ts";
import type { Context, Observed, Resource } from "../../../provider/resource.ts";
import { forgetInstance } from "../applying/removal/forgetInstance.ts";
import type { AuthentikConnection } from "../client.ts";

/** The blueprint as a file of a clone of the repository that the homelab is deployed from. A person commits and pushes it. */
export interface BlueprintFileInputs {
  /** Relative to the project's folder, or absolute. */
  readonly file: string;
  readonly text: string;
  /** Of `ObjectCleanup`: with another one, it is written again. */
  readonly generation?: number | undefined;
}

export type BlueprintFileState = BlueprintFileInputs & Observed;

export const blueprintFile: Resource<BlueprintFileInputs, BlueprintFileState> = {
  computed: {},

  diff: ({ inputs, oldInputs }) => ({ replace: inputs.file === oldInputs.file ? [] : ["file"] }),

  lookAhead: {
    needs: ["file", "text"],
    look: async ({ inputs: { file, text }, state }, context) => {
      if (state !== undefined) return;
      await unlessUnreadable(`Whether ${file} can be written is unknown`, context, async () => {
        const held = await textOf(file);
        if (held !== undefined && held !== text)
          context.warn(`\`up\` overwrites ${file}, which has different content. Git keeps what is committed.`);
      });
    },
  },

  async create(inputs, context) {
    return { id: inputs.file, state: await write(inputs, context) };
  },

  async read(state) {
    const held = await textOf(state.file);
    if (held === undefined) return undefined;
    return { ...state, drift: held === state.text ? "" : `${state.file} has different content` };
  },

  async update(_state, inputs, context) {
    return write(inputs, context);
  },

  async delete(state, context) {
    const held = await textOf(state.file);
    if (held === undefined) return;
    if (held !== state.text) {
      context.warn(
        `${state.file} was not deleted, because its content is not from this program. Delete it in Git if it is not needed.`,
      );
      return;
    }
    await remove(state, context);
  },
};

/**
 * Cleanup of the file (docs/background/cleanup.md): it is in the state before the file is written. Each file has a resource of its own, as the files of zot have, so that one which an interrupted
 * run wrote is removed, too. A file that a person has changed since stays.
 */
export interface BlueprintFileCleanupInputs extends Pick<BlueprintFileInputs, "file" | "text"> {
  /** Where Authentik has the blueprint. Absent in the state of earlier versions. */
  readonly instance?: AuthentikConnection & { readonly place: string };
}

export type BlueprintFileCleanupState = BlueprintFileCleanupInputs & Observed;

export const blueprintFileCleanup: Resource<BlueprintFileCleanupInputs, BlueprintFileCleanupState> = {
  computed: {},

  async create(inputs) {
    return Promise.resolve({ id: inputs.file, state: { ...inputs, drift: "" } });
  },

  async update(_state, inputs) {
    return Promise.resolve({ ...inputs, drift: "" });
  },

  // Usually no file is left: BlueprintFile is deleted before.
  async delete(state, context) {
    const { file, text, instance } = state;
    if ((await textOf(file)) === text) await remove(state, context);
    if (instance === undefined) return;
    const { authentikUrl: url, place } = instance;
    await unlessGone({ url, what: `The blueprint instance of ${place}` }, context, async () => {
      await forgetInstance(instance, place, context);
    });
  },
};

async function remove({ file }: Pick<BlueprintFileInputs, "file">, context: Context): Promise<void> {
  await attempt(file, async () => rm(resolve(file)));
  const push = commit(file, "Remove the blueprint of zot-auth");
  // Deleted earlier, the instance would come back with the file, and with it what the blueprint makes.
  context.warn(
    `${file} was deleted in your clone. ${push} Unless its worker no longer sees the file, Authentik keeps the file's blueprint instance, and removes it within an hour after that.`,
  );
}

async function write(inputs: BlueprintFileInputs, context: Context): Promise<BlueprintFileState> {
  const { file, text } = inputs;
  if ((await textOf(file)) !== text) {
    // An editor or `git` never sees a partial file.
    const half = `${resolve(file)}.zot-auth`;
    await attempt(file, async () => {
      await writeFile(half, text);
      await rename(half, resolve(file));
    });
    context.warn(`${file} was written. ${commit(file, "Blueprint of zot-auth")} Authentik then gets it from there.`);
  }
  return { ...inputs, drift: "" };
}

function commit(file: string, message: string): string {
  const quoted = (word: string): string => (/^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);
  const name = file.slice(file.lastIndexOf("/") + 1);
  const git = `git -C ${quoted(dirname(file))}`;
  return `Commit and push it: ${git} add -A -- ${quoted(name)} && ${git} commit -m ${quoted(message)} -- ${quoted(name)} && ${git} push.`;
}

async function textOf(file: string): Promise<string | undefined> {
  return attempt(file, async () => {
    try {
      if (!(await lstat(resolve(file))).isFile()) throw notAFile(file, "it is not a file");
      return await readFile(resolve(file), "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      return undefined;
    }
  });
}

async function attempt<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ZotAuthError) throw error;
    throw notAFile(file, (error as NodeJS.ErrnoException).code ?? "unknown error");
  }
}

function notAFile(file: string, why: string): ZotAuthError {
  return new ZotAuthError(
    "BLUEPRINT_FILE_UNUSABLE",
    `authentik.delivery: the file ${file} cannot be used (${why}). Its folder must exist, in a clone of your GitOps repository, and be writable.`,
  );
}
