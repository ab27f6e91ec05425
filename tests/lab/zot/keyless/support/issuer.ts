// An issuer of ID tokens for the tests, with Forgejo's path, discovery document and claims. It also signs what Forgejo never would.
import { generateKeyPairSync } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { SignJWT } from "jose";
import type { Claims } from "../replay/recording.ts";
import { claimsOf } from "../replay/recording.ts";

export interface TokenIssuer {
  readonly issuer: string;
  /** How often the discovery document was requested. */
  readonly discoveries: number;
  /** A token as of a push to `main` of `acme/app`, for an hour, with changes. */
  token(changes?: Claims): Promise<string>;
  /** Makes a new key, which replaces the old one under the same id. */
  newKey(): void;
  /** A token signed with a key that is not the issuer's. */
  forge(): Promise<string>;
  /** Stops listening until `resume`. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  close(): Promise<void>;
}

const kid = "uo64N2koH9vpAezNDwX3_EJe61_9EkJugw9rT8j-PeQ";

function makeKey(): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
  return generateKeyPairSync("rsa", { modulusLength: 2048 });
}

/** Starts an issuer whose tokens are for the audience. */
export async function startIssuer(audience: string): Promise<TokenIssuer> {
  let key = makeKey();
  let discoveries = 0;
  const server = createServer((request, response) => {
    const answers = new Map<string, object>([
      [
        "/api/actions/.well-known/openid-configuration",
        { issuer, jwks_uri: `${issuer}/.well-known/keys`, id_token_signing_alg_values_supported: ["RS256"] },
      ],
      [
        "/api/actions/.well-known/keys",
        { keys: [{ ...key.publicKey.export({ format: "jwk" }), kid, use: "sig", alg: "RS256" }] },
      ],
    ]);
    const path = request.url ?? "";
    if (path.endsWith("/openid-configuration")) discoveries++;
    const answer = answers.get(path);
    response.writeHead(answer === undefined ? 404 : 200, { "Content-Type": "application/json" });
    response.end(JSON.stringify(answer ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${port}/api/actions`;
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  const sign = (changes: Claims, signer: KeyObject): Promise<string> => {
    const now = Math.floor(Date.now() / 1000);
    const times = { iat: now, nbf: now, exp: now + 3600 };
    const claims = { ...claimsOf("push"), iss: issuer, aud: audience, ...times, ...changes };
    return new SignJWT(claims).setProtectedHeader({ alg: "RS256", kid, typ: "JWT" }).sign(signer);
  };
  return {
    issuer,
    get discoveries() {
      return discoveries;
    },
    token: (changes = {}) => sign(changes, key.privateKey),
    newKey: () => {
      key = makeKey();
    },
    forge: () => sign({}, makeKey().privateKey),
    pause: stop,
    resume: () => new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve)),
    close: stop,
  };
}
