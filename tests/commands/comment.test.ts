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
  /** Whether it is somebody else's, which the token may not change. */
  readonly foreign?: boolean;
}

interface Forge {
  readonly url: string;
  readonly comments: Comment[];
}

async function forge(t: TestContext, comments: Comment[], pages: boolean): Promise<Forge> {
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
        const page = Number(searchParams.get("page"));
        return [200, pages ? comments.slice((page - 1) * 100, page * 100) : comments];
      }
      const { body } = JSON.parse(await textOf(request)) as { body: string };
      comments.push({ id: 1000 + comments.length, body });
      return [201, {}];
    }
    const id = Number(/^\/api\/v1\/repos\/own\/infra\/issues\/comments\/(\d+)$/.exec(pathname)?.[1]);
    const comment = comments.find((one) => one.id === id);
    if (comment === undefined || request.method !== "PATCH") return [404, {}];
    if (comment.foreign === true) return [403, {}];
    comment.body = (JSON.parse(await textOf(request)) as { body: string }).body;
    return [200, {}];
  };
  const server = createServer((request, response) => {
    void answer(request).then(([status, body]) => {
      response.writeHead(status, { "Content-Type": "application/json" });
      response.end(JSON.stringify(body));
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
    [join(import.meta.dirname, "../../commands/comment.ts"), join(folder, "preview.md")],
    {
      env: {
        PATH: process.env["PATH"],
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
  test(`${where}: the first preview creates a comment, and the next ones update it`, async (t) => {
    const server = await forge(t, [...chatter, { id: 500, body: `${MARKER.replace("prod", "lab")}\n` }], pages);
    assert.deepEqual(await comment(t, server, `${MARKER}\nfirst`), { code: 0, said: "✓ created the comment.\n" });
    assert.deepEqual(await comment(t, server, `${MARKER}\nsecond`), { code: 0, said: "✓ updated the comment.\n" });
    assert.deepEqual(
      server.comments.slice(121).map(({ body }) => body),
      [`${MARKER}\nsecond`],
    );
  });
}

test("somebody else's comment with the same first line is left alone", async (t) => {
  const server = await forge(t, [{ id: 1, body: `${MARKER}\r\nfake`, foreign: true }], false);
  assert.equal((await comment(t, server, `${MARKER}\nmine`)).code, 0);
  assert.deepEqual(
    server.comments.map(({ body }) => body),
    [`${MARKER}\r\nfake`, `${MARKER}\nmine`],
  );
});

test("a token that may not is an error with the server's status, and the token is not in it", async (t) => {
  const server = await forge(t, [], false);
  const { code, said } = await comment(t, server, MARKER, { COMMENT_TOKEN: "another-token" });
  assert.equal(code, 1);
  assert.match(said, /^✗ the server of this repository answered 401 when asked to list the comments/);
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
  assert.equal(said, "not set: PULL_REQUEST, COMMENT_TOKEN. docs/workflows.md shows the workflow.\n");
});
