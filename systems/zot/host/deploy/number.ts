import type { HostFacts, RecordedFile, RecordedName } from "../facts/facts.ts";

/** What is declared of a file, as its record would say it. */
export type DeclaredFile = Partial<Pick<RecordedFile, "hash" | "place">>;

/**
 * The number of a file's deployment: the one in its record, or the next one if what is recorded is not what is declared. Without a record, it is one that no deployment
 * had before.
 *
 * A run may be killed when the host has what it deployed and the engine has not recorded it. If the settings are then taken back, the engine compares them with what it
 * recorded last and sees no change; the number makes it deploy. So it does if the run had removed the file, with its record.
 *
 * @param alsoDiffers whether something else differs that this file's deployment changes
 */
export function deploymentNumber(
  { deployed }: Pick<HostFacts, "deployed">,
  name: RecordedName,
  declared: DeclaredFile,
  alsoDiffers = false,
): number {
  if (deployed === undefined) return 0;
  const recorded = deployed.recorded?.[name];
  if (recorded === undefined) return Math.floor(Date.now() / 1000);
  return alsoDiffers || differs(recorded, declared) ? recorded.number + 1 : recorded.number;
}

/** Whether a record says something else than is declared. One of an earlier version does not say everything. */
function differs(recorded: RecordedFile, { hash = recorded.hash, place = recorded.place }: DeclaredFile): boolean {
  return hash !== recorded.hash || (place !== recorded.place && recorded.place !== "");
}

/** What zot was started with, and its service file, as far as the deployment of its config changes them. */
export interface StartedZot {
  /** As the record has it. */
  readonly start: string;
  /** SHA-256 (hex) of the service file, if we write it. */
  readonly service: string | undefined;
}

export function startDiffers({ deployed }: Pick<HostFacts, "deployed">, { start, service }: StartedZot): boolean {
  const recorded = deployed?.recorded?.service;
  const otherService = recorded !== undefined && differs(recorded, service === undefined ? {} : { hash: service });
  return otherService || (deployed !== undefined && deployed.start !== "" && deployed.start !== start);
}
