// Stands in for skopeo: finds the credentials of a registry.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Fatal } from "../errors.ts";
import type { Credentials, Repository } from "./registry.ts";

interface AuthFile {
  readonly auths?: Readonly<Record<string, { readonly auth?: string }>>;
}

/** Parses an option's `user:password`. The password defaults to an empty one. */
export function parseCredentials(text: string): Credentials {
  const at = text.indexOf(":");
  if (text === "" || at === 0) throw new Fatal("credentials can't be empty");
  return at === -1 ? { username: text, password: "" } : { username: text.slice(0, at), password: text.slice(at + 1) };
}

/** The auth.json files that a command reads. Reads each file once, because it may be a pipe such as `/dev/fd/63`. */
export class AuthFiles {
  readonly #environment: Readonly<Record<string, string | undefined>>;
  readonly #read = new Map<string, AuthFile>();

  constructor(environment: Readonly<Record<string, string | undefined>>) {
    this.#environment = environment;
  }

  /**
   * Credentials for the repository from the file `named`, `REGISTRY_AUTH_FILE`, or the default files. The longest matching
   * key applies: `host/team/app`, `host/team`, `host`.
   */
  credentials(repository: Repository, named: string | undefined): Credentials | null {
    const explicit = named ?? this.#environment["REGISTRY_AUTH_FILE"];
    if (explicit !== undefined && explicit !== "") {
      if (!existsSync(explicit)) {
        throw new Fatal(`credential file is not accessible: stat ${explicit}: no such file or directory`);
      }
      return lookUp(this.#file(explicit), repository);
    }
    for (const file of this.#usualPlaces()) {
      const found = existsSync(file) ? lookUp(this.#file(file), repository) : null;
      if (found !== null) return found;
    }
    return null;
  }

  #usualPlaces(): string[] {
    const { XDG_RUNTIME_DIR: runtime, HOME: home } = this.#environment;
    return [
      ...(runtime === undefined ? [] : [join(runtime, "containers", "auth.json")]),
      ...(home === undefined ? [] : [join(home, ".docker", "config.json")]),
    ];
  }

  #file(file: string): AuthFile {
    const known = this.#read.get(file);
    if (known !== undefined) return known;
    const content = readAuthFile(file);
    this.#read.set(file, content);
    return content;
  }
}

/** @throws Fatal if it cannot be read, or is empty: skopeo rejects that, too */
export function readAuthFile(file: string): AuthFile {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new Fatal(`open ${file}: ${(error as NodeJS.ErrnoException).code ?? "failed"}`);
  }
  try {
    return JSON.parse(text) as AuthFile;
  } catch {
    // Do not include the parser's error, which could show part of the file.
    throw new Fatal(`error reading JSON file ${JSON.stringify(file)}: it is not JSON`);
  }
}

function lookUp({ auths }: AuthFile, { host, path }: Repository): Credentials | null {
  const parts = [host, ...path.split("/")];
  for (let length = parts.length; length > 0; length -= 1) {
    const auth = auths?.[parts.slice(0, length).join("/")]?.auth;
    if (auth !== undefined) return parseCredentials(Buffer.from(auth, "base64").toString());
  }
  return null;
}
