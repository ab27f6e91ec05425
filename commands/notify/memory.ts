import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { at, string } from "../../core/json.ts";
import { fingerprint } from "../../core/secrets/fingerprint.ts";
import { pulumi } from "../pulumi/pulumi.ts";
import { notifiedFolderFor } from "../report/reportFolder.ts";
import type { Topic } from "./message.ts";

export const TOPICS: readonly Topic[] = ["check", "update", "keys"];

/** What needs attention and was sent: by topic, a fingerprint of what it was about. Absent or empty: nothing does. */
export type Memory = Readonly<Partial<Record<Topic, string>>>;

/** Where it is remembered what was sent, so that the same is sent only once. */
export interface MemoryStore {
  /** @throws Error if it cannot be read */
  readonly read: () => Memory | Promise<Memory>;
  /** @throws Error if it cannot be written */
  readonly write: (memory: Memory) => void | Promise<void>;
}

/** A job of a workflow begins with an empty folder, unless one that stays is named: so there it is remembered where the stack's state is. */
export function memoryFor(stack: string, env: NodeJS.ProcessEnv): MemoryStore {
  const isJob = (env["CI"] ?? "") !== "" && (env["ZOT_AUTH_REPORTS"] ?? "") === "";
  return isJob ? memoryInTag(stack) : memoryInFile(notifiedFolderFor(stack, env));
}

export function remembered(about: string): string {
  return about === "" ? "" : fingerprint(about);
}

export function memoryInFile(folder: string): MemoryStore {
  const file = join(folder, "notified");
  return {
    read: () => {
      if (!existsSync(file)) return {};
      const memory = parse(readFileSync(file, "utf8"));
      // An earlier release wrote what it was about.
      return Object.fromEntries(
        Object.entries(memory).map(([topic, text]) => [topic, /^[\da-f]{16}$/.test(text) ? text : remembered(text)]),
      );
    },
    write: (memory) => {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `${JSON.stringify(memory, null, 2)}\n`);
    },
  };
}

const TAG = "zot-auth:notified";

/** A tag of the stack: it is no part of its state, and changes without an update. Pulumi Cloud allows 256 characters. */
function memoryInTag(stack: string): MemoryStore {
  return {
    read: async () => {
      const { code, kept } = await pulumi(["stack", "tag", "ls", "--json", "--stack", stack], "stdout");
      if (code !== 0) throw new Error(`the tags of ${stack} cannot be read, see above`);
      return parse(string(at(JSON.parse(kept), TAG)));
    },
    write: async (memory) => {
      const { code } = await pulumi(["stack", "tag", "set", TAG, JSON.stringify(memory), "--stack", stack]);
      if (code !== 0) throw new Error(`the tag ${TAG} of ${stack} cannot be written, see above`);
    },
  };
}

/** An earlier release wrote text, and a person may have, too. */
function parse(text: string): Readonly<Record<string, string>> {
  try {
    const read: unknown = JSON.parse(text);
    return Object.fromEntries(TOPICS.map((topic) => [topic, string(at(read, topic))]));
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
