// Stands in for zot: authenticates workloads by the ID tokens of the issuers in `http.auth.bearer.oidc`.
import { readFileSync } from "node:fs";
import type { BearerConfig, BearerOidcConfig } from "../../config/bearer.ts";
import { acceptsTokens } from "../../config/bearer.ts";
import { goOpenError } from "../../config/error.ts";
import type { Log } from "../../server/log.ts";
import { BearerError } from "./bearerError.ts";
import type { Workload } from "./claims.ts";
import { ClaimProcessor } from "./claims.ts";
import { Issuer, IssuerError } from "./issuer.ts";

interface Provider {
  readonly issuer: Issuer;
  readonly claims: ClaimProcessor;
}

export class BearerAuthorizer {
  readonly #providers: readonly Provider[];
  readonly #log: Log;

  private constructor(providers: readonly Provider[], log: Log) {
    this.#providers = providers;
    this.#log = log;
  }

  /** Undefined if the configuration has no issuer with audiences. Throws a `BearerError` if one of its issuers is invalid. */
  static create(bearer: BearerConfig | undefined, log: Log): BearerAuthorizer | undefined {
    if (bearer === undefined || !acceptsTokens(bearer)) return undefined;
    const providers = bearer.oidc.map((config, index) => {
      try {
        return createProvider(config, log);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new BearerError(`invalid server config: failed to create OIDC bearer provider[${index}]: ${reason}`, {
          cause: error,
        });
      }
    });
    const issuers = bearer.oidc.map(({ issuer }) => issuer);
    log("info", "the OIDC workload identity authentication was enabled", { issuers });
    return new BearerAuthorizer(providers, log);
  }

  /** The workload that a token stands for, by the first issuer that accepts it. */
  async authenticate(token: string): Promise<Workload | undefined> {
    for (const provider of this.#providers) {
      const workload = await this.#ask(provider, token);
      if (workload !== undefined && workload.name !== "") return workload;
    }
    return undefined;
  }

  async #ask({ issuer, claims }: Provider, token: string): Promise<Workload | undefined> {
    let failure = "the OIDC token verification failed";
    try {
      const verified = await issuer.verify(token);
      failure = "the OIDC token claim processing failed";
      const workload = claims.process(verified);
      this.#log("debug", "the OIDC token was authenticated", { username: workload.name, groups: workload.groups });
      return workload;
    } catch (error) {
      const reason = { error: error instanceof Error ? error.message : String(error) };
      if (error instanceof IssuerError) this.#log("error", "failed to get OIDC token verifier", reason);
      else this.#log("debug", failure, reason);
      return undefined;
    }
  }
}

function createProvider(config: BearerOidcConfig, log: Log): Provider {
  if (config.issuer === "") throw new Error("invalid server config: issuer is required");
  const claims = createProcessor(config);
  const { certificateAuthority, certificateAuthorityFile } = config;
  if (certificateAuthority !== "" && certificateAuthorityFile !== "") {
    throw new Error("invalid server config: only one of certificateAuthority or certificateAuthorityFile can be set");
  }
  if (certificateAuthorityFile !== "") readAuthority(certificateAuthorityFile);
  if (certificateAuthority !== "" || certificateAuthorityFile !== "") {
    log("warn", "the lab's zot does not support certificate authorities of issuers, so it trusts the usual ones only");
  }
  return { claims, issuer: new Issuer(config.issuer, config.skipIssuerVerification) };
}

function createProcessor(config: BearerOidcConfig): ClaimProcessor {
  try {
    if (config.audiences.length === 0) throw new Error("at least one audience must be specified");
    return new ClaimProcessor(config);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`failed to create claim processor: ${reason}`, { cause: error });
  }
}

function readAuthority(file: string): void {
  try {
    readFileSync(file);
  } catch (error) {
    throw new Error(`failed to read certificate authority file: ${goOpenError(file, error)}`, { cause: error });
  }
}
