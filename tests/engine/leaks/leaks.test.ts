import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { FileSweep } from "./fileSweep.ts";
import { EngineLab } from "../support/harness.ts";
import { Homelab } from "../support/homelab.ts";
import { ProcessSampler } from "./processSampler.ts";
import { SecretSearch, findPatterns } from "./secretSearch.ts";
import type { Finding } from "./secretSearch.ts";

// Searches for every secret of a lab's whole life wherever a run could leave or show it. The first test runs the life, the others each search
// one kind of place.

const ROOT = resolve(import.meta.dirname, "../../..");
const NEEDS_PROC = process.platform === "linux" ? false : "only Linux shows processes in /proc";
/** The most verbose output of Pulumi, its plugins and the program. */
const TALKATIVE = ["--debug", "--logtostderr", "--logflow", "-v=9"];

/** Files that are meant to contain secrets: those of the lab's servers, and zot's credentials file. */
const HOLDERS = [
  "lab/secrets",
  "lab/kubeconfig",
  "lab/authentik/data",
  "lab/forgejo/forgejo.json",
  "lab/onepassword",
  "lab/zot/oidc-credentials.json",
];

const started = Date.now();
const systemTemporary = tmpdir();
/** TMPDIR of everything that the test starts. It contains the lab. */
let temporary: string;
let lab: EngineLab;
let homelab: Homelab;
let sampler: ProcessSampler;
let leftovers: FileSweep;
/** The last command. */
let last = "";
const secrets: Record<string, string> = {};
const printed: { readonly where: string; readonly text: string }[] = [];
const files: { readonly where: string; readonly text: string }[] = [];
let search: SecretSearch;

before(async () => {
  temporary = mkdtempSync(join(systemTemporary, "zot-auth-leaks-"));
  process.env["TMPDIR"] = temporary;
  lab = await EngineLab.start(undefined, "processes");
  homelab = new Homelab(lab);
  leftovers = left();
  sampler = new ProcessSampler(`PULUMI_HOME=${join(lab.directory, "pulumi")}`);
});
after(async () => {
  await lab.stop();
  rmSync(temporary, { recursive: true, force: true });
});

const inLab = (path: string): string => join(lab.directory, path);
const isHolder = (path: string): boolean =>
  HOLDERS.some((holder) => {
    const file = inLab(holder);
    const beside = [`${file}.new`, `${file}.zot-auth-new`]; // temporary names before a rename
    return path === file || path.startsWith(`${file}/`) || beside.includes(path);
  });

/** While a CI job pushes, skopeo has its login there, and writes a draft beside it first. tests/ci/pushImage.test.ts checks that only the job's user can read it. */
const JOBS_LOGIN = /^forgejo-job-\w+\/temporary\/push-image\.\w+\/(?:auth\.json|\.tmp-auth\.json\d+)$/;

/** Reads files that exist while a command runs. Skips those that only grow, which are read afterwards. */
const passing = (what: string): FileSweep =>
  new FileSweep({
    folder: temporary,
    leaveOut: (path) =>
      isHolder(join(temporary, path)) || JOBS_LOGIN.test(path) || /\.log$|\/events-|\/state$/.test(path),
    found: (path, text) => files.push({ where: `${path} during ${what}`, text }),
  });

/** Reads the files that exist after a command. */
const left = (): FileSweep =>
  new FileSweep({
    folder: temporary,
    leaveOut: (path) => isHolder(join(temporary, path)),
    found: (path, text) => files.push({ where: `${path} after ${last}`, text }),
  });

async function run(what: string, ...args: readonly string[]): Promise<void> {
  const sweep = passing(what);
  const sweeping = setInterval(() => sweep.run(), 50);
  const { code, output } = await sampler
    .during(lab.pulumi(...args, "--non-interactive"))
    .finally(() => clearInterval(sweeping));
  assert.equal(code, 0, output);
  printed.push({ where: `printed by ${what}`, text: output });
  last = what;
  leftovers.run();
  await learn(what);
}

/** Collects the current secrets: keys by generation, the account's app password, and sessions. */
async function learn(when: string): Promise<void> {
  const known = (name: string, secret: string): void => {
    if (!Object.values(secrets).includes(secret)) secrets[name] = secret;
  };
  Object.assign(secrets, lab.secrets);
  const key = homelab.ciKey("homelab/apps");
  if (key !== undefined) known(`CI's key after ${when}`, key);
  const { status, body } = await homelab.authentik("/core/tokens/zot-ci-app-password/view_key/");
  if (status === 200) known("the app password of zot-ci", (body as { key: string }).key);
  const { sessions } = JSON.parse(readFileSync(inLab("lab/authentik/data/authentik.json"), "utf8")) as {
    sessions: Readonly<Record<string, unknown>>;
  };
  // Authentik's cookies contain the session's id.
  for (const [index, name] of Object.keys(sessions).entries())
    known(`session ${index} of Authentik after ${when}`, name);
  const cookies = readFileSync(inLab("lab/zot/zot.log"), "latin1").matchAll(/[ ;"]session=([^ ;"]{20,})/g);
  for (const [index, [, cookie = ""]] of [...cookies].entries()) {
    // Without the beginning, a time that other labs' cookies may share.
    known(`session ${index} of zot after ${when}`, cookie.slice(-40));
    // The log is world-readable, so the cookie must not be valid any more.
    const headers = { cookie: `session=${cookie}`, "x-zot-api-client": "zot-ui" };
    const answer = await fetch(`${lab.layout.settings.registry.url}/zot/auth/apikey`, { headers });
    assert.notEqual(answer.status, 200, `session ${index} of zot, whose cookie is in the log, has ended after ${when}`);
  }
}

const nothing: readonly Finding[] = [];

/** At level "info" zot logs the path and the cookies of each request, and masks other credentials. */
const isOfZotsLog = ({ where, what }: Finding): boolean =>
  where.includes("/lab/zot/zot.log ") && /^session .* of zot|^a session's cookie|^an authorization code/.test(what);

test("a whole life: up, preview, refresh, a rotation, destroy", async () => {
  await run("the first up", "up", "--yes", "--skip-preview", ...TALKATIVE);
  await run("preview", "preview", "--diff");
  await run("refresh", "refresh", "--yes", "--skip-preview");
  lab.changeSettings((config) => {
    const ci = config["zot-auth:ci"] as object;
    config["zot-auth:ci"] = { ...ci, rotationTrigger: "now", gracePeriod: "0 seconds" };
  });
  await run("the rotation", "up", "--yes");
  await run("stack output", "stack", "output", "--json");
  await run("stack export", "stack", "export");
  search = new SecretSearch(secrets);
  assertHolders();
  await run("destroy", "destroy", "--yes", "--skip-preview", ...TALKATIVE);
  search = new SecretSearch(secrets);
  const names = Object.keys(secrets);
  assert.notEqual(secrets["CI's key after the rotation"], secrets["CI's key after the first up"]);
  for (const name of ["clientSecret", "connect", "the app password of zot-ci"]) assert.ok(names.includes(name), name);
  for (const server of ["Authentik", "zot"])
    assert.ok(
      names.some((name) => name.includes(`of ${server} `)),
      server,
    );
});

/** Every place that the search skips contains a secret, which the search can find, and only its owner can read it. */
function assertHolders(): void {
  const held: Finding[] = [];
  const all = new FileSweep({
    folder: lab.directory,
    found: (path, text) => held.push(...search.find(text, path)),
  });
  all.run();
  for (const holder of HOLDERS) {
    const found = held.filter(({ where }) => where === holder || where.startsWith(`${holder}/`));
    assert.ok(found.length > 0, `${holder} contains a secret, so skipping it is necessary`);
    for (const { where } of found) assert.equal(statSync(inLab(where)).mode & 0o777, 0o600, where);
  }
}

test("no secret was among the arguments of any process", { skip: NEEDS_PROC }, async () => {
  const lists = [...sampler.argumentLists];
  const { host } = new URL(lab.layout.settings.registry.url);
  for (const words of [
    ["pulumi up ", lab.settingsFile],
    ["pulumi-resource-command"],
    ['/sh -c eval "$ZOT_AUTH_DEPLOY"'],
    ["skopeo", " login ", "--password-stdin", host],
    ["skopeo", " copy ", host],
  ]) {
    assert.ok(
      lists.some((list) => words.every((word) => list.includes(word))),
      `${words.join("… ")} was seen`,
    );
  }
  assert.deepEqual(
    lists.flatMap((list) => search.find(list, list)),
    nothing,
  );

  // Proves that the sampler sees a secret in a short-lived process.
  const shown = `zot-ci:${secrets["CI's key after the rotation"] ?? ""}`;
  const child = spawn("sh", ["-c", "sleep 0.1; :", shown], { stdio: "ignore" });
  await sampler.during(new Promise((done) => child.once("close", done)));
  const found = [...sampler.argumentLists].flatMap((list) => search.find(list, "arguments"));
  assert.deepEqual(found, [{ what: "CI's key after the rotation in plain text", where: "arguments" }]);
});

// The lab's settings refer to files, and Pulumi's plugins get secrets over gRPC. With `env:NAME` in the settings, users put that secret into the
// environment themselves. CI's job, which gets its key in a variable, is not a process of the run.
test("no secret was in the environment of a run's processes", { skip: NEEDS_PROC }, () => {
  const variables = [...sampler.variables];
  for (const seen of ["PULUMI_CONFIG=", "ZOT_AUTH_DEPLOY="]) {
    assert.ok(
      variables.some((variable) => variable.startsWith(seen)),
      `${seen} was seen`,
    );
  }
  assert.deepEqual(
    variables.flatMap((variable) => search.find(variable, variable.split("=")[0] ?? "")),
    nothing,
  );
});

test("no secret was printed, not even with all logging enabled", () => {
  assert.ok(
    printed.some(({ text }) => text.includes("Planner decided")),
    "the engine's own log was printed",
  );
  assert.ok(
    printed.some(({ text }) => text.includes('"deployment"')),
    "the state was printed",
  );
  const found = printed.flatMap(({ where, text }) => [...search.find(text, where), ...findPatterns(text, where)]);
  assert.deepEqual(found, nothing);
});

test("no secret is in a file: state and its history, event logs, Pulumi's folder, zot's host files, logs, temporary files", () => {
  for (const seen of [
    /\.checkpoint\.json after/,
    /backups\/.* after/,
    /events-.* after/,
    /zot\/config\.json after/,
    /zot\.log after/,
    /forgejo\/logs\/.* after/,
    /forgejo-job-.* during/,
  ]) {
    assert.ok(
      files.some(({ where }) => seen.test(where)),
      `a file that matches ${String(seen)} was read`,
    );
  }
  const found = files.flatMap(({ where, text }) => [...search.find(text, where), ...findPatterns(text, where)]);
  assert.deepEqual(
    found.filter((finding) => !isOfZotsLog(finding)),
    nothing,
  );
  assert.ok(found.some(isOfZotsLog), "zot logs cookies, so the exception is necessary");
  assert.ok(!existsSync(inLab("lab/zot/oidc-credentials.json")), "destroy removes the credentials file");

  // Proves that the search finds a secret in each form.
  const key = secrets["CI's key after the rotation"] ?? "";
  mkdirSync(join(temporary, "planted"));
  const forms = [
    key,
    encodeURIComponent(`"${key}"`),
    Buffer.from(`zot-ci:${key}`).toString("base64"),
    Buffer.from(key).toString("hex"),
    key.slice(0, 25),
  ];
  for (const [index, text] of forms.entries())
    writeFileSync(join(temporary, "planted", String(index)), `before ${text} after`);
  const planted: string[] = [];
  new FileSweep({
    folder: join(temporary, "planted"),
    found: (path, text) => planted.push(...search.find(text, path).map(({ where }) => where)),
  }).run();
  assert.deepEqual(planted.sort(), ["0", "1", "2", "3", "4"]);
});

test("no secret is in new files in the project's folder and the system's temporary folder", () => {
  const found: Finding[] = [];
  const at = (folder: string, leaveOut: (path: string) => boolean): void =>
    new FileSweep({
      folder,
      since: started,
      leaveOut,
      found: (path, text) => found.push(...search.find(text, join(folder, path))),
    }).run();
  const planted = join(systemTemporary, `${basename(temporary)}-planted`);
  writeFileSync(planted, secrets["forgejo"] ?? "");
  try {
    at(
      ROOT,
      (path) => path === ".git" || (path.startsWith("node_modules/") && !path.startsWith("node_modules/.cache")),
    );
    at(systemTemporary, (path) => {
      const file = join(systemTemporary, path);
      if (file === temporary || path.endsWith("/node_modules")) return true;
      // Unchanged files belong to other programs.
      const { ctimeMs } = lstatSync(file, { throwIfNoEntry: false }) ?? { ctimeMs: 0 };
      return !path.includes("/") && ctimeMs < started;
    });
  } finally {
    rmSync(planted);
  }
  assert.deepEqual(found, [{ what: "forgejo in plain text", where: planted }], "only the planted file");
});
