// Stands in for Forgejo 15.0.3: the keys of the jobs' tokens, and the tokens with which a job asks for one.
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { JWTPayload } from "jose";
import { errors, jwtVerify, SignJWT } from "jose";
import type { JobClaims } from "./claims.ts";

/** What a request token says about its job. */
export interface Asking {
  readonly run: number;
  readonly job: number;
  readonly task: number;
  /** The claims of its ID tokens. Undefined if it may not have any. */
  readonly claims: JobClaims | undefined;
}

const algorithm = "RS256";
const requestTokenLifetime = "24h";

export class JobTokenIssuer {
  readonly #key: KeyObject;
  readonly #kid: string;
  readonly #secret: Uint8Array = randomBytes(32);
  readonly #lifetime: number;

  /** Keeps its key in the data folder, so that it survives a restart. `lifetime`: of an ID token, in seconds. */
  constructor(data: string, lifetime: number) {
    this.#key = createPrivateKey(readOrCreate(join(data, "actions_id_token", "private.pem")));
    const der = createPublicKey(this.#key).export({ type: "spki", format: "der" });
    this.#kid = createHash("sha256").update(der).digest("base64url");
    this.#lifetime = lifetime;
  }

  get algorithm(): string {
    return algorithm;
  }

  /** The public key, for those who verify tokens. */
  jwk(): object {
    const { kty, n, e } = createPublicKey(this.#key).export({ format: "jwk" });
    return { alg: algorithm, e, kid: this.#kid, kty, n, use: "sig" };
  }

  /** The token with which a running job asks for ID tokens. */
  async requestToken({ run, job, task, claims }: Asking): Promise<string> {
    const scope = claims === undefined ? [] : [`generate_id_token:${run}:${job}`];
    return new SignJWT({
      RunID: run,
      JobID: job,
      TaskID: task,
      scp: [`Actions.Results:${run}:${job}`, ...scope].join(" "),
      ...(claims === undefined ? {} : { claims }),
    })
      .setProtectedHeader({ alg: "HS256", typ: "JWT" })
      .setExpirationTime(requestTokenLifetime)
      .sign(this.#secret);
  }

  /** Who asks. Undefined if the token is not a request token of this server. */
  async asking(token: string): Promise<Asking | undefined> {
    try {
      const { payload } = await jwtVerify(token, this.#secret, { algorithms: ["HS256"] });
      return toAsking(payload);
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }

  /** An ID token for an audience. */
  async idToken(claims: JobClaims, issuer: string, audience: string): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({ ...claims, iss: issuer, aud: audience, iat: now, nbf: now, exp: now + this.#lifetime })
      .setProtectedHeader({ alg: algorithm, kid: this.#kid, typ: "JWT" })
      .sign(this.#key);
  }
}

function toAsking(payload: JWTPayload): Asking {
  const { RunID: run, JobID: job, TaskID: task, claims } = payload;
  return {
    run: Number(run),
    job: Number(job),
    task: Number(task),
    claims: claims === undefined ? undefined : (claims as JobClaims),
  };
}

function readOrCreate(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const text = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, text, { mode: 0o600 });
    return text;
  }
}
