import { execFile } from "node:child_process";
import type { ExecFileException } from "node:child_process";
import type { Account, File, Item, Vault } from "./model.ts";

export interface OpCliOptions {
  readonly program: string;
  /** Either this or `account` is set; the other is empty. */
  readonly serviceAccountToken: string;
  readonly account: string;
}

/** 1Password through its CLI `op`, for service accounts and the desktop app. */
export class OpCli implements Account {
  readonly #options: OpCliOptions;

  constructor(options: OpCliOptions) {
    this.#options = options;
  }

  async vault(id: string, signal: AbortSignal): Promise<Vault> {
    return this.#json(["vault", "get", id], signal);
  }

  async vaultsNamed(name: string, signal: AbortSignal): Promise<readonly Vault[]> {
    const vaults = await this.#json<readonly Vault[]>(["vault", "list"], signal);
    return vaults.filter((vault) => vault.name === name);
  }

  async item(id: string, vault: string, signal: AbortSignal): Promise<Item> {
    return this.#json(["item", "get", id, `--vault=${vault}`], signal);
  }

  async itemTitled(title: string, vault: string, signal: AbortSignal): Promise<Item> {
    return this.item(title, vault, signal);
  }

  async fileContent(file: File, item: Item, signal: AbortSignal): Promise<Buffer> {
    return this.#run(["read", `op://${item.vault.id}/${item.id}/${file.id}`], signal);
  }

  async #json<Body>(args: readonly string[], signal: AbortSignal): Promise<Body> {
    return JSON.parse((await this.#run(args, signal)).toString()) as Body;
  }

  async #run(args: readonly string[], signal: AbortSignal): Promise<Buffer> {
    const { program, account, serviceAccountToken } = this.#options;
    const env = {
      ...process.env,
      OP_FORMAT: "json",
      ...(serviceAccountToken === "" ? {} : { OP_SERVICE_ACCOUNT_TOKEN: serviceAccountToken }),
      ...(account === "" ? {} : { OP_BIOMETRIC_UNLOCK_ENABLED: "true" }),
    };
    const all = account === "" ? [...args] : [...args, `--account=${account}`];
    return new Promise((resolve, reject) => {
      const options = { env, signal, encoding: "buffer", maxBuffer: 64 * 1024 * 1024 } as const;
      const child = execFile(program, all, options, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else if (signal.aborted) reject(signal.reason as Error);
        else reject(new Error(whyNot(error, program, stderr.toString())));
      });
      child.stdin?.end();
    });
  }
}

/** The error without the command line, which Node's own message contains. */
function whyNot(error: ExecFileException, program: string, stderr: string): string {
  if (error.code === "ENOENT")
    return `failed to execute command: exec: ${JSON.stringify(program)}: executable file not found in $PATH`;
  if (typeof error.code === "string")
    return `failed to execute command: exec: ${JSON.stringify(program)}: ${error.code}`;
  const said = /^\[ERROR] \S+ \S+ (.+)$/m.exec(stderr)?.[1];
  return said === undefined ? `unkown op error: ${stderr}` : `op error: ${said}`;
}
