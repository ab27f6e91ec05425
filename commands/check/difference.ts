import type { RunEvents } from "../../report/events.ts";

/** How a difference begins that is a change and not something that a refresh found. */
const OPERATION = /^(?:create|import|update|replace|delete)\b/;

/**
 * What to say of a preview with differences. A service that does not work is no such difference that `up` repairs: it only looks again.
 *
 * @param repair the command that repairs the others
 */
export function differenceIn(events: RunEvents | undefined, repair: string): string {
  const differing = [...(events?.steps ?? [])].filter(([, { state }]) => state === "differs");
  const broken = differing.flatMap(([urn, { difference = "update" }]) =>
    isServices(urn) && !OPERATION.test(difference) ? [difference] : [],
  );
  const service = `a service does not work: ${broken.join(" ")}`;
  if (broken.length > 0 && broken.length === differing.length) return service;
  const rest = broken.length === 0 ? "" : ` It does not repair this: ${service}`;
  return `not everything is as declared, see above. ${repair} repairs it.${rest}`;
}

function isServices(urn: string): boolean {
  return /[:$]zot-auth:acceptance:Services::/.test(urn);
}
