import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { lab } from "./stack.ts";

export const lockFolder = (): string =>
  join(lab.directory, "state", ".pulumi", "locks", "organization", "zot-auth", "lab");

/** Names of the stack's locks. */
export function locks(): readonly string[] {
  return existsSync(lockFolder()) ? readdirSync(lockFolder()) : [];
}
