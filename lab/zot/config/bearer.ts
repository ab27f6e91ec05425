// Stands in for zot: the part of its configuration for bearer tokens.
import type { Section } from "./schema.ts";
import { flag, list, section, sections, text } from "./values.ts";

export interface ClaimMappingConfig {
  readonly variables: readonly { readonly name: string; readonly expression: string }[];
  readonly validations: readonly { readonly expression: string; readonly message: string }[];
  /** Empty for the default. */
  readonly username: string;
  /** Empty for no groups. */
  readonly groups: string;
}

/** An issuer of ID tokens for workloads, such as CI jobs. */
export interface BearerOidcConfig {
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly claimMapping: ClaimMappingConfig;
  readonly certificateAuthority: string;
  readonly certificateAuthorityFile: string;
  readonly skipIssuerVerification: boolean;
}

export interface BearerConfig {
  readonly realm: string;
  readonly service: string;
  readonly cert: string;
  readonly oidc: readonly BearerOidcConfig[];
  readonly upstreamTokenEndpoint?: {
    readonly realm: string;
    readonly service: string;
    readonly allowInsecureHttp: boolean;
  };
}

export function toBearer(bearer: Section): BearerConfig {
  const upstream = section(bearer, "upstreamtokenendpoint");
  return {
    realm: text(bearer, "realm"),
    service: text(bearer, "service"),
    cert: text(bearer, "cert"),
    oidc: sections(bearer, "oidc").map(toOidc),
    ...(upstream === undefined
      ? {}
      : {
          upstreamTokenEndpoint: {
            realm: text(upstream, "realm"),
            service: text(upstream, "service"),
            allowInsecureHttp: flag(upstream, "allowinsecurehttp", false),
          },
        }),
  };
}

function toOidc(oidc: Section): BearerOidcConfig {
  const mapping = section(oidc, "claimmapping") ?? {};
  return {
    issuer: text(oidc, "issuer"),
    audiences: list(oidc, "audiences"),
    claimMapping: {
      variables: sections(mapping, "variables").map((variable) => ({
        name: text(variable, "name"),
        expression: text(variable, "expression"),
      })),
      validations: toConditions(mapping, "validations"),
      username: text(mapping, "username"),
      groups: text(mapping, "groups"),
    },
    certificateAuthority: text(oidc, "certificateauthority"),
    certificateAuthorityFile: text(oidc, "certificateauthorityfile"),
    skipIssuerVerification: flag(oidc, "skipissuerverification", false),
  };
}

/** A list of CEL expressions with the messages for when they do not hold. */
export function toConditions(
  parent: Section,
  key: string,
): readonly { readonly expression: string; readonly message: string }[] {
  return sections(parent, key).map((condition) => ({
    expression: text(condition, "expression"),
    message: text(condition, "message"),
  }));
}

/** Whether any issuer is complete. Without one, zot silently accepts no token. */
export function acceptsTokens({ oidc }: BearerConfig): boolean {
  return oidc.some(({ issuer, audiences }) => issuer !== "" && audiences.length > 0);
}

/** Whether zot counts bearer tokens as a way to authenticate. */
export function enablesBearer(bearer: BearerConfig | undefined): bearer is BearerConfig {
  if (bearer === undefined) return false;
  return acceptsTokens(bearer) || (bearer.cert !== "" && challengesBearer(bearer));
}

/** Whether zot tells clients to get a token. */
export function challengesBearer(bearer: BearerConfig | undefined): bearer is BearerConfig {
  return bearer !== undefined && bearer.realm !== "" && bearer.service !== "";
}
