// What publish() decides, without Dagger. It says what ci/push-image.sh says.
import { createHash } from "node:crypto";
import { getCACertificates, setDefaultCACertificates } from "node:tls";

/** Where to push, and as whom. */
export interface Login {
  /** The registry's address: https://registry.example.net. */
  readonly url: string;
  /** Its host, with which image names begin. */
  readonly host: string;
  readonly prefix: string;
  readonly user: string;
  /** What the variable says of the key; empty if it says nothing. */
  readonly key: { readonly label: string; readonly fingerprint: string; readonly expires: string };
}

export interface Publication {
  readonly login: Login;
  readonly name: string;
  readonly version: string;
  readonly commitSha: string;
  /** `undefined`: nothing signs in. */
  readonly password: string | undefined;
  /** Pushes the image under that name. */
  readonly push: (image: string) => Promise<unknown>;
}

/** The account, unless the variable or the caller names another: the default of ci.user. */
const USER = "zot-ci";

const PART = "[a-z0-9]+(?:[._-]+[a-z0-9]+)*";
const NAME = new RegExp(`^${PART}(?:/${PART})*$`);
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const COMMIT = /^[0-9a-f]{7,64}$/;

/** Milliseconds after which a registry that does not answer is given up. */
const PATIENCE = 30_000;

const MANIFESTS = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

/** Reads the variable beside the secret, `user=zot-ci registry=https://registry.example.net prefix=homelab …`. What is given by hand takes precedence. */
export function loginOf(given: {
  readonly info: string;
  readonly registry: string;
  readonly prefix: string;
  readonly user: string | undefined;
}): Login {
  const words = new Map(
    given.info
      .split(/\s+/)
      .map((word) => /^([a-z]+)=(.*)$/.exec(word))
      .map((match) => [match?.[1] ?? "", match?.[2] ?? ""]),
  );
  const word = (name: string): string => words.get(name) ?? "";
  const registry = given.registry || word("registry");
  const prefix = given.prefix || word("prefix");
  if (registry === "" || prefix === "") {
    throw new Error(
      given.info === ""
        ? 'no registry is known. Pass the variable beside the secret: --info="$ZOT_CI_INFO" with ZOT_CI_INFO: ${{ vars.ZOT_CI_API_KEY_INFO }}, or --registry and --prefix.'
        : "info names no user, registry or prefix: it was written by an older zot-auth. Run `pulumi up` of zot-auth once.",
    );
  }
  const url = registry.includes("://") ? registry : `https://${registry}`;
  if (!URL.canParse(url))
    throw new Error(`invalid registry "${registry}": expected a host, such as registry.example.net`);
  return {
    url: new URL(url).origin,
    host: new URL(url).host,
    prefix,
    user: given.user || word("user") || USER,
    key: { label: word("label"), fingerprint: word("fingerprint"), expires: word("expires") },
  };
}

/** The tag of an image: `v1.2.3-0123abc`. */
export function tagOf(version: string, commitSha: string): string {
  if (!COMMIT.test(commitSha))
    throw new Error(`invalid commit "${commitSha}": at least the first seven hexadecimal digits of its id`);
  const tag = `v${version}-${commitSha.slice(0, 7)}`;
  if (/^v/.test(version) || !TAG.test(tag))
    throw new Error(`invalid version "${version}": without the leading v, and letters, digits, . _ - only`);
  return tag;
}

/** Pushes the image unless the registry has its tag, and says in one line which. */
export async function publishOnce(asked: Publication): Promise<string> {
  const { login, name, password } = asked;
  if (!NAME.test(name)) {
    throw new Error(
      `invalid name "${name}": lower-case letters and digits, with . _ - between them, and / between folders`,
    );
  }
  const tag = tagOf(asked.version, asked.commitSha);
  const repository = `${login.prefix}/${name}`;
  const image = `${login.host}/${repository}:${tag}`;
  if (password === "") {
    throw new Error(
      "the key is empty: this repository has no such Actions secret, or the job may not see it (pull requests from forks do not). It must be in forgejo.repositories of zot-auth.",
    );
  }
  const get = (path: string): Promise<number> => statusOf(login, path, password);
  const exists = (): Promise<boolean | undefined> => tagExists(get, repository, tag);

  if (password !== undefined) {
    const status = await get("/v2/");
    if (status === 401 || status === 403)
      throw new Error(`${login.host} rejects the key of ${login.user}. ${whyRejected(login, password)}`);
    if (status !== 200)
      throw new Error(
        `${login.user} could not sign in to ${login.host}, which answers ${status}. Run the job again once it is up.`,
      );
  }
  const found = await exists();
  if (found === true) return `skipped ${image}: it exists already, and tags are never overwritten`;
  if (found === undefined)
    throw new Error(`${login.host} did not say whether ${image} exists. Run the job again once the registry answers.`);
  try {
    await asked.push(image);
  } catch (error) {
    const said = withoutSecret(error instanceof Error ? error.message : String(error), password);
    if (!isRefusal(said)) {
      throw new Error(
        `${image} was not pushed: ${said}\nA job that runs again pushes what is missing; layers that arrived are not sent twice.`,
      );
    }
    // Another job may have been faster.
    if ((await exists()) === true)
      return `skipped ${image}: another job pushed it meanwhile, and tags are never overwritten`;
    throw new Error(`${login.host} refuses ${image}: ${said}\n${whyRefused(login, password)}`);
  }
  return `pushed ${image}`;
}

/** `undefined` if the registry did not say. */
async function tagExists(
  get: (path: string) => Promise<number>,
  repository: string,
  tag: string,
): Promise<boolean | undefined> {
  const status = await get(`/v2/${repository}/manifests/${tag}`);
  return status === 200 ? true : status === 404 ? false : undefined;
}

async function statusOf({ url, host, user }: Login, path: string, password: string | undefined): Promise<number> {
  const credentials = Buffer.from(`${user}:${password ?? ""}`).toString("base64");
  try {
    const response = await fetch(url + path, {
      headers: { Accept: MANIFESTS, ...(password === undefined ? {} : { Authorization: `Basic ${credentials}` }) },
      redirect: "manual",
      signal: AbortSignal.timeout(PATIENCE),
    });
    await response.body?.cancel();
    return response.status;
  } catch (error) {
    // fetch itself says only "fetch failed".
    const { cause } = error as { readonly cause?: unknown };
    const why = cause instanceof Error ? cause.message : String(error);
    throw new Error(`${host} does not answer: ${why}. Run the job again once it does.`);
  }
}

/** What Dagger's engine says of a push that the registry refuses. */
function isRefusal(said: string): boolean {
  return /denied|unauthori[sz]ed|forbidden|authentication required|insufficient_scope/i.test(
    said.replaceAll(/permission denied/gi, ""),
  );
}

/** Why zot refuses the image, as far as this job can tell. */
function whyRefused(login: Login, password: string | undefined): string {
  if (password === undefined) return "Nothing signed in: pass --registry-password=env:ZOT_CI_API_KEY.";
  const { user, prefix } = login;
  return (
    whyInvalid(login, password) ??
    `${user} may create new tags below ${prefix}/ and nothing else; it cannot overwrite or delete. If this image is below it, the key may have been revoked: \`npm run check\` of zot-auth says so.`
  );
}

/** Why nobody can sign in with the key. */
function whyRejected(login: Login, password: string): string {
  const { label, fingerprint: described } = login.key;
  const known = described === "" ? "" : `It is the key ${label} that the variable describes, so `;
  return whyInvalid(login, password) ?? `${known}the key may have been revoked: \`npm run check\` of zot-auth says so.`;
}

/** What the variable shows to be wrong with the key. */
function whyInvalid({ key }: Login, password: string): string | undefined {
  if (key.expires !== "" && Date.parse(key.expires) < Date.now())
    return `The key ${key.label} expired on ${key.expires}. Run \`pulumi up\` of zot-auth, which replaces it.`;
  if (key.fingerprint !== "" && fingerprint(password) !== key.fingerprint)
    return `The secret is not the key ${key.label} that the variable describes. A repository's own secret hides its organisation's: delete it, or list the repository in forgejo.repositories.`;
  return undefined;
}

function fingerprint(password: string): string {
  return createHash("sha256").update(password).digest("hex").slice(0, 16);
}

function withoutSecret(text: string, password: string | undefined): string {
  return password === undefined ? text : text.replaceAll(password, "***");
}

/** Node trusts only its own list, but the engine adds its certificate authorities to the container's. */
export function trustSystemCertificates(): void {
  setDefaultCACertificates([...getCACertificates("default"), ...getCACertificates("system")]);
}
