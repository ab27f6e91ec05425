import { all, log } from "@pulumi/pulumi";
import type { KeyOutputs } from "../../components/ciServiceAccount.ts";
import { rotationNotice } from "../../systems/zot/keys/rotation.ts";
import { isKnown } from "../../components/parts/known.ts";

/** Says in every run when the key is replaced, so that a preview shows a rotation coming. */
export function announceRotation(user: string, { rotates, expires }: KeyOutputs): void {
  const dates = all([rotates, expires]);
  // A preview does not know the dates of a key that `up` will create.
  void isKnown(dates).then((known) => {
    if (!known) void log.info(`\`up\` creates a new key for ${user}.`);
  });
  dates.apply(([rotation, expiry]) => {
    void log.info(`The key of ${user} ${rotationNotice({ rotates: rotation, expires: expiry }, new Date())}.`);
  });
}
