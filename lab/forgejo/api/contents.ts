// Stands in for Forgejo 14.0.2: reads and writes the files of a repository.
import { createHash } from "node:crypto";
import { allows, requireToken } from "./access.ts";
import { json, notFound, Refusal } from "./format/responses.ts";
import { bind, stringOf } from "./format/binding.ts";
import type { Form } from "./format/binding.ts";
import { fullName } from "../runner/dispatch.ts";
import { open } from "./repositories.ts";
import { commitOf } from "./format/representations.ts";
import { part } from "./routes.ts";
import type { Call, Route } from "./routes.ts";
import { now } from "../state.ts";
import type { Repository } from "../state.ts";

const FILE: Form = {
  type: "CreateFileOptions",
  fields: {
    content: { kind: "string" },
    message: { kind: "string" },
    branch: { kind: "string" },
    sha: { kind: "string" },
  },
};

export function addContentsRoutes(route: Route): void {
  route("/api/v1/repos/:owner/:repo/contents/:path{.+}", {
    GET: (call) => {
      const { repository } = open(call);
      return json(200, showFile(call, repository, part(call, "path")));
    },
    POST: (call) => write(call, { isNew: true }),
    PUT: (call) => write(call, { isNew: false }),
  });
}

async function write(call: Call, { isNew }: { readonly isNew: boolean }): Promise<Response> {
  const { repository, permission } = open(call);
  requireToken(call.caller);
  if (!allows(permission, "write")) throw new Refusal(403, "user should have a permission to write to a repo");
  if (repository.archived) {
    throw new Refusal(423, `<Repository ${repository.id}:${fullName(call.instance, repository)}> is archived`);
  }
  const body = await bind(call.context, FILE);
  const path = part(call, "path");
  const existing = repository.files[path];
  if (isNew && existing !== undefined) throw new Refusal(422, `repository file already exists [path: ${path}]`);
  // A change must name the version that it replaces.
  const seen = stringOf(body, "sha");
  if (!isNew && existing === undefined) throw notFound();
  if (!isNew && existing !== undefined && seen !== blobOf(existing)) {
    throw new Refusal(422, `sha does not match [given: ${seen}, expected: ${blobOf(existing)}]`);
  }
  repository.files[path] = Buffer.from(stringOf(body, "content"), "base64").toString("utf8");
  repository.updatedAt = now();
  call.instance.store.save();
  return json(isNew ? 201 : 200, {
    content: showFile(call, repository, path),
    commit: { sha: commitOf(repository.files), message: stringOf(body, "message") },
    verification: null,
  });
}

function showFile(call: Call, repository: Repository, path: string): object {
  const content = repository.files[path];
  if (content === undefined) throw notFound();
  const name = fullName(call.instance, repository);
  return {
    name: path.slice(path.lastIndexOf("/") + 1),
    path,
    sha: blobOf(content),
    last_commit_sha: commitOf(repository.files),
    last_commit_when: repository.updatedAt,
    type: "file",
    size: Buffer.byteLength(content),
    encoding: "base64",
    content: Buffer.from(content).toString("base64"),
    target: null,
    url: `${call.instance.url}/api/v1/repos/${name}/contents/${path}?ref=${repository.defaultBranch}`,
    html_url: `${call.instance.url}/${name}/src/branch/${repository.defaultBranch}/${path}`,
  };
}

/** Git's blob id for this content. */
function blobOf(content: string): string {
  return createHash("sha1")
    .update(`blob ${Buffer.byteLength(content)}\0${content}`)
    .digest("hex");
}
