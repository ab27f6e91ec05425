// Stands in for zot: reads a decoded configuration. The decoder has checked the types, so these only add defaults.
import type { Section } from "./schema.ts";

export function section(parent: Section, key: string): Section | undefined {
  return parent[key] as Section | undefined;
}

/** The sections of a list. */
export function sections(parent: Section, key: string): readonly Section[] {
  return ((parent[key] as readonly (Section | undefined)[] | undefined) ?? []).map((item) => item ?? {});
}

export function text(parent: Section, key: string): string {
  return (parent[key] as string | undefined) ?? "";
}

export function number(parent: Section, key: string): number | undefined {
  return parent[key] as number | undefined;
}

export function flag(parent: Section, key: string, absent: boolean): boolean {
  return (parent[key] as boolean | undefined) ?? absent;
}

export function list(parent: Section, key: string): readonly string[] {
  return (parent[key] as readonly string[] | undefined) ?? [];
}
