// The host of the model's zot. The commands of ZotServer do here what their scripts do on a host (tests/systems/zot/host), without a shell: they write files and
// restart zot, and a removal restores what was there before. Which path, they read from the script.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { zotAuth } from "../../../../provider/definition.ts";
import { diffByInputs } from "../../../../provider/grpc/index.ts";
import type { ResourceHandler, Values } from "../../../../provider/grpc/index.ts";
import type { Settings } from "../../../../settings/schema.ts";
import type { HostFacts, RecordedFile } from "../../../../systems/zot/host/facts/facts.ts";
import { version } from "../../../support/settings.ts";
import type { Definition } from "../../engine/definition.ts";
import type { Homelab } from "../../homelab/homelab.ts";
import { changing } from "../../requests/gate.ts";

const AS_WRITTEN = { repairs: 0, state: "as written" } as const;
const FACTS = {
  binary: "/usr/bin/zot",
  home: "/nowhere",
  owner: "zot",
  config: AS_WRITTEN,
  credentials: AS_WRITTEN,
  service: AS_WRITTEN,
  sessionKeys: AS_WRITTEN,
};

const FILE_CLEANUP = "zot-auth:zot:FileCleanup";
const BEFORE = ".before-zot-auth";

export class ModelHost {
  readonly #lab: Homelab;
  readonly #folder: string;
  /** The records of the files that a command wrote, by path. */
  readonly records = new Map<string, RecordedFile>();

  constructor(lab: Homelab) {
    this.#lab = lab;
    this.#folder = join(lab.folder, "host");
    mkdirSync(this.#folder);
  }

  path(name: string): string {
    return join(this.#folder, name);
  }

  /** The records of the files that the settings name, as the host reports them. */
  facts({ registry, zot }: Settings): HostFacts {
    const files = {
      config: registry.configFile,
      credentials: registry.credentialsFile,
      sessionKeys: zot.auth.sessionKeysFile ?? "",
    };
    const recorded = Object.fromEntries(
      Object.entries(files).flatMap(([name, file]) => {
        const record = this.records.get(file);
        return record === undefined ? [] : [[name, record] as const];
      }),
    );
    const deployed = {
      configText: "",
      credentialsByHand: "",
      start: "",
      hashes: { config: "", service: "", sessionKeys: "" },
      recorded,
    };
    return { ...FACTS, version: version(this.#lab.zotVersion), deployed };
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
        await this.#remove(file as string);
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
        await this.#remove(pathIn(state, "ZOT_AUTH_REMOVE"));
      },
    };
    return { name: "command", resources: { "command:local:Command": async () => Promise.resolve(handler) } };
  }

  async #deploy(inputs: Values, name: string): Promise<Values> {
    const file = pathIn(inputs, "ZOT_AUTH_DEPLOY");
    const number = numberIn(inputs);
    const { stdin } = inputs;
    await changing("PUT", new URL(`file://${file}`), async () => {
      if (typeof stdin === "string") this.#write(file, stdin);
      else if (!existsSync(file))
        this.#write(file, JSON.stringify({ hashKey: "k".repeat(64), encryptKey: "k".repeat(32) }));
      this.records.set(file, { hash: hashOf(file), place: `local:${file}`, number });
      if (name.endsWith("-config")) await this.#lab.restartZot(file);
    });
    return { ...inputs, stdout: `${hashOf(file).slice(0, 16)} 0`, stderr: "" };
  }

  #write(file: string, content: string): void {
    mkdirSync(dirname(file), { recursive: true });
    if (!this.records.has(file) && existsSync(file)) renameSync(file, file + BEFORE);
    writeFileSync(file, content);
  }

  async #remove(file: string): Promise<void> {
    await changing("DELETE", new URL(`file://${file}`), async () => {
      if (this.records.delete(file)) rmSync(file, { force: true });
      if (existsSync(file + BEFORE)) renameSync(file + BEFORE, file);
      return Promise.resolve();
    });
  }
}

function hashOf(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

/** The deployment's number, which the script writes into the file's record. */
function numberIn({ environment }: Values): number {
  const script = (environment as Readonly<Record<string, string>>)["ZOT_AUTH_DEPLOY"] ?? "";
  const [, ofConfig, ofOther] = /; number=(\d+); issuer|"\$\(sum "\$file"\)" \d+ (\d+) "/.exec(script) ?? [];
  const number = ofConfig ?? ofOther;
  if (number === undefined) throw new Error(`the script has no number:\n${script.slice(0, 500)}`);
  return Number(number);
}

function pathIn({ environment }: Values, variable: "ZOT_AUTH_DEPLOY" | "ZOT_AUTH_REMOVE"): string {
  const script = (environment as Readonly<Record<string, string>>)[variable] ?? "";
  const [, path] = /^given='([^']+)'/m.exec(script) ?? [];
  if (path === undefined) throw new Error(`the script names no file:\n${script.slice(0, 500)}`);
  return path;
}
