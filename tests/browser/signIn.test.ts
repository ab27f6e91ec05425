// People sign in to the registry with a browser, through Authentik's default flow with a second factor.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { totpCode } from "../../lab/authentik/models/credentials.ts";
import { launch, skip } from "./chromium.ts";
import type { Homelab, Person } from "./homelab.ts";
import { people, startHomelab } from "./homelab.ts";

let browser: Browser;
let homelab: Homelab;

before(async () => {
  if (skip !== false) return;
  [browser, homelab] = await Promise.all([launch(), startHomelab()]);
});

after(async () => {
  if (skip !== false) return;
  await browser.close();
  await homelab.close();
});

const names = "Email or Username";
const code = "Code from your authenticator app";

/** Starts a sign-in at the registry in a new browser context. `asked`: the hosts of all its requests. */
async function askToSignIn(): Promise<{ readonly page: Page; readonly asked: Set<string> }> {
  const context = await browser.newContext();
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  const asked = new Set<string>();
  page.on("request", (request) => asked.add(new URL(request.url()).hostname));
  await page.goto(`${homelab.zot}/zot/auth/login?provider=oidc&callback_ui=${homelab.zot}/v2/_catalog`);
  const { origin, pathname } = new URL(page.url());
  assert.equal(`${origin}${pathname}`, `${homelab.authentik}/if/flow/default-authentication-flow/`);
  return { page, asked };
}

/** Fills in the field of a flow page and submits it. */
async function answer(page: Page, label: string, value: string): Promise<void> {
  await page.getByLabel(label).fill(value);
  await page.getByRole("button").click();
}

async function giveNameAndPassword(page: Page, username: string, password: string): Promise<void> {
  await answer(page, names, username);
  await answer(page, "Password", password);
}

const currentCode = (person: Person): string => totpCode(people[person].totpSecret, Date.now());

async function signIn(page: Page, person: Person): Promise<void> {
  await giveNameAndPassword(page, person, people[person].password);
  await answer(page, code, currentCode(person));
}

/** Sends a request to the registry from the page, as its user interface does. */
function ask(page: Page, method: string, path: string): Promise<number> {
  const request = { method, url: `${homelab.zot}${path}`, headers: { "X-ZOT-API-CLIENT": "zot-ui" } };
  return page.evaluate(async ({ url, ...init }) => (await fetch(url, init)).status, request);
}

const upload = "/v2/people/test/blobs/uploads/";

/** Opens a page of the registry, signed in or not. */
async function openRegistry(page: Page): Promise<void> {
  const response = await page.goto(`${homelab.zot}/v2/_catalog`);
  assert.equal(new URL(page.url()).origin, homelab.zot);
  assert.equal(response?.status(), 200, "everyone may read");
}

test("an administrator signs in with a second factor and may push", { skip }, async () => {
  const { page, asked } = await askToSignIn();
  await page.getByLabel(names).waitFor();
  assert.equal(await page.locator(":focus").getAttribute("name"), "uid_field");
  await signIn(page, "ada");
  await page.waitForURL(`${homelab.zot}/v2/_catalog`);
  assert.equal(await ask(page, "POST", upload), 202);
  assert.deepEqual([...asked], ["127.0.0.1"]);
});

test("a person who may sign in but has no registry group can read and cannot push", { skip }, async () => {
  const { page } = await askToSignIn();
  await signIn(page, "rita");
  await page.waitForURL(`${homelab.zot}/v2/_catalog`);
  assert.equal(await ask(page, "GET", "/v2/_catalog"), 200);
  assert.equal(await ask(page, "POST", upload), 403);
});

test("Authentik denies a person without a group, who gets no session", { skip }, async () => {
  const { page } = await askToSignIn();
  await signIn(page, "noel");
  await page.getByRole("alert").filter({ hasText: "Request has been denied." }).waitFor();
  assert.equal(new URL(page.url()).origin, homelab.authentik);
  await openRegistry(page);
  assert.equal(await ask(page, "POST", upload), 401);
});

test("without the second factor, there is no session", { skip }, async () => {
  const { page } = await askToSignIn();
  await giveNameAndPassword(page, "ada", people.ada.password);
  await page.getByLabel(code).waitFor();
  await page.goto(`${homelab.zot}/zot/auth/login?provider=oidc&callback_ui=${homelab.zot}/v2/_catalog`);
  assert.equal(new URL(page.url()).origin, homelab.authentik, "asked to sign in again");
  await openRegistry(page);
  assert.equal(await ask(page, "POST", upload), 401);
});

test("the page reports a wrong password or code, and people can retry", { skip }, async () => {
  const { page } = await askToSignIn();
  await giveNameAndPassword(page, "ada", "wrong");
  await page.getByRole("alert").filter({ hasText: "Invalid password" }).waitFor();
  assert.equal(await page.locator(":focus").getAttribute("name"), "password");
  assert.equal(await page.getByLabel("Password").getAttribute("aria-invalid"), "true");
  await answer(page, "Password", people.ada.password);
  await answer(page, code, "not-a-code");
  await page.getByRole("alert").filter({ hasText: "Invalid Token." }).waitFor();
  assert.equal(await page.getByLabel(code).getAttribute("aria-invalid"), "true");
});

test("the machines' app password does not sign in through the people's flow", { skip }, async () => {
  const { page } = await askToSignIn();
  await giveNameAndPassword(page, "zot-ci", homelab.appPassword);
  await page.getByText("Choose a second factor to set up.").waitFor();
  assert.deepEqual((await page.getByRole("button").allInnerTexts()).sort(), [
    "Static Authenticator",
    "TOTP Authenticator",
  ]);
  await openRegistry(page);
  assert.equal(await ask(page, "POST", upload), 401);
});

test("people's passwords do not sign in through the machines' flow", { skip }, async () => {
  const { page } = await askToSignIn();
  await page.goto(`${homelab.authentik}/if/flow/machine-login/`);
  await page.getByLabel("Username").fill("ada");
  await page.getByLabel("Password").fill(people.ada.password);
  await page.getByRole("button").click();
  await page.getByRole("alert").filter({ hasText: "Failed to authenticate." }).waitFor();
  await openRegistry(page);
  assert.equal(await ask(page, "POST", upload), 401);
});
