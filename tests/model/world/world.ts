// The whole world of a stack: what every server has, the files, Pulumi's state, and the time. It can be put back.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { RecordedFile } from "../../../systems/zot/host/facts/facts.ts";
import type { Engine } from "../engine/engine.ts";
import { setClock } from "../homelab/clock.ts";
import type { Homelab } from "../homelab/homelab.ts";
import { copyOf, putBack } from "../homelab/memory.ts";
import type { Copy } from "../homelab/memory.ts";

/** What a world is the world of. */
export interface Parts {
  readonly lab: Homelab;
  readonly engine: Pick<Engine, "state" | "pending" | "said">;
  /** zot's host, if the model plays it. */
  readonly host?: { readonly records: Map<string, RecordedFile> };
}

export interface World {
  readonly servers: Copy;
  /** By path. */
  readonly files: ReadonlyMap<string, Buffer>;
  readonly records: ReadonlyMap<string, RecordedFile>;
  readonly state: Engine["state"];
  readonly pending: Engine["pending"];
  /** The config file with which zot started. */
  readonly zot: string;
  readonly time: number;
}

export async function worldOf({ lab, engine, host }: Parts): Promise<World> {
  await lab.settled();
  return {
    servers: copyOf(lab.folder),
    files: new Map(filesIn(lab.folder).map((file) => [file, readFileSync(file)])),
    records: new Map(host?.records),
    state: engine.state,
    pending: engine.pending,
    zot: lab.zotConfig,
    time: Date.now(),
  };
}

/** @throws if zot has another config by now and cannot start with its former one, such as when it finds no issuer */
export async function restore({ lab, engine, host }: Parts, world: World): Promise<void> {
  await lab.settled();
  setClock(world.time);
  putBack(lab.folder, world.servers);
  for (const file of filesIn(lab.folder)) if (!world.files.has(file)) rmSync(file);
  for (const [file, content] of world.files) {
    if (existsSync(file) && readFileSync(file).equals(content)) continue;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  host?.records.clear();
  for (const [file, record] of world.records) host?.records.set(file, record);
  engine.state = world.state;
  engine.pending = world.pending;
  engine.said.length = 0;
  await lab.runZotWith(world.zot);
  await lab.settled();
}

/** Data of servers, which are in memory, and zot's images, which no setting concerns. */
const NOT_OURS = /^(?:zot2?|big2?|authentik|forgejo|onepassword|kubernetes)$/;

export function filesIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .flatMap((name) => {
      const path = join(folder, name);
      if (!statSync(path).isDirectory()) return [path];
      return NOT_OURS.test(name) ? [] : filesIn(path);
    })
    .toSorted();
}
