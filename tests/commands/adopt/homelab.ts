// A homelab that was set up by hand: zot's files on this machine or behind a fake ssh, and the lab's Authentik, Forgejo and 1Password.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import type { TestContext } from "node:test";
import { parse } from "yaml";
import { adopt } from "../../../commands/adopt/adopt.ts";
import { startConnect } from "../../../lab/onePassword/server.ts";
import { adminKey, startLab } from "../../lab/authentik/support.ts";
import type { Lab } from "../../lab/authentik/support.ts";
import { handMadeBlueprint, handMadeConfig } from "../../support/handMade.ts";
import { TOKEN as FORGEJO_TOKEN, forgejo } from "../../lab/forgejo/instance.ts";

export const REGISTRY = "https://registry.example.net";

/** Secrets of this homelab: nothing may print or write them. */
export const SECRETS = {
  client: "the-oauth2-client-secret",
  key: "zak_handmadekeyhandmadekeyhand",
  connect: "the-connect-token",
  authentik: adminKey,
  forgejo: FORGEJO_TOKEN,
};

export interface Ran {
  readonly code: number;
  readonly output: string;
  /** The written file's text; `undefined` if there is none. */
  readonly text: string | undefined;
}

export class HandMade {
  readonly folder: string;
  readonly configFile: string;
  settingsFile: string;
  readonly urls: Readonly<Record<"authentik" | "forgejo" | "connect", string>>;

  readonly authentik: Lab;

  private constructor(folder: string, authentik: Lab, urls: HandMade["urls"]) {
    this.folder = folder;
    this.authentik = authentik;
    this.configFile = join(folder, "zot", "config.json");
    this.settingsFile = join(folder, "Pulumi.nas.yaml");
    this.urls = urls;
  }

  /** @param secrets the names of the repository's Actions secrets */
  static async start(t: TestContext, secrets: readonly string[] = ["ZOT_CI_API_KEY"]): Promise<HandMade> {
    const folder = mkdtempSync(join(tmpdir(), "zot-auth-adopt-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const field = (label: string, value: string) => ({ label, value, section: "more" });
    const [authentik, forge, connect] = await Promise.all([
      startLab(t),
      forgejo(t, { secrets: Object.fromEntries(secrets.map((name) => [name, "a value"])) }),
      startConnect({
        port: 0,
        data: join(folder, "connect-data"),
        seed: {
          vaults: [
            {
              name: "homelab",
              items: [
                {
                  title: "Zot",
                  sections: [{ id: "more", label: "More" }],
                  fields: [field("client-secret", SECRETS.client), field("zot-ci-api", SECRETS.key)],
                },
              ],
            },
          ],
          tokens: [{ token: SECRETS.connect, vaults: { homelab: "write" } }],
        },
      }),
    ]);
    t.after(async () => connect.close());
    await authentik.apply("registry.yaml", handMadeBlueprint(REGISTRY));
    const homelab = new HandMade(folder, authentik, {
      authentik: authentik.server.url,
      forgejo: forge.url,
      connect: connect.url,
    });
    homelab.#writeHost();
    return homelab;
  }

  #writeHost(): void {
    mkdirSync(join(this.folder, "zot"));
    mkdirSync(join(this.folder, "bin"));
    const at = (name: string): string => join(this.folder, "zot", name);
    writeFileSync(
      this.configFile,
      handMadeConfig({
        dataDirectory: at("data"),
        port: 5000,
        registryUrl: REGISTRY,
        credentialsFile: at("oidc.json"),
        authentikUrl: this.urls.authentik,
      }),
    );
    writeFileSync(at("oidc.json"), JSON.stringify({ clientId: "zot", clientsecret: SECRETS.client }));
    this.program("zot", `case $1 in --version) echo '{"commit":"v2.1.20-0-g3b5796d8"}' ;; esac`);
    // Not what else runs on this machine.
    for (const name of ["launchctl", "ps"]) this.program(name, ":");
    // A host of the user's own ssh config.
    this.program("ssh", `for last; do :; done\nexec /bin/sh -c "$last"`);
    for (const name of ["connect", "authentik", "forgejo"] as const)
      writeFileSync(join(this.folder, name), `${SECRETS[name]}\n`, { mode: 0o600 });
  }

  /** Sends a POST to Authentik's API, as an administrator. */
  async changeAuthentik(path: string, body: unknown): Promise<Record<string, unknown>> {
    const answer = await this.authentik.api("POST", path, body);
    if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${answer.text}`);
    return answer.text === "" ? {} : answer.json;
  }

  program(name: string, script: string): void {
    const file = join(this.folder, "bin", name);
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
  }

  /** Changes zot's config. */
  changeConfig(change: (config: Record<string, Record<string, unknown>>) => void): void {
    const config = JSON.parse(readFileSync(this.configFile, "utf8")) as Record<string, Record<string, unknown>>;
    change(config);
    writeFileSync(this.configFile, JSON.stringify(config));
  }

  /** The flags that a person gives; without those of these settings. */
  flags(...without: readonly string[]): readonly string[] {
    const secret = (name: string): string => `file:${join(this.folder, name)}`;
    const all = {
      "registry.configFile": this.configFile,
      "registry.binary": join(this.folder, "bin", "zot"),
      "registry.restartCommand": "restart-zot",
      "authentik.token": secret("authentik"),
      "authentik.clientSecret": "op://homelab/Zot/client-secret",
      "onePassword.connectUrl": this.urls.connect,
      "onePassword.connectToken": secret("connect"),
      "ci.keyStore": "op://homelab/Zot/zot-ci-api",
      "ci.imagePrefix": "own",
      "forgejo.url": this.urls.forgejo,
      "forgejo.token": secret("forgejo"),
      "forgejo.repositories": "own/app",
    };
    return Object.entries(all)
      .filter(([setting]) => !without.includes(setting))
      .flatMap(([setting, value]) => [`--${setting}`, value]);
  }

  /** Runs the command in this process. With `typed`, on a terminal where somebody types that; otherwise without one. @param programs the PATH */
  async adopt(flags: readonly string[], typed?: readonly string[], programs?: string): Promise<Ran> {
    let output = "";
    const lines = [...(typed ?? [])];
    const input = Object.assign(new Readable({ read: () => undefined }), { isTTY: typed !== undefined });
    const printed = new Writable({
      write: (chunk, _encoding, done) => {
        output += String(chunk);
        done();
        // Each answer after its question.
        if (typed !== undefined && /(?:: |\[y\/N\] )$/.test(String(chunk)))
          setImmediate(() => input.push(lines.length === 0 ? null : `${lines.shift() ?? ""}\n`));
      },
    });
    const path = process.env["PATH"];
    process.env["PATH"] = programs ?? `${join(this.folder, "bin")}:${path ?? ""}`;
    try {
      const code = await adopt(["nas", "--config-file", this.settingsFile, ...flags], {
        input,
        output: printed,
        errors: printed,
        environment: {},
      });
      return { code, output, text: this.text() };
    } finally {
      process.env["PATH"] = path;
    }
  }

  text(): string | undefined {
    return existsSync(this.settingsFile) ? readFileSync(this.settingsFile, "utf8") : undefined;
  }

  /** The written settings. */
  settings(): Record<string, Record<string, unknown>> {
    return (parse(this.text() ?? "") as { config: Record<string, Record<string, unknown>> }).config;
  }
}

/** The file's settings without the project's prefix. */
export function settingsOf(homelab: HandMade): Record<string, Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(homelab.settings()).map(([key, value]) => [key.replace("zot-auth:", ""), value]),
  );
}
