// Part of the lab: forgetting, so that what Pulumi knows is always of the lab that is there.
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Layout } from "./layout.ts";

const STACKS = ".state/.pulumi/stacks/zot-auth";

/** Whether the lab has never run, or was deleted. */
export function isNew({ directory }: Layout): boolean {
  return !existsSync(join(directory, "secrets"));
}

/** Deletes what Pulumi knows of the lab's stack: without its lab it would take for there what is gone. */
export function forgetStack(): void {
  if (!existsSync(STACKS)) return;
  for (const name of readdirSync(STACKS)) if (name.startsWith("lab.json")) rmSync(join(STACKS, name));
}

/** Deletes all that the lab's servers keep, and what Pulumi knows of them. */
export function forgetLab({ directory }: Layout): void {
  rmSync(directory, { recursive: true, force: true });
  forgetStack();
}
