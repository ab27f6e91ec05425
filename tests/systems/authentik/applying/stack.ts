// A stack whose settings change, on the lab's Authentik.
import type { TestContext } from "node:test";
import { renderBlueprint } from "../../../../systems/authentik/blueprint/render.ts";
import { blueprintArgs } from "../../../../stack/arguments.ts";
import { declaredObjects, neededObjects } from "../../../../systems/authentik/blueprint/objects.ts";
import type { Settings } from "../../../../settings/schema.ts";
import { appliedBlueprint } from "../../../../systems/authentik/resources/appliedBlueprint.ts";
import { objectCleanup } from "../../../../systems/authentik/resources/objectCleanup.ts";
import type { ObjectCleanupState } from "../../../../systems/authentik/resources/objectCleanup.ts";
import { adminKey, startLab } from "../../../lab/authentik/support.ts";
import type { Lab } from "../../../lab/authentik/support.ts";
import { appliedInputs, connectionTo, settingsWith, testContext } from "../../../support/provider.ts";

type Connection = ReturnType<typeof connectionTo>;

/** The resources of one stack, as the engine would keep them in the state. */
export class Stack {
  readonly lab: Lab;
  readonly connection: Connection;
  objects: ObjectCleanupState | undefined;
  applied: Awaited<ReturnType<typeof appliedBlueprint.create>>["state"] | undefined;
  warned: string[] = [];

  constructor(t: TestContext, lab: Lab) {
    this.lab = lab;
    this.connection = connectionTo(t, lab.server.url, adminKey);
  }

  /** The first half of an `up`: records and delivers the blueprint. */
  async deliver(settings: Settings): Promise<void> {
    const context = testContext();
    const inputs = {
      ...this.connection,
      objects: declaredObjects(blueprintArgs(settings)),
      needed: neededObjects(blueprintArgs(settings)),
      application: settings.authentik.application,
      groups: blueprintArgs(settings).signInGroups,
      timeout: 5,
    };
    this.objects =
      this.objects === undefined
        ? (await objectCleanup.create(inputs, context)).state
        : await objectCleanup.update?.(this.objects, inputs, context);
    this.warned = context.warned;
    this.lab.write("zot.yaml", renderBlueprint(blueprintArgs(settings)));
  }

  /** The second half: applies the blueprint and removes what is no longer declared. */
  async apply(settings: Settings): Promise<void> {
    const inputs = appliedInputs(settings, this.connection, { timeout: 10, former: this.objects?.former ?? [] });
    this.applied =
      this.applied === undefined
        ? (await appliedBlueprint.create(inputs, testContext())).state
        : await appliedBlueprint.update?.(this.applied, inputs, testContext());
  }

  async up(settings: Settings): Promise<void> {
    await this.deliver(settings);
    await this.apply(settings);
  }

  /** Who may sign in, by the groups and accounts of the application's PolicyBindings, in order. */
  async bound(slug = "zot"): Promise<readonly unknown[]> {
    const application = await this.lab.api("GET", `/core/applications/${slug}/`);
    if (application.status === 404) return [];
    const { json } = await this.lab.api("GET", `/policies/bindings/?target=${String(application.json["pk"])}`);
    const results = json["results"] as {
      order: number;
      group_obj?: { name: string };
      user_obj?: { username: string };
    }[];
    return results
      .toSorted((left, right) => left.order - right.order)
      .map((binding) => binding.group_obj?.name ?? binding.user_obj?.username);
  }

  async removals(): Promise<readonly string[]> {
    const { json } = await this.lab.api("GET", "/managed/blueprints/");
    return (json["results"] as { name: string }[])
      .map(({ name }) => name)
      .filter((name) => name.startsWith("zot-auth"));
  }
}

export const PLAIN = settingsWith();
export const MORE = settingsWith({ access: { signInGroups: ["family", "guests"] } });
export const LESS = settingsWith({ access: { signInGroups: ["guests"] } });

export async function stackWithGroups(t: TestContext): Promise<Stack> {
  const lab = await startLab(t);
  for (const name of ["family", "guests"]) await lab.api("POST", "/core/groups/", { name });
  return new Stack(t, lab);
}
