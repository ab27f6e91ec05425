// A job that pushes with its token: the real crane and curl, skopeo as in the other tests, and a front before the registry that accepts tokens.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { PushLogin } from "../../../systems/forgejo/secrets/secretMarker.ts";
import { masked, pushImage } from "../pushing.ts";
import type { Pushed } from "../pushing.ts";
import { infoOf, startCiRegistry, writeImage } from "../support.ts";
import type { CiRegistry } from "../support.ts";
import { buildCrane } from "./crane/crane.ts";
import { startJobServers } from "./servers.ts";
import type { JobServers } from "./servers.ts";

/** The folder with the lab's programs, for {@link pathOf}. */
export const LAB = resolve(import.meta.dirname, "../../../lab/bin");

export function pathOf(...folders: readonly string[]): string {
  return [...folders, process.env["PATH"] ?? ""].join(":");
}

export class TokenJob {
  readonly ci: CiRegistry;
  readonly servers: JobServers;
  readonly folder: string;
  /** A small image, as skopeo names it. */
  readonly image: string;

  private constructor(ci: CiRegistry, servers: JobServers, folder: string) {
    this.ci = ci;
    this.servers = servers;
    this.folder = folder;
    this.image = this.fresh();
  }

  static async start(): Promise<TokenJob> {
    const ci = await startCiRegistry();
    const servers = await startJobServers(ci);
    const folder = mkdtempSync(join(tmpdir(), "push-by-token-"));
    mkdirSync(join(folder, "bin"));
    buildCrane(join(folder, "bin"));
    // What a runner without skopeo has.
    mkdirSync(join(folder, "few"));
    for (const name of ["sh", "curl", "mktemp", "rm", "cat", "grep", "sed", "tr", "head", "date"])
      symlinkSync(spawnSync("which", [name], { encoding: "utf8" }).stdout.trim(), join(folder, "few", name));
    symlinkSync(join(folder, "bin/crane"), join(folder, "few/crane"));
    return new TokenJob(ci, servers, folder);
  }

  async close(): Promise<void> {
    await this.servers.close();
    await this.ci.registry.close();
    rmSync(this.folder, { recursive: true });
  }

  /** An image of which the registry has no blob. */
  fresh(bytes = 1024): string {
    return writeImage(mkdtempSync(join(this.folder, "image-")), bytes);
  }

  /** The variable that zot-auth gives to a repository. */
  tokenInfo(login: Partial<PushLogin> = {}): string {
    const { registryUrl, audience } = this.servers;
    return infoOf(this.ci, {
      label: "zot-auth/lab/site",
      login: { user: "zot-site", registry: registryUrl, prefix: "homelab", audience, ...login },
    });
  }

  /** Of an account whose jobs may create keys that push. */
  shortKey(): NodeJS.ProcessEnv {
    return { ZOT_CI_JOB_TOKEN_INFO: this.tokenInfo({ shortKey: true }) };
  }

  /** The secret, and the variable beside it. */
  storedKey(): NodeJS.ProcessEnv {
    const login = { user: "zot-ci", registry: this.servers.registryUrl, prefix: "homelab" };
    return { ZOT_CI_API_KEY: this.ci.key, ZOT_CI_INFO: infoOf(this.ci, { login }) };
  }

  /** Runs the script, and checks that its log has no token and no key. */
  async push(args: readonly string[], variables: NodeJS.ProcessEnv = {}, stopOnce?: () => boolean): Promise<Pushed> {
    const { servers, folder } = this;
    const pushed = await pushImage(args, {
      folder,
      variables: {
        PATH: pathOf(join(folder, "bin"), LAB),
        ZOT_CI_JOB_TOKEN_INFO: this.tokenInfo(),
        GITHUB_REPOSITORY: "own/app",
        GITHUB_REF: "refs/heads/dev",
        GITHUB_EVENT_NAME: "push",
        GITHUB_RUN_ID: "77",
        ...servers.variables,
        ...variables,
      },
      stopOnce,
    });
    const said = masked(pushed.said);
    for (const secret of [...servers.secrets, this.ci.key]) assert.ok(!said.includes(secret), said);
    return { ...pushed, said };
  }

  /** An image's name as the script shows it. */
  named(name: string): string {
    return `${new URL(this.servers.registryUrl).host}/homelab/${name}`;
  }

  /** The registry's status for a tag. */
  async status(name: string, tag: string): Promise<number> {
    return (await fetch(`${this.ci.registry.url}/v2/homelab/${name}/manifests/${tag}`)).status;
  }
}
