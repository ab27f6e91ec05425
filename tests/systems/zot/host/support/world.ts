// A host for one test: a folder with a name that is hard to quote, a small zot, and its deployment.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deployScript } from "../../../../../systems/zot/host/deploy/deploy.ts";
import type { Deployment } from "../../../../../systems/zot/host/deploy/deploy.ts";
import { factsScript } from "../../../../../systems/zot/host/facts/question.ts";
import { parseFacts } from "../../../../../systems/zot/host/facts/answer.ts";
import type { HostFacts } from "../../../../../systems/zot/host/facts/facts.ts";
import { removeScript } from "../../../../../systems/zot/host/deploy/remove.ts";
import { quote } from "../../../../../systems/zot/host/shell/shell.ts";
import { FakeZot } from "./fakeZot.ts";
import { sh } from "./sh.ts";
import type { Ran } from "./sh.ts";

const ZOT = `#!/bin/sh
case $1 in
  schema) printf '{\\n  "properties": {"a=b": true}\\n}\\n' ;;
  --version) echo '{"commit":"v2.1.20-0-g3b5796d8"}' ;;
  verify)
    if grep -q broken "$2"; then
      echo '{"level":"info","message":"the whole config"}'
      echo '{"level":"error","message":"it is broken"}'; exit 1
    fi ;;
esac
`;

export class World {
  readonly folder: string;
  readonly zot: FakeZot;

  private constructor(folder: string, zot: FakeZot) {
    this.folder = folder;
    this.zot = zot;
  }

  static async make(): Promise<World> {
    const folder = join(mkdtempSync(join(tmpdir(), "zot-auth-host-")), `it's "a" $(folder) 100%`);
    mkdirSync(folder);
    writeFileSync(join(folder, "zot"), ZOT);
    chmodSync(join(folder, "zot"), 0o755);
    const zot = await FakeZot.start(join(folder, "config.json"), join(folder, "zot.log"));
    return new World(folder, zot);
  }

  close(): void {
    this.zot.close();
    rmSync(join(this.folder, ".."), { recursive: true, force: true });
  }

  at(name: string): string {
    return join(this.folder, name);
  }

  get configFile(): string {
    return this.at("config.json");
  }

  /** A config as the program writes it. `more` are keys at its top: `start: "refused"` is one that zot does not start with. */
  text(anonymous: readonly string[], more: object = {}): string {
    const rule = { policies: [], anonymousPolicy: anonymous, defaultPolicy: ["read"] };
    const http = { port: String(this.zot.port), accessControl: { repositories: { "**": rule } } };
    return `${JSON.stringify({ ...more, http }, null, 2)}\n`;
  }

  config(): string {
    return readFileSync(this.configFile, "utf8");
  }

  read(name: string): string | undefined {
    return existsSync(this.at(name)) ? readFileSync(this.at(name), "utf8") : undefined;
  }

  files(): readonly string[] {
    return readdirSync(this.folder).sort();
  }

  /** What was there before us: a config that zot serves. */
  beginWith(text: string): void {
    writeFileSync(this.configFile, text);
    this.zot.restart();
    this.zot.restarts = 0;
  }

  deployment(change: Partial<Deployment> = {}): Deployment {
    const command = `curl -fsS ${quote(`${this.zot.url}/control/restart`)}`;
    return {
      binary: this.at("zot"),
      configFile: this.configFile,
      service: { manager: { kind: "command", command }, logs: [this.at("zot.log")] },
      startDigest: "digest-1",
      credentials: "print 0",
      repairs: 0,
      serviceRepairs: 0,
      origin: this.zot.url,
      readySeconds: 2,
      reloadSeconds: 1,
      issuer: `${this.zot.url}/issuer/`,
      ...change,
    };
  }

  async deploy(text: string, change: Partial<Deployment> = {}, environment: NodeJS.ProcessEnv = {}): Promise<Ran> {
    return sh(deployScript(this.deployment(change)), text, environment);
  }

  async remove(change: Partial<Deployment> = {}): Promise<Ran> {
    return sh(removeScript(this.deployment(change)));
  }

  async facts(
    serviceFile?: string,
    schema = false,
    more: Partial<Parameters<typeof factsScript>[0]> = {},
  ): Promise<HostFacts> {
    const question = {
      schema,
      ...this.deployment(),
      credentialsFile: this.at("credentials.json"),
      dataDirectory: this.at("data"),
      ...(serviceFile === undefined ? {} : { serviceFile }),
      ...more,
    };
    return parseFacts((await sh(factsScript(question))).stdout, "local");
  }
}
