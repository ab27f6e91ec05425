import { ZotAuthError } from "../../core/errors.ts";
import { parseForgejoTarget } from "./target.ts";
import type { SecretReference } from "../../core/secrets/reference.ts";
import { pathOn } from "../../core/http/pathOn.ts";
import { unexpected } from "../../core/http/http.ts";
import { at, string } from "../../core/json.ts";
import type { HttpResponse, Endpoint } from "../../core/http/http.ts";

/** The target has another name now. */
export class TargetMoved extends ZotAuthError {
  /** As a setting names it; `undefined` if Forgejo's response cannot be parsed. */
  readonly newName: string | undefined;

  constructor(target: string, newName: string | undefined) {
    super(
      "FORGEJO_REPOSITORY_MOVED",
      `${target} has a new name on Forgejo: ${newName ?? "unknown"}. Set the new name wherever the settings use the old one: in forgejo.repositories, or in repositories of an account.`,
    );
    this.newName = newName;
  }
}

/** The error for a request that Forgejo rejected. */
export function refused(
  endpoint: Endpoint,
  token: SecretReference,
  request: { readonly target: string; readonly what: string },
  answer: HttpResponse,
): ZotAuthError {
  const { target, what } = request;
  const message = string(at(answer.json, "message"));
  switch (answer.status) {
    case 301:
    case 302:
    case 307:
    case 308:
      return new TargetMoved(target, movedTo(answer.header("location"), endpoint.url));
    case 401:
      return new ZotAuthError(
        "FORGEJO_TOKEN_REFUSED",
        `Forgejo rejects the token of forgejo.token (${token}). Create a new token and store it there.`,
      );
    case 403: {
      const scope = /required scope\(s\): \[([a-z:, ]+)\]/.exec(message)?.[1];
      if (scope !== undefined) {
        // Forgejo names only the scope for this request; later requests write.
        const wanted = scope.replaceAll("read:", "write:");
        return new ZotAuthError(
          "FORGEJO_SCOPE_MISSING",
          `The token of forgejo.token (${token}) has insufficient permissions to ${what} in ${target}: it must have the scope ${wanted}. Create a token with that scope and store it there.`,
        );
      }
      return new ZotAuthError(
        "FORGEJO_RIGHT_MISSING",
        `The user of the token of forgejo.token (${token}) has insufficient permissions to ${what} in ${target}: ${message}. It must be an owner; a collaborator with admin rights is not enough.`,
      );
    }
    case 404:
      return new ZotAuthError(
        "FORGEJO_REPOSITORY_UNKNOWN",
        `The ${kindOf(target)} "${target}" does not exist in Forgejo, or the token of forgejo.token has no access to it. Correct it wherever the settings name it (forgejo.repositories, or repositories of an account), or grant that token access.${kindOf(target) === "organisation" ? ` If it is a user, use user:${target}.` : ""}`,
      );
    case 423:
      return archived(target);
    default:
      return unexpected(endpoint, `${what} in ${target}`, answer);
  }
}

/** Whether an error is about one target alone, so that others may go well. */
export function isAboutTarget({ code }: ZotAuthError): boolean {
  return OF_TARGET.includes(code);
}

const OF_TARGET: readonly string[] = [
  "FORGEJO_REPOSITORY_MOVED",
  "FORGEJO_REPOSITORY_UNKNOWN",
  "FORGEJO_REPOSITORY_ARCHIVED",
  "FORGEJO_REPOSITORY_REPLACED",
  "FORGEJO_ACTIONS_DISABLED",
  "FORGEJO_RIGHT_MISSING",
  "FORGEJO_USER_OTHER",
  "FORGEJO_VARIABLE_TAKEN",
];

/** No workflow of an archived repository runs, so a secret there is useless. */
export function archived(target: string): ZotAuthError {
  return new ZotAuthError(
    "FORGEJO_REPOSITORY_ARCHIVED",
    `${target} is archived, so its workflows cannot run. Unarchive it, or remove it wherever the settings name it (forgejo.repositories, or repositories of an account).`,
  );
}

export function actionsDisabled(target: string): ZotAuthError {
  return new ZotAuthError(
    "FORGEJO_ACTIONS_DISABLED",
    `Actions are disabled in ${target}, so its workflows cannot run. Enable them in its settings (Units, Actions), or remove it wherever the settings name it (forgejo.repositories, or repositories of an account).`,
  );
}

/** `own/new` of `/api/v1/repos/own/new/actions/secrets/X`, which Forgejo returns without its origin. */
function movedTo(location: string | undefined, server: string): string | undefined {
  const path = location === undefined ? undefined : pathOn({ url: server }, location);
  const [, kind, first, second] = /^\/api\/v1\/(repos|orgs)\/([^/]+)(?:\/([^/]+))?/.exec(path ?? "") ?? [];
  const name = kind === "repos" ? `${first ?? ""}/${second ?? ""}` : first;
  return name !== undefined && parseForgejoTarget(name) !== undefined ? name : undefined;
}

function kindOf(target: string): string {
  return parseForgejoTarget(target)?.kind ?? "repository";
}
