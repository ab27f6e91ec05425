// npm run comment -- <file>: puts a file of Markdown on a pull request, in place of the former ones that the same
// account wrote with the same first line.
import { readFileSync } from "node:fs";
import { messageOf } from "../../core/errors.ts";
import { listIn, requestApi } from "../../core/http/api.ts";
import { unexpected } from "../../core/http/http.ts";
import type { Endpoint, HttpResponse, RequestOptions } from "../../core/http/http.ts";
import { at, string } from "../../core/json.ts";
import { Secret } from "../../core/secrets/secret.ts";
import { USAGE, asksForHelp, synopsisOf } from "../commandLine/usage.ts";

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
    process.stderr.write(`not set: ${missing.join(", ")}. docs/guides/workflows.md shows the workflow.\n`);
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

/**
 * Creates the comment, and deletes the former ones that the same account wrote. It never changes a comment: a token may change
 * anybody's, so whoever begins a comment with the marker would have the preview under their name, and could edit it.
 */
async function put(body: string, environment: NodeJS.ProcessEnv): Promise<"replaced" | "created"> {
  const [url = "", repository = "", pullRequest = "", token = ""] = VARIABLES.map((name) => environment[name]);
  const endpoint: Endpoint = { name: "the server of this repository", url, setting: "GITHUB_API_URL" };
  const headers = { authorization: new Secret(`Bearer ${token}`) };
  const ask = (path: string, options: RequestOptions = {}): Promise<HttpResponse> =>
    requestApi(endpoint, `/repos/${repository}/issues/${path}`, { ...options, headers });

  // Sent twice, the first one is a former one.
  const response = await ask(`${pullRequest}/comments`, { method: "POST", json: { body }, idempotent: true });
  if (response.status !== 201) throw unexpected(endpoint, "create a comment", response);
  const created = toComment(response.json);
  if (created === undefined) throw unexpected(endpoint, "create a comment", response);
  const former = (await commentsOf(endpoint, ask, pullRequest)).filter(
    // Not a later one, of a run at the same time, which would delete this one in turn.
    ({ id, author, marker }) => id < created.id && author === created.author && marker === created.marker,
  );
  for (const { id } of former) {
    const deleted = await ask(`comments/${id}`, { method: "DELETE" });
    // Deleted meanwhile.
    if (![200, 204, 404].includes(deleted.status)) throw unexpected(endpoint, "delete the former comment", deleted);
  }
  return former.length > 0 ? "replaced" : "created";
}

interface Comment {
  readonly id: number;
  /** The account's id. Unlike its name, it is never reused. */
  readonly author: number;
  /** The first line. */
  readonly marker: string;
}

/** @returns `undefined` for one without an author, whose account is gone */
function toComment(comment: unknown): Comment | undefined {
  const [id, author] = [at(comment, "id"), at(comment, "user", "id")];
  if (typeof id !== "number" || typeof author !== "number") return undefined;
  return { id, author, marker: string(at(comment, "body")).split(/\r?\n/, 1)[0] ?? "" };
}

/** All comments of the pull request. */
async function commentsOf(
  endpoint: Endpoint,
  ask: (path: string) => Promise<HttpResponse>,
  pullRequest: string,
): Promise<readonly Comment[]> {
  const found = new Map<number, Comment | undefined>();
  for (let page = 1; ; page += 1) {
    const response = await ask(`${pullRequest}/comments?per_page=${PAGE}&page=${page}`);
    if (response.status !== 200) throw unexpected(endpoint, "list the comments of the pull request", response);
    const before = found.size;
    const comments = listIn(endpoint, response);
    for (const comment of comments) found.set(Number(at(comment, "id")), toComment(comment));
    // Forgejo ignores the page, so the second one would have nothing new.
    if (comments.length < PAGE || found.size === before) break;
  }
  return [...found.values()].filter((comment) => comment !== undefined);
}
