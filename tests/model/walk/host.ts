// The host of the model's zot. The commands of ZotServer do here what their scripts do on a host (tests/systems/zot/host), without a shell: they write files and
// restart zot, and a removal restores what was there before. Which path, they read from the script.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { zotAuth } from "../../../provider/definition.ts";
import { diffByInputs } from "../../../provider/grpc/index.ts";
import type { ResourceHandler, Values } from "../../../provider/grpc/index.ts";
import type { Definition } from "../engine/definition.ts";
import type { Homelab } from "../homelab/homelab.ts";

const FILE_CLEANUP = "zot-auth:zot:FileCleanup";
const BEFORE = ".before-zot-auth";

export class ModelHost {
  readonly #lab: Homelab;
  readonly #folder: string;
  /** Files that a command wrote. */
  readonly #ours = new Set<string>();

  constructor(lab: Homelab) {
    this.#lab = lab;
    this.#folder = join(lab.folder, "host");
    mkdirSync(this.#folder);
  }

  path(name: string): string {
    return join(this.#folder, name);
  }

  files(): readonly string[] {
    return readdirSync(this.#folder).sort();
  }

  /** The providers that work on the host. */
  definitions(): readonly Definition[] {
    const { resources } = zotAuth;
    const fileCleanup = resources[FILE_CLEANUP];
    if (fileCleanup === undefined) throw new Error(`there is no ${FILE_CLEANUP}`);
    const cleanup = async (): Promise<ResourceHandler> => ({
      ...(await fileCleanup()),
      delete: async (_id, { file }) => {
        this.#remove(file as string);
        return Promise.resolve();
      },
    });
    return [{ ...zotAuth, resources: { ...resources, [FILE_CLEANUP]: cleanup } }, this.#command()];
  }

  #command(): Definition {
    const handler: ResourceHandler = {
      diff: async ({ inputs, oldInputs }) => Promise.resolve(diffByInputs(oldInputs, inputs, ["triggers"])),
      preview: async (inputs) => Promise.resolve(inputs),
      create: async (inputs, { name }) => ({ id: name, state: await this.#deploy(inputs, name) }),
      update: async (_id, _state, inputs, { name }) => this.#deploy(inputs, name),
      delete: async (_id, state) => {
        this.#remove(pathIn(state, "ZOT_AUTH_REMOVE"));
        return Promise.resolve();
      },
    };
    return { name: "command", resources: { "command:local:Command": async () => Promise.resolve(handler) } };
  }

  async #deploy(inputs: Values, name: string): Promise<Values> {
    const file = pathIn(inputs, "ZOT_AUTH_DEPLOY");
    const { stdin } = inputs;
    if (typeof stdin === "string") this.#write(file, stdin);
    else if (!existsSync(file))
      this.#write(file, JSON.stringify({ hashKey: "k".repeat(64), encryptKey: "k".repeat(32) }));
    if (name.endsWith("-config")) await this.#lab.restartZot(file);
    const print = createHash("sha256").update(readFileSync(file)).digest("hex").slice(0, 16);
    return { ...inputs, stdout: `${print} 0`, stderr: "" };
  }

  #write(file: string, content: string): void {
    mkdirSync(dirname(file), { recursive: true });
    if (!this.#ours.has(file) && existsSync(file)) renameSync(file, file + BEFORE);
    this.#ours.add(file);
    writeFileSync(file, content);
  }

  #remove(file: string): void {
    if (this.#ours.delete(file)) rmSync(file, { force: true });
    if (existsSync(file + BEFORE)) renameSync(file + BEFORE, file);
  }
}

function pathIn({ environment }: Values, variable: "ZOT_AUTH_DEPLOY" | "ZOT_AUTH_REMOVE"): string {
  const script = (environment as Readonly<Record<string, string>>)[variable] ?? "";
  const [, path] = /^given='([^']+)'/m.exec(script) ?? [];
  if (path === undefined) throw new Error(`the script names no file:\n${script.slice(0, 500)}`);
  return path;
}
