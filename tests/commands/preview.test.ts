import assert from "node:assert/strict";
import { test } from "node:test";
import { differenceOf } from "../../commands/preview/differences.ts";
import { failureOf, markdownOf } from "../../commands/preview/markdown.ts";

// The Markdown of `npm run preview`. tests/engine/commands has it of a real preview.

const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const urn = (type: string, name: string): string => `urn:pulumi:prod::zot-auth::${type}::${name}`;

interface Step {
  readonly op: string;
  readonly name: string;
  readonly type?: string;
  readonly before?: object;
  readonly after?: object;
  readonly outputs?: object;
}

/** A step as `pulumi preview --json` has it. */
const step = ({
  op,
  name,
  type = "zot-auth:index:CiServiceAccount$zot-auth:zot:ApiKey",
  before,
  after,
  outputs = {},
}: Step) => ({
  op,
  urn: urn(type, name),
  ...(before === undefined ? {} : { oldState: { inputs: before, outputs: { ...before, ...outputs } } }),
  ...(after === undefined ? {} : { newState: { inputs: after } }),
  ...(before === undefined || after === undefined ? {} : { diffReasons: Object.keys({ ...before, ...after }) }),
});

const preview = (steps: readonly Step[], diagnostics: readonly object[] = []): string =>
  markdownOf("prod", { steps: steps.map(step), diagnostics }, true);

test("without changes it says so, and what the program reports", () => {
  const message = "The key of zot-ci rotates in 59 days, on 2027-01-28; expires on 2027-02-27.\n";
  assert.equal(
    preview(
      [
        { op: "same", name: "ci-key" },
        { op: "refresh", name: "ci-key" },
      ],
      [{ message, severity: "info" }],
    ),
    `<!-- zot-auth: preview of prod -->\n\n### zot-auth: \`prod\`: no changes\n\n\`\`\`text\n${message}\`\`\`\n\n`,
  );
});

test("changes are counted, listed with their properties, and shown as differences", () => {
  const markdown = preview([
    { op: "create", name: "forgejo-own/app", type: "zot-auth:forgejo:ActionsSecret", after: { target: "own/app" } },
    { op: "update", name: "ci-key", before: { ciGroup: "old" }, after: { ciGroup: "new", rotationTrigger: UNKNOWN } },
    { op: "delete", name: "forgejo-own/site", before: { target: "own/site" } },
    { op: "create", name: "zot-auth", type: "pulumi:providers:zot-auth", after: {} },
  ]);
  assert.match(markdown, /^### zot-auth: `prod`: 1 to create, 1 to update, 1 to delete$/m);
  assert.match(markdown, /^\| `\+` \| `forgejo-own\/app` \| `zot-auth:forgejo:ActionsSecret` \| {2}\|$/m);
  assert.match(markdown, /^\| `~` \| `ci-key` \| `zot-auth:zot:ApiKey` \| `ciGroup`, `rotationTrigger` \|$/m);
  assert.match(markdown, /^\| `-` \| `forgejo-own\/site`/m);
  assert.match(
    markdown,
    /<code>ci-key<\/code><\/summary>\n\n```diff\n- ciGroup: old\n\+ ciGroup: new\n\+ rotationTrigger: known after the update\n```\n\n<\/details>/,
  );
});

test("a replacement is one change, although Pulumi has three steps for it", () => {
  const markdown = preview([
    { op: "create-replacement", name: "ci-key", before: { user: "a" }, after: { user: "b" } },
    { op: "replace", name: "ci-key", before: { user: "a" }, after: { user: "b" } },
    { op: "delete-replaced", name: "ci-key", before: { user: "a" } },
  ]);
  assert.match(markdown, /`prod`: 1 to replace$/m);
});

test("what a refresh found is said before the changes that correct it", () => {
  const drift = "own/app has no secret ZOT_CI_API_KEY";
  const markdown = preview([
    { op: "update", name: "forgejo-own/app", before: { label: "1" }, after: { label: "2" }, outputs: { drift } },
  ]);
  assert.match(markdown, new RegExp(`^Changed on the servers since the last update:\n\n- \`${drift}\`\n\n\\|`, "m"));
});

test("secrets are as Pulumi masks them, and a changed one is named", () => {
  const markdown = preview([{ op: "update", name: "ci-key", before: { key: "[secret]" }, after: { key: "[secret]" } }]);
  assert.match(markdown, /```diff\n {2}key: changes\n```/);
});

test("a failed preview says why", () => {
  const message = "error: Invalid setting. Nothing was changed.\n  ci.grup: unknown setting.\n";
  const markdown = markdownOf("prod", { steps: [], diagnostics: [{ message, severity: "error" }] }, false);
  assert.match(markdown, /^### zot-auth: the preview of `prod` failed$/m);
  assert.ok(markdown.includes(`\`\`\`text\n${message}\`\`\``));
  assert.match(failureOf("prod"), /^<!-- zot-auth: preview of prod -->\n\n### .* failed\n/);
});

test("nothing in the settings becomes a link, a mention, HTML or the end of a block", () => {
  const evil = "```\n@everyone <img src=x> [a](b) | -->";
  const markdown = preview(
    [{ op: "update", name: evil, before: { "a|b": evil }, after: { "a|b": `${evil}\n${evil}` } }],
    [{ message: evil, severity: "warning" }],
  );
  // What is outside of code blocks, code spans, and the HTML of a summary, in which nothing is Markdown.
  const outside = markdown
    .replaceAll(/^(`{3,})\w+\n[\s\S]*?\n\1\n/gm, "")
    .replaceAll(/^<details><summary><code>[^<\n]*<\/code><\/summary>$/gm, "")
    .replaceAll(/(`+) ?[\s\S]*?[^`]\1(?!`)/g, "")
    .replace(/^<!-- .* -->$/m, "");
  assert.doesNotMatch(outside, /@everyone|\]\(|<img/);
  assert.match(markdown, /^````text\nwarning: ```\n/m);
  assert.match(markdownOf("a --> b", {}, true), /^<!-- zot-auth: preview of a\?--\?\?b -->$/m);
});

test("a preview that is too long for a comment ends with where the rest is", () => {
  const steps = Array.from({ length: 30 }, (_, index) => ({
    op: "update",
    name: `resource-${index}`,
    before: { text: "a\n".repeat(300) },
    after: { text: "b\n".repeat(300) },
  }));
  const markdown = preview(steps);
  assert.ok(markdown.length < 62_000, String(markdown.length));
  assert.match(markdown, /This is not all\. `npm run pulumi -- preview --diff --stack prod` shows the rest\.\n$/);
});

test("differences: parts of objects and of JSON by their path, lines of texts with a few around them, hashes in short", () => {
  const config = (port: number): string => JSON.stringify({ http: { port, tls: { cert: "c" } } });
  assert.deepEqual(differenceOf("stdin", config(1), config(2)), ["- stdin.http.port: 1", "+ stdin.http.port: 2"]);
  assert.deepEqual(differenceOf("hash", "a".repeat(64), "b".repeat(64)), [
    "- hash: aaaaaaaaaaaa…",
    "+ hash: bbbbbbbbbbbb…",
  ]);
  const lines = Array.from({ length: 20 }, (_, index) => `line ${index}`);
  assert.deepEqual(differenceOf("text", lines.join("\n"), lines.with(10, "other").join("\n")), [
    "  text:",
    "    …",
    "    line 7",
    "    line 8",
    "    line 9",
    "-   line 10",
    "+   other",
    "    line 11",
    "    line 12",
    "    line 13",
    "    …",
  ]);
  assert.deepEqual(differenceOf("former", undefined, ["a"]), ["  former:", "+   [", '+     "a"', "+   ]"]);
  assert.deepEqual(differenceOf("same", { a: [1] }, { a: [1] }), []);
  assert.equal(differenceOf("long", "a\n".repeat(5000), "b\n".repeat(5000)).length, 10_001);
});
