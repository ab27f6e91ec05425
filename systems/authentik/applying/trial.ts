import { entryTitles, firstEntries, withoutVariables } from "../blueprint/needs.ts";
import { ZotAuthError } from "../../../core/errors.ts";
import type { Authentik } from "../client.ts";
import { HttpResponse } from "../../../core/http/http.ts";
import { at, list } from "../../../core/json.ts";

const TRIAL = "zot-auth trial";

const CANNOT_TRY =
  `The token cannot delete blueprints (authentik_blueprints.delete_blueprintinstance), so the reason cannot be found; a disabled blueprint "${TRIAL}" may be ` +
  "left in Authentik: delete it there.";

/**
 * Has Authentik's server validate a blueprint with a literal for every variable, since the server lacks the worker's environment.
 * Leaves nothing behind.
 *
 * @returns the best available reason, or `undefined` if Authentik accepts the text
 */
export async function tryOut(authentik: Authentik, text: string): Promise<string | undefined> {
  const literal = withoutVariables(text, "tried-out-by-zot-auth");
  const { answer, stays } = await trial(authentik, literal);
  if (stays) return CANNOT_TRY;
  if (answer === undefined) return undefined;
  const reason = reasonIn(answer);
  if (reason !== undefined) return reason;
  const entry = await firstBadEntry(authentik, literal);
  return `Authentik gives no reason. ${entry === undefined ? CANNOT_TRY : `The first entry that it rejects is ${entry}.`}`;
}

/** Authentik's message. It holds only the first lines of the log: with many entries the reason is missing, and a 405 has none. */
function reasonIn(answer: HttpResponse): string | undefined {
  const lines = list(at(answer.json, "content")).filter((line) => typeof line === "string");
  const telling = lines.filter((line) => /entry invalid|does not exist|not allowed/i.test(line));
  if (telling.length === 0) return undefined;
  const said = telling.map((line) => line.replace(/^- /, "")).join(" ");
  return `Authentik says: ${said.replace(/\s+/g, " ").slice(0, 500)}.`;
}

/** Entries only refer to those before them, so a truncated blueprint fails from its first bad entry on. */
async function firstBadEntry(authentik: Authentik, text: string): Promise<string | undefined> {
  const titles = entryTitles(text);
  let taken = 0;
  let refused = titles.length;
  while (refused - taken > 1) {
    const middle = Math.floor((taken + refused) / 2);
    const { answer, stays } = await trial(authentik, firstEntries(text, middle));
    if (stays) return undefined;
    if (answer === undefined) taken = middle;
    else refused = middle;
  }
  return titles[taken];
}

interface Trial {
  /** The response of an Authentik that rejects the text. */
  readonly answer?: HttpResponse;
  /** Authentik accepted the text, and the token may not delete the blueprint. */
  readonly stays: boolean;
}

async function trial(authentik: Authentik, text: string): Promise<Trial> {
  try {
    for (const left of await authentik.blueprintsNamed(TRIAL)) await authentik.deleteBlueprint(left.pk);
    // Disabled, so that it is validated but never applied.
    const tried = await authentik.createBlueprint(TRIAL, text, false);
    if (tried instanceof HttpResponse) return { answer: tried, stays: false };
    await authentik.deleteBlueprint(tried.pk);
    return { stays: false };
  } catch (error) {
    if (error instanceof ZotAuthError && error.code === "AUTHENTIK_RIGHT_MISSING") return { stays: true };
    throw error;
  }
}
