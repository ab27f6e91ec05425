// Stands in for Authentik: the reputation of names and IP addresses after sign-ins and failed attempts.
import type { Database } from "../models/database.ts";
import { timestamp } from "../models/database.ts";
import type { Row } from "../models/state.ts";

const model = "authentik_policies_reputation.reputation";

/** Limits of a score. */
const limits = { lower: -5, upper: 5 };

/** Records a sign-in (`1`) or a wrong name or password (`-1`). */
export function rate(database: Database, identifier: string, ip: string, amount: 1 | -1): void {
  const known =
    database.find(model, { identifier, ip }) ??
    database.create(model, { identifier, ip, ip_geo_data: {}, ip_asn_data: {}, score: 0 });
  known["score"] = Math.max(limits.lower, Math.min(limits.upper, Number(known["score"]) + amount));
  known["updated"] = timestamp();
}

/** A reputation policy passes if the score is low. Bind it to a stage for untrusted clients, or negate it. */
export function passesReputation(database: Database, policy: Row, identifier: string, ip: string): boolean {
  const counted = database
    .all(model)
    .filter(
      (row) =>
        (policy["check_ip"] === true && row["ip"] === ip) ||
        (policy["check_username"] === true && row["identifier"] === identifier),
    );
  return counted.reduce((sum, row) => sum + Number(row["score"]), 0) <= Number(policy["threshold"]);
}
