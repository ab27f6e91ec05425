import structpb from "google-protobuf/google/protobuf/struct_pb.js";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import { UNKNOWN } from "./types.ts";
import type { Value, Values } from "./types.ts";

/** The engine's marks in property values: pulumi/pulumi, sdk/go/common/resource. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const UNSUPPORTED: Readonly<Record<string, string>> = {
  c44067f5952c0a294b673a41bacd8c17: "an asset",
  "0def7320c3a5731c473e5ecbe6d01bc7": "an archive",
  "5cf8f73096256a8f31e491e813e4eb8e": "a resource reference",
};
/** One for each type of a computed value; all of them mean unknown. */
const UNKNOWNS = new Set([
  "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);
const UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export interface Unpacked {
  readonly values: Values;
  /** Top-level properties that are, or contain, a secret. */
  readonly secrets: ReadonlySet<string>;
}

/** Reads properties from the wire: secrets are unwrapped and recorded by their top-level name. */
export function unpack(struct: Struct | undefined): Unpacked {
  const secrets = new Set<string>();
  const raw = struct?.toJavaScript() ?? {};
  const values: Values = Object.fromEntries<Value>(
    Object.entries(raw).map(([key, value]) => [key, unwrap(value, () => secrets.add(key))]),
  );
  return { values, secrets };
}

/** Writes properties to the wire, those named in `secrets` as secrets. */
export function pack(values: Values, secrets: Iterable<string> = []): Struct {
  const secretKeys = new Set(secrets);
  const plain = Object.entries(wrap(values) as Record<string, Json>);
  const marked = plain.map(([key, value]) => [key, secretKeys.has(key) ? { [SIGNATURE]: SECRET, value } : value]);
  return structpb.Struct.fromJavaScript(Object.fromEntries(marked) as Record<string, Json>);
}

function unwrap(value: unknown, onSecret: () => void): Value {
  if (typeof value === "string") return UNKNOWNS.has(value) ? UNKNOWN : value;
  if (Array.isArray(value)) return value.map((element) => unwrap(element, onSecret));
  if (typeof value !== "object" || value === null) return value as null | boolean | number;
  const record = value as Readonly<Record<string, unknown>>;
  switch (record[SIGNATURE]) {
    case undefined:
      return Object.fromEntries(Object.entries(record).map(([key, element]) => [key, unwrap(element, onSecret)]));
    case SECRET:
      onSecret();
      return unwrap(record["value"], onSecret);
    default:
      throw new Error(
        `${UNSUPPORTED[String(record[SIGNATURE])] ?? "a value of an unknown kind"} is not supported: this provider accepts plain values only`,
      );
  }
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

function wrap(value: Value): Json {
  if (value === UNKNOWN) return UNKNOWN_TEXT;
  if (Array.isArray(value)) return (value as readonly Value[]).map(wrap);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value as Values).filter(([, element]) => (element as unknown) !== undefined);
  return Object.fromEntries(entries.map(([key, element]) => [key, wrap(element)]));
}

/** Whether two values are equal; an unknown value equals nothing. */
export function equal(left: Value | undefined, right: Value | undefined): boolean {
  if (left === UNKNOWN || right === UNKNOWN) return false;
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return left === right;
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...keys].every((key) => equal((left as Values)[key], (right as Values)[key]));
}
