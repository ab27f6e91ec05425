import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";

// `npm run comment` against a server that has comments as Forgejo and GitHub have them.

interface Comment {
  readonly id: number;
  body: string;
  /** Absent: another person's, whom the server calls 2. Null: an account that is gone. */
  readonly user?: { readonly id: number } | null;
}

/** The account of a workflow's token, as Forgejo numbers it. */
const JOB = { id: -2 };

interface Forge {
  readonly url: string;
  readonly comments: Comment[];
}

interface Behaviour {
  /** The status with which it answers a deletion. */
  readonly refuses?: number;
  /** What another run creates before this one lists the comments. */
  readonly meanwhile?: Comment;
}

async function forge(
  t: TestContext,
  comments: Comment[],
  pages: boolean,
  { refuses, meanwhile }: Behaviour = {},
): Promise<Forge> {
  const shown = (comment: Comment): Comment => ({ user: { id: 2 }, ...comment });
  const textOf = async (request: IncomingMessage): Promise<string> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString();
  };
  const answer = async (request: IncomingMessage): Promise<readonly [status: number, body: unknown]> => {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://forge");
    if (request.headers.authorization !== "Bearer token-of-the-job") return [401, {}];
    if (pathname === "/api/v1/repos/own/infra/issues/7/comments") {
      if (request.method === "GET") {
        if (meanwhile !== undefined && !comments.includes(meanwhile)) comments.push(meanwhile);
        const page = Number(searchParams.get("page"));
        return [200, (pages ? comments.slice((page - 1) * 100, page * 100) : comments).map(shown)];
      }
      const { body } = JSON.parse(await textOf(request)) as { body: string };
      const created = { id: Math.max(999, ...comments.map(({ id }) => id)) + 1, body, user: JOB };
      comments.push(created);
      return [201, created];
    }
    const id = Number(/^\/api\/v1\/repos\/own\/infra\/issues\/comments\/(\d+)$/.exec(pathname)?.[1]);
    const at = comments.findIndex((one) => one.id === id);
    const comment = comments[at];
    if (comment === undefined) return [404, {}];
    // A token that may write may change and delete anybody's comment.
    if (request.method === "PATCH") {
      comment.body = (JSON.parse(await textOf(request)) as { body: string }).body;
      return [200, comment];
    }
    if (request.method !== "DELETE") return [405, {}];
    if (refuses !== undefined) return [refuses, {}];
    comments.splice(at, 1);
    return [204, undefined];
  };
  const server = createServer((request, response) => {
    void answer(request).then(([status, body]) => {
      response.writeHead(status, { "Content-Type": "application/json" });
      response.end(body === undefined ? "" : JSON.stringify(body));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1`, comments };
}

async function comment(
  t: TestContext,
  { url }: Forge,
  body: string,
  variables: NodeJS.ProcessEnv = {},
): Promise<{ readonly code: number; readonly said: string }> {
  const folder = mkdtempSync(join(tmpdir(), "zot-auth-comment-"));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "preview.md"), body);
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, "../../commands/comment/main.ts"), join(folder, "preview.md")],
    {
      env: {
        PATH: process.env["PATH"],
        NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"],
        GITHUB_API_URL: url,
        GITHUB_REPOSITORY: "own/infra",
        PULL_REQUEST: "7",
        COMMENT_TOKEN: "token-of-the-job",
        ...variables,
      },
    },
  );
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  const [code] = (await once(child, "close")) as [number];
  return { code, said: Buffer.concat(chunks).toString() };
}

const MARKER = "<!-- zot-auth: preview of prod -->";
const chatter = Array.from({ length: 120 }, (_, id) => ({ id, body: `Comment ${id}` }));

for (const [where, pages] of [
  ["Forgejo, which lists all comments at once", false],
  ["GitHub, which lists them by pages", true],
] as const) {
  test(`${where}: the first preview creates a comment, and the next ones replace it`, async (t) => {
    const server = await forge(t, [...chatter, { id: 500, body: `${MARKER.replace("prod", "lab")}\n` }], pages);
    assert.deepEqual(await comment(t, server, `${MARKER}\nfirst`), { code: 0, said: "✓ created the comment.\n" });
    assert.deepEqual(await comment(t, server, `${MARKER}\nsecond`), { code: 0, said: "✓ replaced the comment.\n" });
    assert.deepEqual(
      server.comments.slice(121).map(({ body }) => body),
      [`${MARKER}\nsecond`],
    );
  });
}

test("nobody else's comment is changed or deleted, whatever its first line", async (t) => {
  const fakes = [{ user: { id: 9 } }, { user: null }, { user: JOB, body: `Not ${MARKER}` }];
  const others = fakes.map((fake, id) => ({ id, body: `${MARKER}\r\nfake`, ...fake }));
  const before = structuredClone(others);
  const server = await forge(t, others, false);
  assert.deepEqual(await comment(t, server, `${MARKER}\nmine`), { code: 0, said: "✓ created the comment.\n" });
  assert.deepEqual(await comment(t, server, `${MARKER}\nagain`), { code: 0, said: "✓ replaced the comment.\n" });
  assert.deepEqual(server.comments.slice(0, -1), before);
  assert.deepEqual(server.comments.at(-1)?.body, `${MARKER}\nagain`);
});

test("all former comments go, from the first page on, and a later one of another run stays", async (t) => {
  const own = (id: number): Comment => ({ id, body: `${MARKER}\r\nformer`, user: JOB });
  const comments = [own(1), ...chatter.map((one) => ({ ...one, id: one.id + 10 })), own(700)];
  const server = await forge(t, comments, true, { meanwhile: { ...own(5000), body: `${MARKER}\nnewer` } });
  assert.deepEqual(await comment(t, server, `${MARKER}\nnew`), { code: 0, said: "✓ replaced the comment.\n" });
  assert.deepEqual(
    server.comments.filter(({ user }) => user === JOB).map(({ body }) => body),
    [`${MARKER}\nnew`, `${MARKER}\nnewer`],
  );
});

test("a former comment that cannot be deleted is an error, and the new one is there", async (t) => {
  const server = await forge(t, [{ id: 1, body: MARKER, user: JOB }], false, { refuses: 403 });
  const { code, said } = await comment(t, server, `${MARKER}\nnew`);
  assert.equal(code, 1);
  assert.match(said, /answered 403 when asked to delete the former comment/);
  assert.equal(server.comments.length, 2);
});

test("a token that may not is an error with the server's status, and the token is not in it", async (t) => {
  const server = await forge(t, [], false);
  const { code, said } = await comment(t, server, MARKER, { COMMENT_TOKEN: "another-token" });
  assert.equal(code, 1);
  assert.match(said, /^✗ the server of this repository answered 401 when asked to create a comment/);
  assert.ok(!said.includes("another-token"));
});

test("an empty file is an error, and no comment", async (t) => {
  const server = await forge(t, [], false);
  const { code, said } = await comment(t, server, "");
  assert.equal(code, 2);
  assert.match(said, /preview\.md does not begin with the line/);
  assert.deepEqual(server.comments, []);
});

test("outside of a workflow it names what is not set", async (t) => {
  const server = await forge(t, [], false);
  const { code, said } = await comment(t, server, MARKER, { PULL_REQUEST: "", COMMENT_TOKEN: "" });
  assert.equal(code, 2);
  assert.equal(said, "not set: PULL_REQUEST, COMMENT_TOKEN. docs/guides/workflows.md shows the workflow.\n");
});
