import type { HostFacts } from "../facts/facts.ts";
import type { Service } from "./service.ts";

/** Whether the settings name another service than the one that we wrote the file of. A command may restart any. */
export function leavesService(
  { recordedService: recorded }: Pick<HostFacts, "recordedService">,
  service: Service,
): boolean {
  const { manager, definition } = service;
  if (recorded === undefined || manager.kind === "command") return false;
  if (recorded.service !== `${manager.kind}:${manager.name}`) return true;
  return definition !== undefined && recorded.file !== manager.file;
}

/** What an update does to a service file that we wrote and that the settings no longer declare; `undefined` if there is none. */
export function serviceNotice(facts: Pick<HostFacts, "recordedService">, described: Service): string | undefined {
  if (facts.recordedService === undefined) return undefined;
  const { service, file, original } = facts.recordedService;
  const { manager, definition } = described;
  const present = manager.kind === "command" ? undefined : `${manager.kind}:${manager.name}`;
  if (leavesService(facts, described)) {
    const first = service === present ? "" : `${service}, which runs zot now, is stopped. `;
    const last = original
      ? definition === undefined
        ? `${file} is replaced by its original`
        : `${file} is removed; \`destroy\` restores its original`
      : `${file} is removed`;
    return `${first}Once zot runs under ${present}, ${last}.`;
  }
  if (definition !== undefined) return undefined;
  const left = original ? "restores its original" : "removes it";
  return `${file} was written by an earlier update. It stays as it is while ${service} runs zot, and \`destroy\` ${left}.`;
}
