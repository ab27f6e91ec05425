import { toInstance } from "../client.ts";
import type { Authentik, BlueprintInstance } from "../client.ts";
import type { HttpResponse } from "../../../core/http/http.ts";

/**
 * Gives Authentik a blueprint's text. Its server tries the text out at once, without anything of the worker's environment.
 *
 * @param enabled whether it may ever be applied
 * @returns the instance, or the answer of an Authentik that does not take the text: 400 with reasons, 405 without
 */
export async function giveBlueprint(
  authentik: Authentik,
  name: string,
  content: string,
  enabled: boolean,
): Promise<BlueprintInstance | HttpResponse> {
  const json = { name, content, path: "", enabled };
  const answer = await authentik.ask("/managed/blueprints/", { method: "POST", json });
  if (answer.status === 201) return toInstance(answer.json);
  if (answer.status === 400 || answer.status === 405) return answer;
  throw authentik.refused("make a blueprint", answer, "authentik_blueprints.add_blueprintinstance");
}
