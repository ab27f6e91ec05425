// CEL as zot uses it: what compiles, with which type, and what an evaluation gives.
import assert from "node:assert/strict";
import test from "node:test";
import { Expression, ExpressionError } from "../../../../lab/zot/access/expression.ts";

const variables = ["claims"];
const claims = { repository: "acme/app", ref: "refs/heads/main", exp: 1795870230, groups: ["a", "b"], mixed: ["a", 1] };

function compile(text: string, output?: "bool"): Expression {
  return new Expression(text, { variables, ...(output === undefined ? {} : { output }) });
}

test("expressions on claims have the values of cel-go", () => {
  const expressions: Readonly<Record<string, boolean>> = {
    "claims.repository in ['acme/app', 'acme/site']": true,
    "claims.ref == 'refs/heads/main' && claims.repository != 'Acme/App'": true,
    "claims.ref.startsWith('refs/tags/')": false,
    "has(claims.repository_id)": false,
    "!has(claims.repository_id) || claims.repository_id == '7'": true,
    // An error on one side does not matter if the other side decides.
    "claims.missing == 'x' || true": true,
    "claims.missing == 'x' && false": false,
    "claims.exp > 1000 && claims.exp < 2000000000.5": true,
    "claims.groups.exists(group, group == 'b')": true,
    "'a' in claims.groups": true,
    "claims.?missing.orValue('none') == 'none'": true,
    'claims.repository == "acme/app" && "it\'s" != \'it"s\'': true,
  };
  for (const [text, expected] of Object.entries(expressions)) {
    assert.equal(compile(text, "bool").boolean({ claims }), expected, text);
  }
  assert.equal(compile("'jobs/' + claims.repository").string({ claims }), "jobs/acme/app");
  assert.deepEqual(compile("claims.groups").strings({ claims }), ["a", "b"]);
  assert.deepEqual(compile("claims.groups.map(group, 'p-' + group)").strings({ claims }), ["p-a", "p-b"]);
});

test("an expression that does not compile names its place, as cel-go does", () => {
  const places: Readonly<Record<string, string>> = {
    "claims.": "1:8",
    "claims.repository = 'x'": "1:19",
    "token.sub == 'x'": "1:1",
    "[1, 'a'] == []": "1:",
    "'a' in 'abc'": "1:",
  };
  for (const [text, place] of Object.entries(places)) {
    assert.throws(
      () => compile(text),
      (error) => {
        assert.ok(error instanceof ExpressionError, text);
        const beginning = `failed to parse the CEL expression '${text}': ERROR: <input>:${place}`;
        assert.ok(error.message.startsWith(beginning), error.message);
        return true;
      },
    );
  }
});

test("the type is checked when it is known, and otherwise when the expression is evaluated", () => {
  for (const [text, type] of Object.entries({ "'yes'": "string", "1 + 1": "int", "claims.repository": "dyn" })) {
    assert.throws(() => compile(text, "bool"), new RegExp(`output type mismatch: expected bool, got ${type}`), text);
  }
  assert.throws(
    () => compile("claims.repository").boolean({ claims }),
    /failed to evaluate CEL expression as boolean: 'claims\.repository'/,
  );
  assert.throws(
    () => compile("claims.exp").string({ claims }),
    /failed to evaluate CEL expression as string: 'claims\.exp'/,
  );
  assert.throws(() => compile("claims.mixed").strings({ claims }), /unsupported native conversion from list/);
  assert.throws(
    () => compile("claims.missing").value({ claims }),
    /failed to evaluate the CEL expression 'claims\.missing': no such key: missing/,
  );
});
