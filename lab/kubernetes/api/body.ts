// Part of the lab's kube-apiserver: reads the body and the options of a request.
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

/** The object in a POST or PUT. Unlike the real server, does not support protobuf and CBOR. */
export async function readObject(context: Context): Promise<Json> {
  const type = mediaType(context);
  if (type === "application/yaml") return fromYaml(await context.req.text());
  // Like the real server, treat a body without a type as JSON.
  if (type !== "" && type !== "application/json") throw unknownFormat(objectTypes);
  return fromJson(await context.req.text());
}

/** The format and the body of a PATCH. */
export async function readPatch(context: Context): Promise<{ readonly type: PatchType; readonly body: Json }> {
  const type = patchTypes.find((known) => known === mediaType(context));
  if (type === undefined) throw unknownFormat(patchTypes);
  const text = await context.req.text();
  return { type, body: type === "application/apply-patch+yaml" ? fromYaml(text) : fromJson(text) };
}

/** The query options of all writes. */
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

/** The query options of a server-side apply. The field manager is required. */
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
