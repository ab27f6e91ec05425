import { at, string } from "../../../core/json.ts";

/** A blueprint instance in Authentik. */
export interface BlueprintInstance {
  readonly pk: string;
  readonly name: string;
  /** Empty if created from text. */
  readonly path: string;
  /** Authentik reports success for a request to apply a disabled one, but does nothing. */
  readonly enabled: boolean;
  readonly status: string;
  /** SHA-512 (hex) of the text that was last applied with success. The status alone proves nothing. */
  readonly lastAppliedHash: string;
  /** When a run last ended, successful or not (RFC 3339). */
  readonly lastApplied: string;
}

/** As the API shows it. */
export function toInstance(value: unknown): BlueprintInstance {
  return {
    pk: string(at(value, "pk")),
    name: string(at(value, "name")),
    enabled: at(value, "enabled") === true,
    path: string(at(value, "path")),
    status: string(at(value, "status")),
    lastAppliedHash: string(at(value, "last_applied_hash")),
    lastApplied: string(at(value, "last_applied")),
  };
}
