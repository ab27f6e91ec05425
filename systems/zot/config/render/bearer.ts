import type { JsonObject } from "../../../../core/json.ts";
import { celAnyOf, celIsOneOf, celText } from "../syntax/cel.ts";

/** An account whose jobs push with their tokens: what zot requires of a token. */
export interface JobTokenLogin {
  /** What the user name of its jobs begins with. */
  readonly user: string;
  readonly group: string;
  /** What a job asks its token for. Each account has its own, so that a repository can push for several. */
  readonly audience: string;
  /** The users and organisations that own its repositories, in Forgejo's own spelling. */
  readonly owners: readonly string[];
  /** Full refs; `*` at the end stands for anything. */
  readonly refs: readonly string[];
  readonly events: readonly string[];
  /** Names of workflow files. Default: all. */
  readonly workflows?: readonly string[] | undefined;
}

/** Forgejo's tokens, and who may use them. */
export interface JobTokens {
  /** Forgejo's issuer, byte by byte as its discovery document has it. */
  readonly issuer: string;
  readonly accounts: readonly JobTokenLogin[];
}

/**
 * zot's `http.auth.bearer` for the tokens of Forgejo's jobs. It has no realm and no service: with them, zot would ask anonymous clients for a token that
 * nobody gives them. What changes often is not here, but in the policies, which zot reloads. The claims that a token cannot be trusted by are absent:
 * `sub` has another form in each version, `actor` is a person, and `ref_protected` is always false.
 */
export function renderBearer({ issuer, accounts }: JobTokens): JsonObject {
  return {
    oidc: accounts.map(({ user, group, audience, owners, refs, events, workflows }) => ({
      issuer,
      audiences: [audience],
      claimMapping: {
        validations: [
          { expression: celIsOneOf("claims.repository_owner", owners), message: "owner not allowed" },
          { expression: celAnyOf(refs.map(refMatches)), message: "ref not allowed" },
          { expression: celIsOneOf("claims.event_name", events), message: "event not allowed" },
          ...(workflows === undefined
            ? []
            : [{ expression: celIsOneOf("claims.workflow", workflows), message: "workflow not allowed" }]),
        ],
        username: `${celText(`${user}/`)} + claims.repository`,
        groups: `[${celText(group)}]`,
      },
    })),
  };
}

function refMatches(ref: string): string {
  return ref.endsWith("*") ? `claims.ref.startsWith(${celText(ref.slice(0, -1))})` : `claims.ref == ${celText(ref)}`;
}
