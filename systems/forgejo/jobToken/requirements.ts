import { ZotAuthError } from "../../../core/errors.ts";
import { unexpected } from "../../../core/http/http.ts";
import { requestApi } from "../../../core/http/api.ts";
import { at, string } from "../../../core/json.ts";
import type { Context } from "../../../provider/resource.ts";
import type { Forgejo } from "../client.ts";
import { runnersOf } from "../jobs/jobs.ts";

/** What the settings, and zot's config, say about the jobs' tokens. */
export interface ExpectedJobTokens {
  readonly issuer: string;
  /** Whose jobs push, and the setting that lists each. */
  readonly targets: Readonly<Record<string, string>>;
}

const DISCOVERY = "/api/actions/.well-known/openid-configuration";

/**
 * Whether Forgejo gives its jobs tokens, and such as zot's config expects. zot compares byte by byte what Forgejo writes into them, and refuses any other token
 * without a word. Runners that are too old for tokens are a warning: which of them takes a job is up to its labels.
 *
 * @throws ZotAuthError `FORGEJO_JOB_TOKENS_UNKNOWN`, `FORGEJO_ISSUER_DIFFERS`, `FORGEJO_NAME_DIFFERS`
 */
export async function assertJobTokens(
  forgejo: Forgejo,
  { issuer, targets }: ExpectedJobTokens,
  { signal, warn }: Pick<Context, "signal" | "warn">,
): Promise<void> {
  await Promise.all([
    assertIssuer(forgejo, issuer, signal),
    ...Object.entries(targets).map(async ([target, setting]) => {
      const [sentence] = await Promise.all([oldRunners(forgejo, target), assertSpelling(forgejo, target, setting)]);
      if (sentence !== "") warn(sentence);
    }),
  ]);
}

async function assertIssuer(forgejo: Forgejo, issuer: string, signal: AbortSignal): Promise<void> {
  const { endpoint } = forgejo;
  const answer = await requestApi(endpoint, DISCOVERY, { signal });
  if (answer.status === 404) {
    const { json } = await requestApi(endpoint, "/api/v1/version", { signal });
    const version = string(at(json, "version"));
    throw new ZotAuthError(
      "FORGEJO_JOB_TOKENS_UNKNOWN",
      `Forgejo${version === "" ? "" : ` ${version}`} gives its jobs no tokens (${endpoint.url}${DISCOVERY} does not exist); Forgejo 15.0.0 and later do. Upgrade Forgejo, or use auth: apiKey in ci.accounts.`,
    );
  }
  const named = string(at(answer.json, "issuer"));
  if (answer.status !== 200 || named === "") throw unexpected(endpoint, "name the issuer of its jobs' tokens", answer);
  if (named === issuer) return;
  throw new ZotAuthError(
    "FORGEJO_ISSUER_DIFFERS",
    `The tokens of Forgejo's jobs have the issuer ${named}, and zot would expect ${issuer} and refuse them all. Set forgejo.rootUrl to Forgejo's ROOT_URL: ${named.replace(/\/api\/actions$/, "")}`,
  );
}

async function assertSpelling(forgejo: Forgejo, target: string, setting: string): Promise<void> {
  const spelled = await forgejo.spelling(target);
  if (spelled === target) return;
  throw new ZotAuthError(
    "FORGEJO_NAME_DIFFERS",
    `${setting}: ${target} is ${spelled} in Forgejo, and in the tokens of its jobs. zot tells the two apart, so write ${spelled}.`,
  );
}

/** The first release of Forgejo's runner that hands tokens on to jobs. */
const FIRST_RUNNER = [12, 5, 2] as const;

/** A sentence if no runner that may take the target's jobs hands tokens on, as far as Forgejo lists them; empty otherwise. */
async function oldRunners(forgejo: Forgejo, target: string): Promise<string> {
  const runners = (await runnersOf(forgejo, target)) ?? [];
  const versions = runners.map(({ version }) => /^v?(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number));
  // A runner that was never online, or that somebody has built, does not say.
  if (versions.length === 0 || versions.some((version) => version === undefined || isNewEnough(version))) return "";
  const listed = runners.map(({ name, version }) => `${name} (${version})`).join(", ");
  return `No runner hands tokens on to the jobs of ${target}: Forgejo's runner ${FIRST_RUNNER.join(".")} and later do, and there are ${listed}. Upgrade one, or the jobs cannot push.`;
}

function isNewEnough(version: readonly number[]): boolean {
  const at = FIRST_RUNNER.findIndex((part, index) => version[index] !== part);
  return at === -1 || (version[at] ?? 0) > (FIRST_RUNNER[at] ?? 0);
}
