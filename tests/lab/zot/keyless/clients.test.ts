// Replays the requests of skopeo and crane, as zot logged them: with the credentials that the client had, zot answers each as recorded.
import assert from "node:assert/strict";
import test, { after, before, describe } from "node:test";
import type { Image } from "../support/images.ts";
import { digestOf, image, manifestType } from "../support/images.ts";
import { basic } from "../support/registry.ts";
import { keyIn } from "./support/keys.ts";
import type { ClientRun } from "./replay/recording.ts";
import { recording } from "./replay/recording.ts";
import type { KeylessRegistry } from "./support/registry.ts";
import { pushSeed, seed, startKeyless } from "./support/registry.ts";

interface Request {
  readonly method: string;
  readonly path: string;
  readonly authenticated: boolean;
  readonly status: number;
}

const line = /^([A-Z]+) (\S+) \[(none|\*+)\] -> (\d+)$/;
const pushed = image("pushed");

function requestOf(text: string): Request {
  const [, method = "", path = "", sent = "", status = ""] = line.exec(text) ?? [];
  assert.notEqual(status, "", text);
  return { method, path, authenticated: sent !== "none", status: Number(status) };
}

/** What a client sends as `Authorization`, once it does: `Bearer` if it was told to get a token, or sends one unasked. */
interface Credentials {
  /** The header for the token endpoint and, if zot asks for Basic, for all else. */
  readonly basic?: string;
  /** A token that the client has without asking the endpoint. */
  readonly token?: string;
  /** The form that it posts to the endpoint. */
  readonly form?: string;
}

for (const mode of ["plain", "realm"] as const) {
  describe(mode, () => {
    let keyless: KeylessRegistry;
    let key = "";
    before(async () => {
      keyless = await startKeyless(mode);
      await pushSeed(keyless);
      const browser = await keyless.registry.signIn("ci");
      const url = `${keyless.registry.url}/zot/auth/apikey`;
      const init = { method: "POST", headers: { "X-ZOT-API-CLIENT": "zot-ui" }, body: "{}" };
      key = keyIn(await (await browser.fetch(url, init)).text());
    });
    after(() => keyless.close());

    const credentialsOf = async ({ label, command }: ClientRun): Promise<Credentials> => {
      const foreign = label.includes("foreign");
      const token = await keyless.jobs.token(foreign ? { repository: "evil/app" } : {});
      if (label.includes("identitytoken")) return { form: `grant_type=refresh_token&refresh_token=${token}` };
      if (label.includes("registrytoken")) return { token };
      // skopeo sends this token only if zot asks for one.
      if (label.includes("--dest-registry-token")) return mode === "realm" ? { token } : {};
      if (/KEY\b/.test(label)) return { basic: basic("ci", key) };
      if (label.includes("wrong key")) return { basic: basic("ci", `zak_${"0".repeat(32)}`) };
      return label.includes("anonymous") && !command.includes("--dest-creds") ? {} : { basic: basic("any", token) };
    };

    for (const [index, run] of recording.clients[mode].entries()) {
      test(`${index} ${run.label}`, async () => {
        const client = new Client(keyless, await credentialsOf(run), /^crane|pull/.test(run.label) ? seed : pushed);
        for (const text of run.requests_seen_by_zot) await client.send(requestOf(text), text);
      });
    }
  });
}

class Client {
  readonly #keyless: KeylessRegistry;
  readonly #credentials: Credentials;
  readonly #image: Image;
  /** By the recorded digest. */
  readonly #blobs = new Map<string, string>();
  #token: string | undefined;
  #upload = "";

  constructor(keyless: KeylessRegistry, credentials: Credentials, pushedImage: Image) {
    this.#keyless = keyless;
    this.#credentials = credentials;
    this.#image = pushedImage;
    this.#token = credentials.token;
  }

  async send(request: Request, text: string): Promise<void> {
    const { method, path, authenticated, status } = request;
    const asksForToken = path.startsWith("/zot/auth/token");
    const { basic: own, form } = this.#credentials;
    const authorization = asksForToken || this.#token === undefined ? own : `Bearer ${this.#token}`;
    const body = asksForToken && method === "POST" ? form : this.#bodyOf(request);
    const response = await fetch(`${this.#keyless.registry.url}${this.#pathOf(request)}`, {
      method,
      headers: {
        ...(authenticated && authorization !== undefined ? { Authorization: authorization } : {}),
        ...contentType(method, path),
      },
      ...(body === undefined ? {} : { body }),
    });
    const answer = await response.text();
    assert.equal(response.status, status, `${text}: ${answer}`);
    if (asksForToken && response.ok) this.#token = (JSON.parse(answer) as { token: string }).token;
    this.#upload = response.headers.get("location") ?? this.#upload;
  }

  /** The recorded path with this run's upload and digests. The first blob is the layer, the second the config. */
  #pathOf({ method, path }: Request): string {
    const digest = /sha256(?::|%3A)[0-9a-f]{64}/.exec(path)?.[0]?.replace("%3A", ":");
    if (digest !== undefined && !this.#blobs.has(digest)) {
      this.#blobs.set(digest, this.#blobs.size === 0 ? this.#image.layer : this.#image.config);
    }
    const content = this.#blobs.get(digest ?? "") ?? "";
    if (method === "PATCH") return this.#upload;
    if (method === "PUT" && digest !== undefined) return `${this.#upload}?digest=${digestOf(content)}`;
    return digest === undefined ? this.#keyless.live(path) : path.replace(digest, digestOf(content));
  }

  #bodyOf({ method, path }: Request): string | undefined {
    if (method === "PATCH") return this.#blobs.get([...this.#blobs.keys()].at(-1) ?? "") ?? "";
    return method === "PUT" && path.includes("/manifests/") ? this.#image.manifest : undefined;
  }
}

function contentType(method: string, path: string): Record<string, string> {
  if (path.startsWith("/zot/auth/token") && method === "POST") {
    return { "Content-Type": "application/x-www-form-urlencoded" };
  }
  return method === "PUT" && path.includes("/manifests/") ? { "Content-Type": manifestType } : {};
}
