import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { renderBlueprint } from "../../systems/authentik/blueprint/render.ts";
import { blueprintArgs } from "../../stack/arguments.ts";
import { blueprintHash } from "../../systems/authentik/blueprint/hash.ts";
import { declaredObjects } from "../../systems/authentik/blueprint/objects.ts";
import { parseSettings } from "../../settings/parse.ts";
import type { Settings } from "../../settings/schema.ts";
import { ZotAuthError } from "../../core/errors.ts";
import type { Context } from "../../provider/resource.ts";
import type { AppliedBlueprintInputs } from "../../systems/authentik/resources/appliedBlueprint.ts";
import { REAL_CASE } from "./settings.ts";

/** The context that the engine gives a handler, and the messages that the handler sent to the user. */
export interface TestedContext extends Context {
  readonly said: string[];
  readonly warned: string[];
}

export function testContext(signal = AbortSignal.timeout(30_000)): TestedContext {
  const said: string[] = [];
  const warned: string[] = [];
  return {
    urn: "",
    type: "",
    name: "",
    preview: false,
    signal,
    secretInputs: new Set(),
    declared: () => [],
    progress: (message) => void said.push(message),
    info: (message) => void said.push(message),
    warn: (message) => void warned.push(message),
    said,
    warned,
  };
}

/** A connection with a token of the lab's; the token goes by reference, as in the real program. */
export function connectionTo(t: TestContext, url: string, token: string) {
  const variable = `ZOT_AUTH_TEST_TOKEN_${Math.random().toString(36).slice(2).toUpperCase()}`;
  process.env[variable] = token;
  t.after(() => Reflect.deleteProperty(process.env, variable));
  return { authentikUrl: url, authentikToken: `env:${variable}` } as const;
}

/** The real case with some settings changed, group by group. */
export function settingsWith(change: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {}): Settings {
  const groups = REAL_CASE as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  return parseSettings({
    ...groups,
    ...Object.fromEntries(Object.entries(change).map(([group, values]) => [group, { ...groups[group], ...values }])),
  });
}

/** The inputs of the applied blueprint, as the component gives them. */
export function appliedInputs(
  settings: Settings,
  connection: ReturnType<typeof connectionTo>,
  more: Partial<AppliedBlueprintInputs> = {},
): AppliedBlueprintInputs {
  const text = more.text ?? renderBlueprint(blueprintArgs(settings));
  return {
    ...connection,
    path: settings.authentik.blueprintPath ?? "custom/zot.yaml",
    text,
    hash: blueprintHash(text),
    timeout: 4,
    arrival: "It comes by hand.",
    appliedAfter: settings.authentik.appliedAfter,
    clientSecretVariable: settings.authentik.clientSecretVariable,
    clientSecretFingerprint: "fingerprint",
    objects: declaredObjects(blueprintArgs(settings)),
    former: [],
    ...more,
  };
}

/** The error that something fails with. */
export async function failureOf(work: Promise<unknown>): Promise<ZotAuthError> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof ZotAuthError, String(error));
    return error;
  }
  assert.fail("it did not fail");
}
