// Part of the lab's kube-apiserver: reading a request's body and its options.
import type { Context } from "hono";
import { parse } from "yaml";
import type { Json } from "../../shared/json.ts";
import { StatusError, badRequest, invalid } from "./status.ts";
import type { WriteOptions } from "../writes/writes.ts";

const objectTypes = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf", "application/cbor"];
const patchTypes = [
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
  "application/apply-patch+yaml",
] as const;
type PatchType = (typeof patchTypes)[number];

/** The object of a POST or PUT. The real server reads protobuf and CBOR too; for this one those are unknown formats. */
export async function readObject(context: Context): Promise<Json> {
  const type = mediaType(context);
  if (type === "application/yaml") return fromYaml(await context.req.text());
  // The real server takes a body without a type for JSON.
  if (type !== "" && type !== "application/json") throw unknownFormat(objectTypes);
  return fromJson(await context.req.text());
}

/** The format of a PATCH, and its body. */
export async function readPatch(context: Context): Promise<{ readonly type: PatchType; readonly body: Json }> {
  const type = patchTypes.find((known) => known === mediaType(context));
  if (type === undefined) throw unknownFormat(patchTypes);
  const text = await context.req.text();
  return { type, body: type === "application/apply-patch+yaml" ? fromYaml(text) : fromJson(text) };
}

/** The query's options that all writes share. */
export function writeOptions(context: Context): WriteOptions {
  const dryRun = context.req.queries("dryRun") ?? [];
  if (dryRun.some((value) => value !== "All")) {
    const message = `Unsupported value: ${JSON.stringify(dryRun)}: supported values: "All"`;
    throw invalid("PatchOptions.meta.k8s.io", "", [{ reason: "FieldValueNotSupported", message, field: "dryRun" }]);
  }
  const program = (context.req.header("user-agent") ?? "").split("/")[0] ?? "";
  const unnamed = program === "" ? "unknown" : program.slice(0, 128);
  return { manager: context.req.query("fieldManager") ?? unnamed, dryRun: dryRun.length > 0 };
}

/** The options of a server-side apply, which must name its manager. */
export function applyOptions(context: Context): WriteOptions & { readonly force: boolean } {
  if ((context.req.query("fieldManager") ?? "") === "") {
    const message = "Required value: is required for apply patch";
    throw invalid("PatchOptions.meta.k8s.io", "", [{ reason: "FieldValueRequired", message, field: "fieldManager" }]);
  }
  return { ...writeOptions(context), force: context.req.query("force") === "true" };
}

export function refuseForce(context: Context): void {
  if (context.req.query("force") === undefined) return;
  const message = "Forbidden: may not be specified for non-apply patch";
  throw invalid("PatchOptions.meta.k8s.io", "", [{ reason: "FieldValueForbidden", message, field: "force" }]);
}

function mediaType(context: Context): string {
  return (context.req.header("content-type") ?? "").split(";")[0]?.trim() ?? "";
}

function fromJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw badRequest(`the object provided is unrecognized (must be of type JSON): ${reasonOf(error)}`);
  }
}

function fromYaml(text: string): Json {
  try {
    return parse(text) as Json;
  } catch (error) {
    throw badRequest(`error decoding YAML: error converting YAML to JSON: yaml: ${reasonOf(error)}`);
  }
}

const reasonOf = (error: unknown) => (error instanceof Error ? (error.message.split("\n")[0] ?? "") : "");

function unknownFormat(accepted: readonly string[]): StatusError {
  const message = `the body of the request was in an unknown format - accepted media types include: ${accepted.join(", ")}`;
  return new StatusError(415, "UnsupportedMediaType", message, {});
}
