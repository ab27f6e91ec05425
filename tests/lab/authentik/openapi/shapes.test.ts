// The responses of the lab's API against the OpenAPI document of the emulated Authentik release.
import assert from "node:assert/strict";
import test from "node:test";
import { withSeed } from "../../../../lab/authentik/server.ts";
import { labRoutes } from "./labRoutes.ts";
import type { Document } from "./openapi.ts";
import { currentDocument, problemsOf, recordedDocument, templateOf } from "./openapi.ts";
import type { Answer, Lab } from "../support.ts";
import { Browser, measured, people, startLab } from "../support.ts";
import { entries } from "../transcripts/transcripts.ts";

/** Where a real Authentik deviates from its OpenAPI document, as recorded. */
const deviations: readonly { readonly release: string; readonly problem: RegExp; readonly reason: string }[] = [
  {
    release: "2026.2.0",
    problem: /\.(policy|group|user|provider)_obj: not an object$/,
    reason: "null if there is no such object; documented since 2026.5",
  },
  {
    release: "2026",
    problem: /^\[\d+\]\.(version: unknown|last_m: not a date-time)$/,
    reason: "files in available/ have a version, and a time in seconds",
  },
  {
    release: "2026",
    problem: /^The document has no 404 response for \w+ \S+$/,
    reason: "the document omits 404",
  },
  {
    release: "2026",
    problem: /\.policy_obj\.\w+: unknown$/,
    reason: "the policy also has the fields of its own type",
  },
];

const unexpected = (release: string, problems: readonly string[]): readonly string[] =>
  problems.filter(
    (problem) => !deviations.some((known) => release.startsWith(known.release) && known.problem.test(problem)),
  );

const releases = [
  { release: "2026.2.0", document: recordedDocument },
  { release: "2026.8.3", document: currentDocument },
] as const;

const lookups: Readonly<Record<string, string>> = {
  "/core/applications/": "slug",
  "/core/tokens/": "identifier",
  "/flows/instances/": "slug",
  "/tasks/tasks/": "message_id",
};

/** Valid request bodies for POST; `$` with a path stands for the key of the first object in that list. */
const bodies: Readonly<Record<string, Record<string, unknown>>> = {
  "/core/users/": { username: "made", name: "Made" },
  "/core/users/service_account/": { name: "made-sa" },
  "/core/groups/": { name: "made" },
  "/core/tokens/": { identifier: "made" },
  "/core/applications/": { name: "Made", slug: "made" },
  "/managed/blueprints/": { name: "made", content: "version: 1\nentries: []\n" },
  "/rbac/roles/": { name: "made" },
  "/policies/reputation/": { name: "made" },
  "/policies/expression/": { name: "made", expression: "return True" },
  "/stages/consent/": { name: "made" },
  "/stages/identification/": { name: "made" },
  "/stages/user_login/": { name: "made" },
  "/stages/password/": { name: "made", backends: [] },
};

class Checker {
  readonly problems: string[] = [];
  readonly seen = new Set<string>();
  readonly #document: Document;
  readonly #release: string;

  constructor(document: Document, release: string) {
    this.#document = document;
    this.#release = release;
  }

  take(method: string, path: string, answer: Answer): void {
    const [address = ""] = path.split("?");
    const body: unknown = answer.text === "" ? null : answer.json;
    const problems = problemsOf(this.#document, { method, path: address, status: answer.status, body });
    const what = `${method} ${address} ${answer.status}`;
    this.problems.push(...unexpected(this.#release, problems).map((problem) => `${what}: ${problem}`));
    this.seen.add(`${method} ${templateOf(this.#document, address) ?? address}`);
  }
}

async function started(t: test.TestContext, release: string): Promise<Lab> {
  const users = [{ username: "bob", password: "bob-password", staticCodes: ["one-time"] }];
  const lab = await startLab(t, { version: release, seed: withSeed(people, { users, mfa: "configure" }) });
  await lab.apply("zot.yaml", measured);
  await lab.apply(
    "more.yaml",
    "version: 1\nmetadata: {name: more}\nentries:\n" +
      "  - model: authentik_policies_reputation.reputationpolicy\n    id: policy\n    identifiers: {name: low}\n" +
      "  - model: authentik_flows.flow\n    identifiers: {slug: more}\n    id: flow\n" +
      "    attrs: {name: More, title: More, designation: authentication}\n" +
      "  - model: authentik_policies.policybinding\n" +
      "    identifiers: {target: !KeyOf flow, order: 0, policy: !KeyOf policy}\n",
  );
  return lab;
}

for (const { release, document } of releases) {
  test(`${release}: every response of the API matches the OpenAPI document`, async (t) => {
    const described = document();
    const lab = await started(t, release);
    const checker = new Checker(described, release);
    const ask = async (method: string, path: string, body?: unknown): Promise<Answer> => {
      const answer = await lab.api(method, path, body);
      checker.take(method, path, answer);
      return answer;
    };
    await new Browser(lab).login("nobody-has-this-name", "wrong");
    const bob = await lab.one("/core/users/?username=bob");
    const robot = await lab.one("/core/users/?username=robot");
    const { json: application } = await lab.api("GET", "/core/applications/zot/");
    await lab.api("POST", "/policies/bindings/", { target: application["pk"], user: bob["pk"], order: 7 });

    const routes = labRoutes(release);
    for (const { path } of routes.filter(
      ({ method, path }) => method === "GET" && !path.includes("/flows/executor/"),
    )) {
      const key = path.includes("/x/") ? await keyFor(lab, path.slice(0, path.indexOf("x/"))) : "";
      await ask("GET", path.includes("superuser") ? path : path.replace("/x/", `/${key}/`));
    }
    await ask("GET", "/core/applications/?superuser_full_list=true");
    for (const { path } of routes.filter(({ method }) => method === "PATCH")) {
      if (path.includes("unassign")) continue;
      const key = await keyFor(lab, path.slice(0, path.indexOf("x/")));
      assert.equal((await ask("PATCH", path.replace("/x/", `/${key}/`), {})).status, 200, path);
    }
    for (const { path } of routes.filter(({ method, path }) => method === "POST" && !path.includes("/x/"))) {
      if (path.endsWith("/import/")) continue;
      const made = bodies[path];
      if (made === undefined) assert.equal((await ask("POST", path, {})).status, 400, path);
      else {
        const answer = await ask("POST", path, made);
        assert.ok([200, 201].includes(answer.status), `${path}: ${answer.text}`);
      }
    }
    const role = await keyFor(lab, "/rbac/roles/");
    const group = await keyFor(lab, "/core/groups/");
    const actions: readonly (readonly [string, unknown])[] = [
      [`/core/users/${String(robot["pk"])}/set_password/`, { password: "new" }],
      ["/core/tokens/robot/set_key/", { key: "new-key" }],
      [`/core/groups/${group}/add_user/`, { pk: robot["pk"] }],
      [`/core/groups/${group}/remove_user/`, { pk: robot["pk"] }],
      [`/rbac/roles/${role}/add_user/`, { pk: robot["pk"] }],
      [`/rbac/roles/${role}/remove_user/`, { pk: robot["pk"] }],
      [`/rbac/permissions/assigned_by_roles/${role}/assign/`, { permissions: ["authentik_core.view_user"] }],
      [`/managed/blueprints/${await keyFor(lab, "/managed/blueprints/")}/apply/`, undefined],
    ];
    for (const [path, body] of actions) assert.ok([200, 204].includes((await ask("POST", path, body)).status), path);
    await ask("PATCH", `/rbac/permissions/assigned_by_roles/${role}/unassign/`, { permissions: [] });
    const refused = await lab.api("GET", "/core/users/", undefined, "nobody-token");
    checker.take("GET", "/core/users/", refused);
    assert.equal(refused.status, 403);
    assert.deepEqual(checker.problems, []);
    const unasked = routes
      .map(({ method, path }) => `${method} ${templateOf(described, path) ?? path}`)
      .filter((route) => !checker.seen.has(route) && !/^(DELETE|PUT) |executor|\/import\//.test(route));
    assert.deepEqual(unasked, []);
  });

  test(`${release}: the flow executor's challenges match the OpenAPI document`, async (t) => {
    const lab = await started(t, release);
    const checker = new Checker(document(), release);
    const slug = "default-authentication-flow";
    const path = `/flows/executor/${slug}/`;
    const step = async (
      browser: Browser,
      method: "GET" | "POST",
      answer?: object,
    ): Promise<Record<string, unknown>> => {
      let reply = await browser.request(method, `/api/v3${path}?query=`, answer);
      while (reply.status === 302) reply = await browser.request("GET", reply.headers.get("location") ?? "");
      checker.take("GET", path, reply);
      return reply.json;
    };
    const components: unknown[] = [];
    for (const { name, answers } of [
      {
        name: "bob",
        answers: [{ password: "wrong" }, { password: "bob-password" }, { code: "wrong" }, { code: "one-time" }],
      },
      { name: "alice", answers: [{ password: "alice-password" }, { selected_stage: "totp" }] },
      { name: "alice", answers: [{ password: "alice-password" }, { selected_stage: "static" }] },
    ]) {
      const browser = new Browser(lab);
      let challenge = await step(browser, "GET");
      for (const answer of [{ uid_field: name }, ...answers]) {
        components.push(challenge["component"]);
        const stages = (challenge["configuration_stages"] ?? []) as { readonly pk: string; readonly name: string }[];
        const chosen =
          "selected_stage" in answer
            ? stages.find((stage) => stage.name.includes(String(answer.selected_stage)))
            : undefined;
        const given = chosen === undefined ? answer : { selected_stage: chosen.pk };
        challenge = await step(browser, "POST", { component: challenge["component"], ...given });
      }
      components.push(challenge["component"]);
    }
    const denied = await lab.api("PATCH", `/flows/instances/${slug}/`, { authentication: "require_authenticated" });
    assert.equal(denied.status, 200);
    components.push((await step(new Browser(lab), "GET"))["component"]);
    assert.deepEqual([...new Set(components)].sort(), [
      "ak-stage-access-denied",
      "ak-stage-authenticator-static",
      "ak-stage-authenticator-totp",
      "ak-stage-authenticator-validate",
      "ak-stage-identification",
      "ak-stage-password",
      "xak-flow-redirect",
    ]);
    assert.deepEqual(checker.problems, []);
  });
}

test("the recorded responses of 2026.2.0 match its OpenAPI document, so the check is not too strict", () => {
  const described = recordedDocument();
  const problems = entries
    .filter(({ request, response }) => request.url.includes("/api/v3/") && typeof response.body === "object")
    .flatMap(({ name, request, response }) => {
      const path = new URL(request.url).pathname.replace("/api/v3", "");
      const method = path.includes("/flows/executor/") ? "GET" : request.method;
      const found = problemsOf(described, { method, path, status: response.status, body: response.body });
      return unexpected("2026.2.0", found).map((problem) => `${name}: ${problem}`);
    });
  assert.deepEqual(problems, []);
});

test("the check finds missing fields, unknown fields and wrong types", () => {
  const described = recordedDocument();
  const group = { pk: 1, num_pk: 1, name: "g", parents: [], more: true };
  const page = { pagination: {}, results: [group], autocomplete: {} };
  const problems = problemsOf(described, { method: "GET", path: "/core/groups/", status: 200, body: page });
  assert.ok(problems.includes(".results[0].pk: not a uuid"));
  assert.ok(problems.includes(".results[0].more: unknown"));
  assert.ok(problems.includes(".results[0].users_obj: missing"));
  assert.ok(problems.includes(".pagination.next: missing"));
});

/** The key of the first object of a list. */
async function keyFor(lab: Lab, list: string): Promise<string> {
  if (list === "/rbac/permissions/assigned_by_roles/") return keyFor(lab, "/rbac/roles/");
  const { json } = await lab.api("GET", `${list}?superuser_full_list=true`);
  const [first] = json["results"] as Record<string, unknown>[];
  assert.ok(first, `${list} is empty`);
  return String(first[lookups[list] ?? "pk"]);
}
