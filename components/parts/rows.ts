import type { DeclaredSecret, SecretOfMany } from "../../systems/forgejo/resources/secretCleanup.ts";

/**
 * Up to this number, every recipient is a row of the preview, with its own name, time and error. Beyond it, they are one row: Pulumi's file backend writes the
 * whole state before and after the change of each row, so that twice as many rows take four times as long (docs/adr/0016).
 */
const ROWS = 50;

/** Whether these recipients of the same secret are one row together. */
export function haveOneRow(targets: readonly string[]): boolean {
  return targets.length > ROWS;
}

/** What `SecretCleanup` knows of them. */
export function secretsOf(
  targets: readonly string[],
  secret: Omit<DeclaredSecret, "target">,
): readonly (DeclaredSecret | SecretOfMany)[] {
  return haveOneRow(targets) ? [{ ...secret, targets }] : targets.map((target) => ({ ...secret, target }));
}
