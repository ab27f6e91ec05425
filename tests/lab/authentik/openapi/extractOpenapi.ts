// Extracts the lab's paths from the OpenAPI document of an Authentik release. Run it manually on the package unpacked from `npm pack`:
// node tests/lab/authentik/openapi/extractOpenapi.ts package/schema.yml > tests/data/authentik/openapi-2026.2.0.json
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { labRoutes } from "./labRoutes.ts";
import type { Document } from "./openapi.ts";
import { templateOf } from "./openapi.ts";

const document = parse(readFileSync(process.argv[2] ?? "", "utf8")) as Document;
const templates = new Map<string, Set<string>>();
for (const { method, path } of labRoutes("2026.2.0")) {
  const template = templateOf(document, path);
  if (template !== undefined) templates.set(template, (templates.get(template) ?? new Set()).add(method.toLowerCase()));
}

const paths = Object.fromEntries(
  [...templates].map(([template, methods]) => {
    const operations = Object.entries(document.paths[template] ?? {}).filter(([method]) => methods.has(method));
    return [template, Object.fromEntries(operations.map(([method, { responses }]) => [method, { responses }]))];
  }),
);

const components: Record<"schemas" | "responses", Record<string, unknown>> = { schemas: {}, responses: {} };
take(paths);
const source = `@goauthentik/api ${document.info.version}, schema.yml: the responses of the paths that the lab serves`;
const { version } = document.info;
process.stdout.write(`${JSON.stringify({ "x-source": source, info: { version }, paths, components })}\n`);

/** Adds everything referenced, recursively. */
function take(part: unknown): void {
  for (const [, kind, name = ""] of JSON.stringify(part).matchAll(/"#\/components\/(schemas|responses)\/(\w+)"/g)) {
    const into = components[kind === "responses" ? "responses" : "schemas"];
    if (name in into) continue;
    into[name] = withoutWords(document.components[kind === "responses" ? "responses" : "schemas"][name]);
    take(into[name]);
  }
}

/** Removes descriptions. */
function withoutWords(part: unknown): unknown {
  return JSON.parse(JSON.stringify(part, (key, value: unknown) => (isWords(key, value) ? undefined : value)));
}

function isWords(key: string, value: unknown): boolean {
  return ["description", "title"].includes(key) && typeof value === "string";
}
