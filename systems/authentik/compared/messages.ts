import { unacceptedRemoval } from "../../../core/acceptRemoved.ts";
import type { ExistingObject } from "./existing.ts";

/** What a preview says of objects that exist: one message, and whether something gets lost. Empty if there are none. */
export function adoptionText(
  adopted: readonly ExistingObject[],
  from: string,
  accepted: readonly string[],
): { readonly text: string; readonly lost: boolean } {
  const existing = adopted.filter(({ exists }) => exists === true);
  const asDeclared = existing.filter(
    ({ changed, unseen, removed }) => changed.length + unseen.length + removed.length === 0,
  );
  const refusal = refusalOf(adopted, from, accepted);
  const lines = [
    ...existing
      .filter((one) => !asDeclared.includes(one))
      .map(({ title, changed, unseen, removed }) => {
        const parts = [
          ...changed,
          ...(unseen.length === 0 ? [] : [`not compared, since authentik.token may not view it: ${unseen.join(", ")}`]),
          ...removed.flatMap(({ line, isShown }) => (isShown ? [] : [`takes away ${line}`])),
        ];
        return `- the existing ${title}: ${parts.join("; ")}`;
      }),
    ...listOf("as declared", asDeclared),
    ...listOf(
      "if they exist, and not compared, since authentik.token may not view them",
      adopted.filter(({ exists }) => exists === undefined),
    ),
    ...(refusal === undefined ? [] : [refusal]),
  ];
  if (lines.length === 0) return { text: "", lost: false };
  return {
    text: ["`up` adopts what exists in Authentik; `pulumi destroy` then deletes it:", ...lines].join("\n"),
    lost: adopted.some(({ removed }) => removed.length > 0),
  };
}

/** Without the parts of the machines' sign-in flow. */
function listOf(what: string, adopted: readonly ExistingObject[]): readonly string[] {
  const titles = adopted.filter(({ part }) => !part).map(({ title }) => `the ${title}`);
  return titles.length === 0 ? [] : [`- ${what}: ${titles.join(", ")}`];
}

/** Why `up` does not take these objects over; `undefined` if it does. */
export function refusalOf(
  adopted: readonly ExistingObject[],
  from: string,
  accepted: readonly string[],
): string | undefined {
  const removed = adopted.flatMap((one) => one.removed.map(({ line }) => line));
  return unacceptedRemoval({ from, setting: "authentik.acceptRemoved", removed, accepted });
}
