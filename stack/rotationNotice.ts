import { all, log } from "@pulumi/pulumi";
import { rotationNotice } from "../systems/zot/keys/rotation.ts";
import type { KeyOutputs } from "../components/ciServiceAccount.ts";
import { isKnown } from "./sdk.ts";

/** Says, at every run, when the key is replaced: a preview shows it coming. */
export function tellRotation(user: string, { rotates, expires }: KeyOutputs): void {
  const dates = all([rotates, expires]);
  // A preview does not know the dates of a key that is still to be made.
  void isKnown(dates).then((known) => {
    if (!known) void log.info(`The key of ${user} rotates now: \`up\` makes a new one.`);
  });
  dates.apply(([rotation, expiry]) => {
    void log.info(`The key of ${user} ${rotationNotice({ rotates: rotation, expires: expiry }, new Date())}.`);
  });
}
