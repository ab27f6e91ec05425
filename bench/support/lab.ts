import { EngineLab } from "../../tests/engine/support/harness.ts";
import type { CommandOptions } from "./command.ts";

type Config = Record<string, unknown>;

/**
 * A lab of its own, on which the CLI starts the program and all plugins as it does for a user.
 *
 * @param data of the stand-ins: with a thousand repositories, one that writes its data at each request would take longer than what is measured
 */
export async function startLab(
  change: (config: Config) => void = () => undefined,
  data: "memory" | "files" = "memory",
): Promise<EngineLab> {
  if (data === "memory") process.env["LAB_STATE"] = data;
  try {
    const lab = await EngineLab.start(change, "processes");
    // As a user's CLI collects its garbage.
    delete lab.environment["GOGC"];
    return lab;
  } finally {
    delete process.env["LAB_STATE"];
  }
}

/** The arguments of a run of the CLI on the lab's stack. */
export function pulumiOn(
  lab: EngineLab,
  ...args: readonly string[]
): readonly ["pulumi", readonly string[], CommandOptions] {
  return [
    "pulumi",
    [...args, "--stack", "lab", "--config-file", lab.settingsFile, "--non-interactive"],
    { env: lab.environment },
  ];
}

export const PREVIEW = ["preview", "--expect-no-changes"] as const;
export const UP = ["up", "--yes", "--skip-preview"] as const;
export const UP_UNCHANGED = [...UP, "--expect-no-changes"] as const;

/** Changes a group of the settings. */
export function withSettings(config: Config, group: string, change: Config): void {
  config[`zot-auth:${group}`] = { ...(config[`zot-auth:${group}`] as object), ...change };
}

/** That many repositories of one owner. The first one has the workflow of the test build. */
export function repositories(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `homelab/${index === 0 ? "apps" : `app-${index}`}`);
}
