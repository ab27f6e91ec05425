import { unlessUnreadable } from "../../../core/time/lookAhead.ts";
import type { LookAhead } from "../../../provider/resource.ts";
import { markerBeside } from "../secrets/actionsSecrets.ts";
import { Forgejo } from "../client.ts";
import type { ForgejoConnection } from "../client.ts";
import { ownerOfLabel } from "../secrets/secretMarker.ts";

interface Written extends ForgejoConnection {
  readonly target: string;
  readonly secretName: string;
  /** Its beginning is the stack's. */
  readonly label?: string;
}

/** A preview reports an Actions secret that exists, which `up` overwrites. Forgejo never shows its value. */
export const overwrites: LookAhead<Written, Written> = {
  needs: ["forgejoUrl", "forgejoToken", "target", "secretName"],

  async look({ inputs: { target, secretName, label, ...connection }, state }, context) {
    if (state !== undefined && state.secretName === secretName && state.forgejoUrl === connection.forgejoUrl) return;
    const unknown = `Whether ${target} has a secret ${secretName} already, which \`up\` would overwrite, is unknown`;
    await unlessUnreadable(unknown, context, async (signal) => {
      const forgejo = new Forgejo(connection, signal);
      // Fails if the repository was renamed: its old name redirects to the new one.
      await forgejo.targetId(target);
      const [secrets, marker] = await Promise.all([forgejo.secrets(target), markerBeside(forgejo, target, secretName)]);
      const found = secrets?.find(({ name }) => name === secretName);
      const owner = marker === undefined ? undefined : ownerOfLabel(marker.label);
      if (found === undefined && owner === undefined) {
        if (secrets === undefined) context.info(`${unknown}: Forgejo does not list a user's secrets.`);
        return;
      }
      if (typeof label === "string" && owner === ownerOfLabel(label)) {
        context.info(
          `\`up\` overwrites the secret ${secretName} of ${target}, which is this stack's (${marker?.label ?? ""}).`,
        );
        return;
      }
      const since = found === undefined || found.created === "" ? "" : `, created on ${found.created.slice(0, 10)}`;
      const of = owner === undefined ? "" : ` and managed by ${owner}`;
      context.warn(
        `\`up\` overwrites the existing secret ${secretName} of ${target}${since}${of}. Forgejo does not show its value: if it is still needed, store it elsewhere first.`,
      );
    });
  },
};
