// Part of the lab: deletes its data and Pulumi state.
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Layout } from "./layout.ts";

/** The folder with Pulumi's state, by Pulumi.yaml. */
const STATE = ".state";
const STACKS = join(STATE, ".pulumi/stacks/zot-auth");

/** Whether the lab has no data, because it never ran or was deleted. */
export function isNew({ directory }: Layout): boolean {
  return !existsSync(join(directory, "secrets"));
}

/** The CLI refuses to work without the folder, which somebody may have deleted by hand. */
export function ensureState(): void {
  mkdirSync(STATE, { recursive: true });
}

/** Deletes the state of the lab's stack, which would describe resources that no longer exist. */
export function forgetStack(): void {
  if (!existsSync(STACKS)) return;
  for (const name of readdirSync(STACKS)) if (name.startsWith("lab.json")) rmSync(join(STACKS, name));
}

/** Deletes the data of the lab's servers and the state of its stack. */
export function forgetLab({ directory }: Layout): void {
  rmSync(directory, { recursive: true, force: true });
  forgetStack();
}
