import { unacceptedRemoval } from "../../../core/acceptRemoved.ts";
import type { Adopted } from "./takeOver.ts";

/** What a preview says of objects that exist: one message, and whether something gets lost. Empty if there are none. */
export function adoptionText(
  adopted: readonly Adopted[],
  from: string,
  accepted: readonly string[],
): { readonly text: string; readonly lost: boolean } {
  if (adopted.length === 0) return { text: "", lost: false };
  const asDeclared = adopted.filter(
    ({ changed, unseen, removed }) => changed.length + unseen.length + removed.length === 0,
  );
  const others = adopted.filter((one) => !asDeclared.includes(one));
  const named = asDeclared.filter(({ part }) => !part);
  const refusal = refusalOf(adopted, from, accepted);
  const lines = [
    "`up` adopts what exists in Authentik; `pulumi destroy` then deletes it:",
    ...others.map(({ title, changed, unseen, removed }) => {
      const parts = [
        ...changed,
        ...(unseen.length === 0 ? [] : [`not compared, since authentik.token may not view it: ${unseen.join(", ")}`]),
        ...removed.flatMap(({ line, told }) => (told ? [] : [`takes away ${line}`])),
      ];
      return `- the existing ${title}: ${parts.join("; ")}`;
    }),
    ...(named.length === 0 ? [] : [`- as declared: ${named.map(({ title }) => `the ${title}`).join(", ")}`]),
    ...(refusal === undefined ? [] : [refusal]),
  ];
  return { text: lines.join("\n"), lost: adopted.some(({ removed }) => removed.length > 0) };
}

/** Why `up` does not take these objects over; `undefined` if it does. */
export function refusalOf(adopted: readonly Adopted[], from: string, accepted: readonly string[]): string | undefined {
  const removed = adopted.flatMap((one) => one.removed.map(({ line }) => line));
  return unacceptedRemoval({ from, setting: "authentik.acceptRemoved", removed, accepted });
}
