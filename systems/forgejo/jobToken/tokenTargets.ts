import { parseForgejoTarget } from "../target.ts";

/** Targets as a job's token names them: by its repository, or by the owner of all repositories. */
export interface Sides {
  /** `owner/name` */
  readonly repositories: readonly string[];
  /** Users and organisations, all of whose repositories are meant. */
  readonly owners: readonly string[];
}

export function sidesOf(targets: readonly string[]): Sides {
  const parsed = targets.map(parseForgejoTarget).filter((target) => target !== undefined);
  return {
    repositories: parsed.flatMap((one) => (one.kind === "repository" ? [`${one.owner}/${one.name}`] : [])),
    owners: parsed.flatMap((one) => (one.kind === "repository" ? [] : [one.kind === "user" ? one.login : one.name])),
  };
}

/** The owners of all targets, each once. */
export function ownersOf(targets: readonly string[]): readonly string[] {
  const { repositories, owners } = sidesOf(targets);
  return [...new Set([...repositories.map(ownerOf), ...owners])];
}

/** Whether the jobs of a repository, `owner/name`, are among those of the targets. */
export function isAmong(repository: string, targets: readonly string[]): boolean {
  const { repositories, owners } = sidesOf(targets);
  return repositories.includes(repository) || owners.includes(ownerOf(repository));
}

export function ownerOf(repository: string): string {
  return repository.split("/")[0] ?? "";
}
