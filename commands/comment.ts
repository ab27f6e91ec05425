// npm run comment -- <file>: puts a file of Markdown on a pull request, in place of the former one of the same kind, which its first line tells.
import { readFileSync } from "node:fs";
import { messageOf } from "../core/errors.ts";
import { listIn, requestApi } from "../core/http/api.ts";
import { unexpected } from "../core/http/http.ts";
import type { Endpoint, HttpResponse, RequestOptions } from "../core/http/http.ts";
import { at, string } from "../core/json.ts";
import { Secret } from "../core/secrets/secret.ts";
import { USAGE, asksForHelp, synopsisOf } from "./usage.ts";

const VARIABLES = ["GITHUB_API_URL", "GITHUB_REPOSITORY", "PULL_REQUEST", "COMMENT_TOKEN"] as const;

/** Comments that a page has: GitHub's maximum. Forgejo returns all of them at once. */
const PAGE = 100;

process.exitCode = await main(process.argv.slice(2), process.env);

async function main(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  if (asksForHelp(args)) {
    process.stdout.write(USAGE.comment);
    return 0;
  }
  const [file, ...more] = args;
  if (file === undefined || more.length > 0) {
    process.stderr.write(synopsisOf("comment"));
    return 2;
  }
  const missing = VARIABLES.filter((name) => (environment[name] ?? "") === "");
  if (missing.length > 0) {
    process.stderr.write(`not set: ${missing.join(", ")}. docs/workflows.md shows the workflow.\n`);
    return 2;
  }
  try {
    const body = readFileSync(file, "utf8");
    if (!body.startsWith("<!-- ")) {
      process.stderr.write(
        `✗ ${file} does not begin with the line by which the next one finds it: \`npm run preview\` writes it.\n`,
      );
      return 2;
    }
    process.stdout.write(`✓ ${await put(body, environment)} the comment.\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`✗ ${messageOf(error)}\n`);
    return 1;
  }
}

/** Updates the former comment, or creates one. */
async function put(body: string, environment: NodeJS.ProcessEnv): Promise<"updated" | "created"> {
  const [url = "", repository = "", pullRequest = "", token = ""] = VARIABLES.map((name) => environment[name]);
  const endpoint: Endpoint = { name: "the server of this repository", url, setting: "GITHUB_API_URL" };
  const headers = { authorization: new Secret(`Bearer ${token}`) };
  const ask = (path: string, options: RequestOptions = {}): Promise<HttpResponse> =>
    requestApi(endpoint, `/repos/${repository}/issues/${path}`, { ...options, headers });

  const marker = body.split("\n", 1)[0] ?? "";
  for (const id of await formerComments(endpoint, ask, pullRequest, marker)) {
    const response = await ask(`comments/${id}`, { method: "PATCH", json: { body }, idempotent: true });
    if (response.status === 200) return "updated";
    // Somebody else's with the same first line, or deleted meanwhile.
    if (![403, 404].includes(response.status)) throw unexpected(endpoint, "update a comment", response);
  }
  const response = await ask(`${pullRequest}/comments`, { method: "POST", json: { body } });
  if (response.status !== 201) throw unexpected(endpoint, "create a comment", response);
  return "created";
}

/** The ids of the comments that begin with that line. */
async function formerComments(
  endpoint: Endpoint,
  ask: (path: string) => Promise<HttpResponse>,
  pullRequest: string,
  marker: string,
): Promise<readonly number[]> {
  const found = new Map<number, string>();
  for (let page = 1; ; page += 1) {
    const response = await ask(`${pullRequest}/comments?per_page=${PAGE}&page=${page}`);
    if (response.status !== 200) throw unexpected(endpoint, "list the comments of the pull request", response);
    const before = found.size;
    const comments = listIn(endpoint, response);
    for (const comment of comments) found.set(Number(at(comment, "id")), string(at(comment, "body")));
    // Forgejo ignores the page, so the second one would have nothing new.
    if (comments.length < PAGE || found.size === before) break;
  }
  return [...found].flatMap(([id, text]) => (text.split(/\r?\n/, 1)[0] === marker ? [id] : []));
}
